"""Backpropagation through time over a stream of tokens, full or truncated.

Truncated BPTT(k1, k2) (Williams, Peng, 1990, Neural Computation 2(4)): an update every k1 steps,
whose gradient flows back k2 ≥ k1 steps. The state is carried from window to window and detached
where the gradient stops.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from elman.models.language_model import LanguageModel
from elman.sequences import Ragged
from elman.training.share import Share

Carried = tuple[Tensor, ...]


@dataclass(frozen=True)
class WindowLoss:
    """What one window of a stream gives.

    Attributes:
        losses: [n] the loss in nats of each of the window's tokens, column after column.
        carried: the detached state from which the next window starts.
        lengths: [C] how many of the losses belong to each column.
    """

    losses: Tensor
    carried: Carried
    lengths: Tensor


class Stream:
    """Columns of running text, read side by side in windows.

    Args:
        columns: each a sequence of token numbers; every token but a column's first is predicted
            from those before it. Their lengths may differ: nothing is padded, nothing is dropped.
        k1: steps between updates.
        k2: steps that the gradient flows back, at least k1.
    """

    def __init__(self, columns: Sequence[Sequence[int] | Tensor], k1: int, k2: int) -> None:
        self.columns = [torch.as_tensor(column, dtype=torch.int64) for column in columns]
        self.k1 = k1
        self.k2 = k2

    @classmethod
    def of_text(cls, tokens: Sequence[int], columns: int, k1: int, k2: int) -> Stream:
        """Cut one running text into columns whose lengths differ by 1 at most.

        Each column begins with the last token of the one before it, so that every token but the
        very first is predicted once.
        """
        predicted = len(tokens) - 1
        columns = max(1, min(columns, predicted))
        edges = [predicted * column // columns for column in range(columns + 1)]
        pairs = itertools.pairwise(edges)
        return cls([tokens[start : end + 1] for start, end in pairs], k1, k2)

    def part(self, share: Share) -> Stream:
        """A share of its columns, in the same windows."""
        return Stream(share.part(self.columns), self.k1, self.k2)

    def __len__(self) -> int:
        """Number of windows."""
        longest = max(len(column) - 1 for column in self.columns)
        return -(-longest // self.k1)

    def loss(self, model: LanguageModel, window: int, carried: Carried) -> WindowLoss:
        """The losses of one window's tokens.

        Args:
            model: the language model.
            window: its number, from 0.
            carried: of the window before; empty at the first.
        """
        start, end = self.k1 * window, self.k1 * (window + 1)
        context, next_context = max(0, end - self.k2), max(0, end + self.k1 - self.k2)
        # The gradient reaches back to `context`. The next window's begins at `next_context`, so
        # the steps are run in two pieces, and the state between them is what is carried over.
        scores, state = model(self._inputs(context, next_context), carried or None)
        pieces = [(self._inputs(context, next_context), scores)]
        if next_context < end:
            late = self._inputs(next_context, end)
            pieces.append((late, model(late, state)[0]))
        columns = [piece.with_values(scores).to_list() for piece, scores in pieces]
        skip = start - context
        kept = [torch.cat(parts)[skip:] for parts in zip(*columns, strict=True)]
        targets = [column[start + 1 : end + 1] for column in self.columns]
        losses = torch.nn.functional.cross_entropy(
            torch.cat(kept), torch.cat(targets), reduction="none"
        )
        lengths = torch.tensor([len(target) for target in targets])
        return WindowLoss(losses, tuple(part.detach() for part in state), lengths)

    def _inputs(self, start: int, end: int) -> Ragged:
        """The tokens at steps start to end - 1 of each column that is still running."""
        return Ragged.from_list([column[:-1][start:end] for column in self.columns])
