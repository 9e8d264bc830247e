"""A run of the reference kernel that keeps every quantity of every step by its name."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from elman.kernels import reference
from elman.kernels.contract import SequenceCall, SequenceResult
from elman.kernels.reference import Moment

BEFORE = "_before"
"""The ending of a part of the state that a step read."""

NEW = "_new"
"""The ending of a part of the state before zoneout mixed the old one into it."""


@dataclass(frozen=True)
class Record:
    """What one call computed.

    Attributes:
        call: the call.
        directions: for each direction every quantity by its name, [N, width] in packed order, in
            the order in which a step computes them: the parts of the state that it read (`h_before`
            and so on: after a reset the one that the reset put there), what the cell names, and
            the state that it left. With zoneout that is not what the cell computed, which then
            stands there as `h_new`.
    """

    call: SequenceCall
    directions: tuple[dict[str, Tensor], ...]


def run(call: SequenceCall) -> tuple[SequenceResult, Record]:
    """Run a call on the reference kernel, whatever kernel it would go to, and keep everything."""
    steps: list[dict[int, dict[str, Tensor]]] = [{} for _ in call.directions]

    def keep(direction: int, t: int, moment: Moment) -> None:
        mixed = bool(call.directions[direction].kept)
        steps[direction][t] = _named(call.cell.state_names, moment, mixed)

    result = reference.run(call, keep)
    return result, Record(call, tuple(_joined(each) for each in steps))


def _named(parts: tuple[str, ...], moment: Moment, mixed: bool) -> dict[str, Tensor]:
    """What stands in a step of a `Record`."""
    before = {part + BEFORE: old for part, old in zip(parts, moment.before, strict=True)}
    computed = {
        name + NEW if mixed and name in parts else name: value
        for name, value in moment.named.items()
    }
    return before | computed | dict(zip(parts, moment.after, strict=True))


def _joined(steps: dict[int, dict[str, Tensor]]) -> dict[str, Tensor]:
    """The steps in the order of time, [N, width] each."""
    return {name: torch.cat([steps[t][name] for t in sorted(steps)]) for name in steps[0]}
