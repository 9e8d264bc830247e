"""A share of a batch: for batches that are computed in pieces, or by several processes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from torch import Tensor

Item = TypeVar("Item")


@dataclass(frozen=True)
class Share:
    """Every `of`-th sequence of a batch, from number `index` on.

    A batch is ordered by length, so that all of its shares are about as long.

    Example:
        >>> Share(1, 3).part("abcdefg")
        'be'
        >>> Share(1, 3).split(0, 2).part("abcdefg"), Share(1, 3).split(1, 2).part("abcdefg")
        ('b', 'e')
    """

    index: int = 0
    of: int = 1

    def part(self, items: Sequence[Item]) -> Sequence[Item]:
        """Its items of all."""
        return items[self.index :: self.of]

    def columns(self, state: Tensor) -> Tensor:
        """Its part of a carried state [layers, sequences, width]; a view."""
        return state[:, self.index :: self.of]

    def split(self, index: int, of: int) -> Share:
        """A share of this share."""
        return Share(self.index + self.of * index, self.of * of)


WHOLE = Share()
