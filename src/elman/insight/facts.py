"""An explanation as numbers for other programs."""

from __future__ import annotations

from typing import Any

from elman.insight.explain import Explanation
from elman.insight.jacobians import Highway
from elman.insight.terms import Block

MOST_ANSWERS = 10
MOST_SQUARES = 4096
"""Terms of a triangle; a larger one is left out, and its sums over the losses stand for it."""


def facts(found: Explanation) -> dict[str, Any]:
    """Everything but the gates and states, as JSON has it."""
    example, shares = found.example, found.attribution
    return {
        "text": example.text,
        "steps": list(example.steps),
        "answer": example.answer,
        "answers": dict(found.answers[:MOST_ANSWERS]),
        "attribution": {
            "score": shares.score,
            "neutral": shares.neutral,
            "integrated_gradients": shares.integrated.tolist(),
            "points": shares.points,
            "gap": shares.gap,
            "hidden": shares.hidden.tolist(),
            "hidden_together": shares.together,
        },
        "gradient": _gradient(found),
        "memory": _memory(found),
        "saturation": [
            {
                "place": one.place.name,
                "gate": one.gate,
                "share": one.share,
                "low": one.low.tolist(),
                "high": one.high.tolist(),
            }
            for one in found.saturation
        ],
        "dead_units": [
            {"place": one.place.name, "dead": one.dead, "units": one.units} for one in found.dead
        ],
        "decoder": _decoder(found),
        "advice": list(found.advice),
    }


def _gradient(found: Explanation) -> dict[str, Any] | None:
    terms = found.terms
    if not terms.losses.numel():
        return None
    cut = terms.truncation
    return {
        "loss": found.example.loss,
        "losses": terms.losses.tolist(),
        "at": terms.at.tolist(),
        "errors": terms.errors,
        "blocks": [_block(one) for one in terms.blocks],
        "truncation": cut
        and {
            "windows": cut.windows.tolist(),
            "dropped": cut.dropped.tolist(),
            "share_of_terms": cut.share.tolist(),
            "cosine": cut.cosine.tolist(),
        },
    }


def _block(block: Block) -> dict[str, Any]:
    return {
        "place": block.place.name,
        "weight": block.weight,
        "gate": block.gate,
        "sums": block.sums.tolist(),
        "terms": block.norms.tolist() if block.norms.numel() <= MOST_SQUARES else None,
    }


def _decoder(found: Explanation) -> dict[str, Any] | None:
    decoding, wrote = found.example.decoding, found.writing
    if decoding is None or wrote is None:
        return None
    return {
        "read": list(decoding.given),
        "written": list(found.example.written),
        "attention": None if decoding.attention is None else decoding.attention.tolist(),
        "grid": decoding.grid and list(decoding.grid),
        "blocks": [_block(one) for one in wrote.blocks],
    }


def _memory(found: Explanation) -> dict[str, Any] | None:
    seen = found.behaviour
    if seen is None:
        return None
    return {
        "behaviour": {
            "lags": seen.lags.tolist(),
            "changed": seen.changed.tolist(),
            "hidden": seen.hidden.tolist(),
            "horizon": seen.horizon,
            "hidden_horizon": seen.hidden_horizon,
            "noticed": seen.noticed,
        },
        "directions": [
            {
                "place": one.place.name,
                "gradient_shares": fading.shares.tolist(),
                "gradient_horizon": fading.horizon,
                "lags": one.lags.tolist(),
                "norms": one.norms.tolist(),
                "factor": one.factor,
                "bound": None if one.bound is None else one.bound.tolist(),
                "highway": one.highway and _highway(one.highway),
            }
            for one, fading in zip(found.jacobians, found.fading, strict=True)
        ],
    }


def _highway(found: Highway) -> dict[str, Any]:
    return {
        "part": found.part,
        "gate": found.gate,
        "whole": found.whole.tolist(),
        "highway": found.past.tolist(),
        "through_weights": found.through.tolist(),
    }
