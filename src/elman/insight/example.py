"""One input of a model, as everything here looks at it: what a model must give to be explained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from elman.insight.horizon import Answers
from elman.sequences import Ragged


@dataclass(frozen=True)
class Example:
    """One input, the answers that a model can give to it, and its losses.

    The model is looked at from the input of its recurrent layers on: from embedded tokens, or from
    the values themselves.

    Attributes:
        text: the input in words.
        steps: the names of the T steps: tokens, or values.
        inputs: [T, I] what the recurrent layers read.
        neutral: [I] a step that says nothing, to stand in the place of one that is hidden.
        others: [V, I] what could stand at a step as well.
        names: of the K answers.
        answers: of a batch of inputs the log-probabilities of the answers, [B, K]; differentiable.
        chosen: the number of the answer that is explained.
        losses: of an input [T, I] the losses whose gradient is taken apart, [M].
        at: [M] the step of each loss.
        loss: what the losses are, in words.
        written: for a model that writes, what each loss is of; the names of its steps when missing.
        calls: how many calls of recurrent layers read the input, the first ones; all when missing.
            Later ones write the answer, and are not drawn.
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

    @property
    def answer(self) -> str:
        """The name of the answer that is explained."""
        return self.names[self.chosen]

    @property
    def of_losses(self) -> tuple[str, ...]:
        """What each loss is of."""
        return self.written or tuple(self.steps[t] for t in self.at)

    def score(self, batch: Ragged) -> Tensor:
        """[B] the log-probability of the answer that is explained."""
        return self.answers(batch)[:, self.chosen]

    def run(self) -> Tensor:
        """[M] the losses of the input itself."""
        return self.losses(self.inputs)

    def ranked(self) -> list[tuple[str, float]]:
        """Every answer with its probability, the likeliest first."""
        with torch.no_grad():
            shares = self.answers(Ragged.from_list([self.inputs]))[0].exp().tolist()
        return sorted(zip(self.names, shares, strict=True), key=lambda pair: -pair[1])
