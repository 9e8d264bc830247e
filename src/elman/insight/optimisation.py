"""How a run was optimised, from what it wrote down: norms of the gradient, and clipping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elman.training.saved_run import SavedRun


@dataclass(frozen=True)
class Optimisation:
    """The gradients of a run, evaluation by evaluation.

    Attributes:
        updates: done by each evaluation.
        norms: the mean norm of all gradients together before clipping, since the evaluation before.
        clipped: the share of updates whose gradient was clipped.
        clip: what was clipped: "norm", "value" or "none".
        clip_at: the largest norm, or value, that was let through.
        window: how many steps the gradient flowed back in training; 0 for all.
        left: the mean norm that clipping left, since the evaluation before; None where the run did
            not write it down.
    """

    updates: tuple[int, ...]
    norms: tuple[float, ...]
    clipped: tuple[float, ...]
    clip: str
    clip_at: float
    window: int
    left: tuple[float | None, ...] = ()


def optimisation(run: SavedRun) -> Optimisation | None:
    """What a run tells; None before the first evaluation."""
    lines, config = run.metric_lines(), run.training()["config"]
    return _told(lines, config) if lines else None


def _told(lines: Sequence[Mapping[str, Any]], config: Mapping[str, Any]) -> Optimisation:
    return Optimisation(
        tuple(int(line["step"]) for line in lines),
        tuple(float(line["gradient_norm"]) for line in lines),
        tuple(float(line["clipped_share"]) for line in lines),
        str(config.get("clip", "norm")),
        float(config.get("clip_at", 1.0)),
        int(config.get("bptt_window") or config.get("bptt_steps") or 0),
        tuple(line.get("gradient_norm_left") for line in lines),
    )
