"""Arrays and options as layers of Keras have them."""

from __future__ import annotations

from typing import Any

import numpy as np

INPUTS, UNITS = 3, 2
GATES = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}


def arrays_of(
    name: str, *, inputs: int = INPUTS, bias: tuple[int, ...] | None = None, dtype: str = "float32"
) -> list[Any]:
    """Arrays whose numbers all differ."""
    rows = GATES[name] * UNITS
    shapes: list[tuple[int, ...]] = [(inputs, rows), (UNITS, rows)]
    shapes += [] if bias is None else [bias]
    draw = np.random.default_rng(0)
    return [draw.standard_normal(shape).astype(dtype) for shape in shapes]


def bidirectional(name: str, config: dict[str, Any], **backward: Any) -> dict[str, Any]:
    """The options of a Bidirectional, written as Keras writes them."""
    inner = {"module": "keras.layers", "class_name": name, "registered_name": None}
    return {
        "name": "bidirectional",
        "trainable": True,
        "dtype": {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}},
        "merge_mode": "concat",
        "layer": inner | {"config": config | {"go_backwards": False}},
        "backward_layer": inner | {"config": config | {"go_backwards": True} | backward},
    }


def bias_shape(name: str, config: dict[str, Any]) -> tuple[int, ...] | None:
    if not config.get("use_bias", True):
        return None
    rows = GATES[name] * UNITS
    return (2, rows) if name == "GRU" and config.get("reset_after", True) else (rows,)
