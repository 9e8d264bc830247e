"""A network worked through, as numbers for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from elman.insight.unroll.expression import symbols
from elman.insight.unroll.network import Unrolled
from elman.insight.unroll.sheet import Part


def facts(unrolled: Unrolled) -> dict[str, Any]:
    """Everything, in full precision, as JSON has it; vectors and matrices as rows of columns."""
    return {
        "cell": unrolled.kind,
        "parameters": unrolled.parameters,
        "weights": {name: weight.tolist() for name, weight in unrolled.weights.items()},
        "inputs": [x.flatten().tolist() for x in unrolled.inputs],
        "target": unrolled.target,
        "forward": _parts(unrolled.forward),
        "output": unrolled.prediction,
        "loss": unrolled.loss,
        "backward": _parts(unrolled.backward),
        "gradients": {name: value.tolist() for name, value in unrolled.gradients.items()},
        "difference": {
            "reference kernel": unrolled.forward_difference,
            "autograd": unrolled.backward_difference,
        },
    }


def _parts(parts: Sequence[Part]) -> list[dict[str, Any]]:
    return [
        {
            "part": part.title,
            "equations": [
                {
                    "name": one.symbol,
                    "words": one.words,
                    "formula": symbols(one.formula),
                    "value": one.formula.value.tolist(),
                }
                for one in part.equations
            ],
        }
        for part in parts
    ]
