"""How often each key of a piano is down: the cheap rivals of a model of piano rolls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import torch
from torch import Tensor


class KeyFrequencies:
    """Each key by itself: p(down) = (times down + 1) / (steps + 2), whatever came before."""

    def fit(self, rolls: Sequence[Tensor]) -> Self:
        """Count the keys of rolls [T, K] after their first steps, which nobody foretells."""
        foretold = torch.cat([roll[1:] for roll in rolls]).double()
        self._down = (foretold.sum(0) + 1) / (len(foretold) + 2)
        return self

    def losses(self, roll: Tensor) -> Tensor:
        """[T - 1] the loss of each step after the first, in nats, summed over the keys."""
        return _losses(self._down.expand(len(roll) - 1, -1), roll[1:])


class KeyTransitions:
    """Each key by itself, given what it was a step before, counted in the same way."""

    def fit(self, rolls: Sequence[Tensor]) -> Self:
        """Count the keys of rolls [T, K] after being up and after being down."""
        before = torch.cat([roll[:-1] for roll in rolls]).double()
        after = torch.cat([roll[1:] for roll in rolls]).double()
        self._after_up = (((1 - before) * after).sum(0) + 1) / ((1 - before).sum(0) + 2)
        self._after_down = ((before * after).sum(0) + 1) / (before.sum(0) + 2)
        return self

    def losses(self, roll: Tensor) -> Tensor:
        """[T - 1] the loss of each step after the first, in nats, summed over the keys."""
        down = torch.where(roll[:-1] > 0, self._after_down, self._after_up)
        return _losses(down, roll[1:])


def _losses(down: Tensor, frames: Tensor) -> Tensor:
    return -torch.where(frames > 0, down, 1 - down).log().sum(1)
