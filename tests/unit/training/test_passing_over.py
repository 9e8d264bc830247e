"""Batches whose loss or gradient is not finite: the run stops there, or passes them over."""

from __future__ import annotations

import math
from unittest import mock

import pytest
import torch

from elman.errors import DivergedError
from elman.training.bptt import Carried
from elman.training.loop import Step
from elman.training.share import WHOLE, Share
from elman.training.task import BatchLoss
from tests.loop_samples import Saves, Scripted
from tests.training_samples import language_model_task


class Poisoned(Scripted):
    """Its loss, gradient or weights are NaN in batches that are known beforehand.

    Args:
        batches: counted from 0 over all epochs.
        where: what is NaN in them.
    """

    def __init__(self, batches: set[int], where: str = "loss", epochs: int = 3):
        super().__init__([0.5] * epochs, batches=4)
        self.poisoned, self.where, self.seen = batches, where, 0

    def loss(self, epoch: int, batch: int, carried: Carried, share: Share = WHOLE) -> BatchLoss:
        outcome = super().loss(epoch, batch, carried)
        number = self.count * epoch + batch
        if number not in self.poisoned:
            return outcome
        self.seen += 1
        if self.where == "weights":
            self.model.weight.data.fill_(math.nan)
        if self.where == "gradient":
            outcome.mean.register_hook(lambda gradient: gradient * math.inf)
            return outcome
        return BatchLoss(outcome.mean * math.nan, outcome.count, outcome.steps)


WHERE = ["loss", "gradient"]


@pytest.mark.parametrize("where", [*WHERE, "weights"])
def test_a_divergence_stops_the_run_before_the_weights_are_touched(where: str) -> None:
    notes, task = Saves(), Poisoned({5}, where)
    with pytest.raises(DivergedError):
        notes.run(task, epochs=3)
    assert len(notes.steps) == 5
    assert [step for step, _, _ in notes.saves] == [4]


@pytest.mark.parametrize("where", WHERE)
def test_a_batch_that_diverges_is_passed_over_where_that_is_asked_for(where: str) -> None:
    notes, task = Saves(), Poisoned({1, 5, 6, 7, 10}, where)
    progress = notes.run(task, epochs=3, on_divergence="skip", patience=0)
    assert progress.step == len(notes.steps) == 12 - 5
    assert progress.plateau_factor == 1.0
    assert [line["passed_over"] for line in notes.lines] == [1, 3, 1]
    assert len(notes.warnings) == 5
    assert "epoch 2, batch 4 (nowhere)" in notes.warnings[3]
    assert [text.partition("passed over: ")[2][:8] for text in notes.warnings] == [
        "1 in a r", "1 in a r", "2 in a r", "3 in a r", "1 in a r",
    ]  # fmt: skip
    assert all(bool(torch.isfinite(weight).all()) for weight in task.model.parameters())


def test_the_weights_are_as_if_the_batch_had_not_been() -> None:
    task = Poisoned({3}, "gradient", epochs=1)
    before: list[float] = []

    class Looks(Saves):
        def step(self, step: Step) -> None:
            before.append(task.model.weight.item())

    Looks().run(task, epochs=1, on_divergence="skip")
    assert task.model.weight.item() == before[-1]
    assert len(before) == 3


def test_the_learning_rate_can_be_halved_each_time() -> None:
    task = Poisoned({1, 2, 6})
    notes = Saves()
    progress = notes.run(task, epochs=3, on_divergence="halve-lr", schedule="constant", patience=0)
    assert progress.plateau_factor == 1 / 8
    assert "the learning rate halved" in notes.warnings[0]
    rates = [line["learning_rate"] / 0.05 for line in notes.lines]
    assert rates == pytest.approx([1 / 4, 1 / 8, 1 / 8])


@pytest.mark.parametrize("policy", ["skip", "halve-lr"])
def test_more_than_three_in_a_row_are_too_many(policy: str) -> None:
    notes, task = Saves(), Poisoned({2, 3, 4, 5, 6})
    with pytest.raises(DivergedError):
        notes.run(task, epochs=3, on_divergence=policy)
    assert task.seen >= 4
    assert len(notes.warnings) == 3
    assert "3 in a row, of 3 at most" in notes.warnings[-1]
    assert len(notes.steps) == 2


def test_broken_weights_cannot_be_passed_over() -> None:
    notes = Saves()
    with pytest.raises(DivergedError, match="weight"):
        notes.run(Poisoned({5}, "weights"), epochs=3, on_divergence="skip")
    assert not notes.warnings


def test_a_state_that_is_not_finite_is_not_carried_on() -> None:
    """The next window of the text begins with zeros where the state is NaN."""
    task = language_model_task(on_divergence="skip", epochs=1)
    real = task.loss

    def loss(epoch: int, batch: int, carried: Carried, share: Share = WHOLE) -> BatchLoss:
        outcome = real(epoch, batch, carried, share)
        if batch != 1:
            return outcome
        spoilt = (outcome.carried[0] * math.nan, *outcome.carried[1:])
        return BatchLoss(outcome.mean * math.nan, outcome.count, outcome.steps, spoilt)

    notes = Saves()
    with mock.patch.object(task, "loss", loss):
        progress = notes.run(task, epochs=1, on_divergence="skip")
    assert progress.step == task.batches(0) - 1
    assert len(notes.warnings) == 1
