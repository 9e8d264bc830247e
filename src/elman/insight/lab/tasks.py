"""Tasks whose answers depend on what was read so many steps ago: the lag is theirs to set.

recall     the first symbol of a sequence of random ones, asked for at its end
copy       three symbols, then blanks and a mark; after the mark the three again, one a step
adding     random numbers, of which the first and the last are marked; at the end their sum

Sources: Hochreiter, Schmidhuber (1997), "Long short-term memory", experiments 2 and 4 (recall and
adding); copy: Arjovsky, Shah, Bengio (2016), arXiv:1511.06464, section 4.1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from elman.sequences import Ragged

SYMBOLS = 4
COPIED = 3
CLOSE = 0.1
"""How near to the sum an answer must be to count as right, where the sum lies between 0 and 2."""


@dataclass(frozen=True)
class Batch:
    """Sequences with their questions.

    Attributes:
        inputs: values [N, I].
        at: [M] the places among the N steps where answers are due.
        targets: [M] the right answers: classes (int64), or numbers.
        lags: [M] how many steps ago stood what each of them depends on.
    """

    inputs: Ragged
    at: Tensor
    targets: Tensor
    lags: Tensor


@dataclass(frozen=True)
class Task:
    """A task.

    Attributes:
        width: I, of each step's input.
        answers: how many classes an answer has; 1 for a number.
        chance: the share of right answers of the best one who remembers nothing.
        draw: makes a batch, given the lag of each sequence [B] (1 or more) and a generator.
    """

    width: int
    answers: int
    chance: float
    draw: Callable[[Tensor, torch.Generator], Batch]


def _recall(lags: Tensor, draw: torch.Generator) -> Batch:
    lengths = lags + 1
    ends = lengths.cumsum(0)
    symbols = torch.randint(SYMBOLS, (int(ends[-1]),), generator=draw)
    inputs = Ragged(one_hot(symbols, SYMBOLS).float(), lengths)
    return Batch(inputs, ends - 1, symbols[ends - lengths], lags)


def _copy(lags: Tensor, draw: torch.Generator) -> Batch:
    blank, mark = SYMBOLS, SYMBOLS + 1
    lengths = lags + 2 * COPIED - 1
    ends = lengths.cumsum(0)
    places = torch.arange(COPIED)
    targets = torch.randint(SYMBOLS, (len(lags), COPIED), generator=draw)
    symbols = torch.full((int(ends[-1]),), blank)
    symbols[(ends - lengths)[:, None] + places] = targets
    at = ends[:, None] - COPIED + places
    symbols[at[:, 0]] = mark
    inputs = Ragged(one_hot(symbols, SYMBOLS + 2).float(), lengths)
    return Batch(
        inputs, at.flatten(), targets.flatten(), (lags + COPIED - 1).repeat_interleave(COPIED)
    )


def _adding(lags: Tensor, draw: torch.Generator) -> Batch:
    lengths = lags + 1
    ends = lengths.cumsum(0)
    numbers = torch.rand(int(ends[-1]), generator=draw)
    marks = torch.zeros_like(numbers)
    marks[ends - 1] = marks[ends - lengths] = 1
    inputs = Ragged(torch.stack([numbers, marks], 1), lengths)
    return Batch(inputs, ends - 1, numbers[ends - 1] + numbers[ends - lengths], lags)


TASKS: dict[str, Task] = {
    "recall": Task(SYMBOLS, SYMBOLS, 1 / SYMBOLS, _recall),
    "copy": Task(SYMBOLS + 2, SYMBOLS, 1 / SYMBOLS, _copy),
    # Of a sum that is spread as a triangle over 0 to 2, 0.19 lies within 0.1 of the middle.
    "adding": Task(2, 1, 1 - (1 - CLOSE) ** 2, _adding),
}


def mixed_lags(count: int, longest: int, draw: torch.Generator) -> Tensor:
    """Lags from 1 to the longest, [count], as many between 1 and 2 as between 50 and 100."""
    shares = torch.rand(count, generator=draw)
    return ((longest + 1) ** shares).long().clamp(1, longest)
