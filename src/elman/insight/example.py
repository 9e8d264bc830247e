"""One input of a model, as everything here looks at it: what a model must give to be explained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from elman.insight.horizon import Answers
from elman.insight.scale import LABELS, Scale
from elman.pages.matrix import Axis
from elman.sequences import Ragged


@dataclass(frozen=True)
class Seen:
    """The input as a picture.

    Attributes:
        title: what it is.
        values: [R, C] an image, frames over time, or with R = 1 a series.
        rows: what the rows are.
        columns: what the columns are.
    """

    title: str
    values: Tensor
    rows: Axis
    columns: Axis


@dataclass(frozen=True)
class Decoding:
    """How the half of a model that writes went over the text that it wrote.

    Attributes:
        given: the M tokens that it read, one behind what it wrote.
        layers: how many recurrent layers it has.
        attention: [M, S] what it attended to at each step, each row adding up to 1: of the S steps
            of the input, or places of the image; None without attention.
        grid: rows and columns of the places, where they are an image's.
    """

    given: tuple[str, ...]
    layers: int
    attention: Tensor | None = None
    grid: tuple[int, int] | None = None


@dataclass(frozen=True)
class Example:
    """One input, the answers that a model can give to it, and its losses.

    A model that reads steps is looked at from the input of its recurrent layers on: from embedded
    tokens, or from the values themselves. A vector is a step for each of its numbers, an image one
    for each of its patches.

    Attributes:
        text: the input in words.
        steps: the names of the T steps: tokens, or values.
        inputs: [T, I] what the recurrent layers read.
        neutral: [I] a step that says nothing, to stand in the place of one that is hidden; [T, I]
            where that is different for each step.
        others: [V, I] what could stand at a step as well.
        names: of the K answers.
        answers: of a batch of inputs the answers, [B, K], as the scale says; differentiable.
        chosen: the number of the answer that is explained.
        losses: of an input [T, I] the losses whose gradient is taken apart, [M].
        at: [M] the step of each loss in its call; of the decoder's where nothing recurrent reads.
            None at all in a model without recurrent layers.
        loss: what the losses are, in words.
        written: for a model that writes, what each loss is of; the names of its steps when missing.
        calls: how many calls of recurrent layers read the input, the first ones; all when missing.
            Later ones write the answer. 0 where the input is no sequence.
        scale: what the answers are.
        step: what a step is called.
        seen: the input as a picture, where there is one.
        grid: rows and columns of the steps, where they are the patches of an image.
        decoding: how the answer was written, where it was.
    """

    text: str
    steps: tuple[str, ...]
    inputs: Tensor
    neutral: Tensor
    others: Tensor
    names: tuple[str, ...]
    answers: Answers
    chosen: int
    losses: Callable[[Tensor], Tensor]
    at: tuple[int, ...]
    loss: str
    written: tuple[str, ...] = ()
    calls: int | None = None
    scale: Scale = LABELS
    step: str = "step"
    seen: Seen | None = None
    grid: tuple[int, int] | None = None
    decoding: Decoding | None = None

    @property
    def answer(self) -> str:
        """The name of the answer that is explained."""
        return self.names[self.chosen]

    @property
    def of_losses(self) -> tuple[str, ...]:
        """What each loss is of."""
        return self.written or tuple(self.steps[t] for t in self.at)

    def score(self, batch: Ragged) -> Tensor:
        """[B] the answer that is explained, as the scale says: its log-probability, or a number."""
        return self.answers(batch)[:, self.chosen]

    def moved(self, found: Tensor, before: Tensor) -> Tensor:
        """[...] how far answers [..., K] are from what they were [K]."""
        return self.scale.moved(found, before, self.chosen)

    def run(self) -> Tensor:
        """[M] the losses of the input itself."""
        return self.losses(self.inputs)

    def ranked(self) -> list[tuple[str, float]]:
        """Every answer as it is told: by its probability, the likeliest first; numbers in order."""
        with torch.no_grad():
            found = self.scale.values(self.answers(Ragged.from_list([self.inputs]))[0]).tolist()
        pairs = list(zip(self.names, found, strict=True))
        return sorted(pairs, key=lambda pair: -pair[1]) if self.scale.ranks else pairs
