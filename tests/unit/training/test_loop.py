"""The loop: what it saves, when it ends, and what it leaves as it was."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pytest
import torch

from elman.errors import DivergedError
from elman.training.bptt import Carried
from elman.training.checkpoint import Progress
from elman.training.loop import Loop, Step, evaluate
from elman.training.optim import make_optimizer
from elman.training.seeds import step_seed
from elman.training.share import WHOLE, Share
from elman.training.stop import StopRequest
from elman.training.task import BatchLoss
from tests.loop_samples import Saves, Scripted
from tests.training_samples import (
    Notes,
    language_model_task,
    many_to_one_config,
    many_to_one_task,
)


def nothing() -> None:
    return None


class Rates(Notes):
    """Writes down the optimiser's rate after each update."""

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        super().__init__()
        self.optimizer = optimizer
        self.heard: list[float] = []

    def step(self, step: Step) -> None:
        self.heard.append(self.optimizer.param_groups[0]["lr"])


@pytest.mark.parametrize(
    ("values", "higher", "bests"),
    [
        ([0.5, 0.7, 0.6, 0.7, 0.8], True, [True, True, False, False, True]),
        ([0.5, 0.7, 0.4, 0.4, 0.3], False, [True, False, True, False, True]),
        ([1e300, 9.0, 8.0, 8.5, 8.1], False, [True, True, True, False, False]),
    ],
)
def test_the_best_is_by_the_metric_and_an_equal_one_is_no_better(
    values: list[float], higher: bool, bests: list[bool]
) -> None:
    notes = Saves()
    progress = notes.run(Scripted(values, higher), epochs=5, patience=0)
    assert notes.bests == bests
    assert [best for _, best, _ in notes.saves] == bests
    assert progress.best_step == 2 * (5 - bests[::-1].index(True))
    assert progress.best_value == (max(values) if higher else min(values))
    assert [line["validation"] for line in notes.lines] == [{"worth": value} for value in values]
    assert {line["validation_loss"] for line in notes.lines} == {0.5}


@pytest.mark.parametrize(("patience", "epochs"), [(1, 3), (2, 4), (3, 8), (7, 9), (0, 9)])
def test_it_stops_early_after_so_many_epochs_without_improvement(
    patience: int, epochs: int
) -> None:
    notes = Saves()
    values = [0.1, 0.2, 0.1, 0.2, 0.3, 0.1, 0.1, 0.1, 0.1]
    progress = notes.run(Scripted(values), epochs=9, patience=patience)
    assert progress.done
    assert progress.epoch == len(notes.lines) == len(notes.saves) == epochs


def test_the_model_trains_in_training_mode_and_is_measured_in_the_other() -> None:
    task = Scripted([0.1, 0.2])
    Saves().run(task, epochs=2)
    assert task.batch_modes == [True] * 4
    assert task.modes == [False] * 2
    assert task.model.training


@pytest.mark.parametrize("training", [True, False])
def test_evaluation_leaves_the_mode_as_it_was(training: bool) -> None:
    task: Any = Scripted([0.1, 0.2])
    task.model.train(training)
    evaluate(task, "test", nothing)
    assert task.modes == [False]
    assert task.model.training is training

    def broken(part: str, check: Any) -> Mapping[str, float]:
        raise KeyboardInterrupt

    task.evaluate = broken
    with pytest.raises(KeyboardInterrupt):
        evaluate(task, "test", nothing)
    assert task.model.training is training


@pytest.mark.parametrize("make", [many_to_one_task, language_model_task])
def test_evaluation_draws_nothing_and_changes_nothing(make: Any) -> None:
    task = make(dropout=0.7)
    before = {name: value.clone() for name, value in task.model.state_dict().items()}
    torch.manual_seed(1)
    first = evaluate(task, "test", nothing)
    number = torch.rand(())
    torch.manual_seed(1)
    assert torch.equal(torch.rand(()), number)
    assert evaluate(task, "test", nothing) == first
    assert all(torch.equal(value, before[name]) for name, value in task.model.state_dict().items())
    assert all(weight.grad is None for weight in task.model.parameters())


def test_lines_hold_the_means_of_their_epoch_alone() -> None:
    task = Scripted([0.1, 0.2], batches=3)
    notes = Saves()
    notes.run(task, epochs=2, clip_at=0.01, schedule="constant", learning_rate=1e-9)
    loss = float(task.model(torch.ones(1, 1)).detach()) ** 2
    for epoch, line in enumerate(notes.lines):
        assert line["step"] == 3 * (epoch + 1)
        assert line["epoch"] == epoch + 1
        assert line["train_loss"] == pytest.approx(loss + epoch, 1e-4)
        assert line["clipped_share"] == 1.0
        norm = sum(step.gradient_norm for step in notes.steps[3 * epoch : 3 * epoch + 3]) / 3
        assert line["gradient_norm"] == pytest.approx(norm)
        assert line["gradient_norm_left"] == pytest.approx(0.01)
        assert line["learning_rate"] == 1e-9
        assert line["tokens_per_second"] > 0
    assert [step.done for step in notes.steps] == [1, 2, 3, 4, 5, 6]
    assert {step.total for step in notes.steps} == {6}
    assert notes.lines[1]["seconds"] > notes.lines[0]["seconds"] > 0


def test_the_training_loss_of_an_epoch_weighs_every_example_alike() -> None:
    task = many_to_one_task(learning_rate=1e-12, dropout=0.0)
    notes = Saves()
    notes.run(task, epochs=1, learning_rate=1e-12, weight_decay=0.0)
    assert notes.lines[0]["train_loss"] == pytest.approx(
        evaluate(task, "train", nothing)["loss"], 1e-5
    )


def test_the_schedule_reaches_the_optimiser() -> None:
    task: Any = Scripted([0.1] * 5, batches=2)
    config = many_to_one_config(epochs=5, schedule="cosine", learning_rate=0.1, patience=0)
    rates = Rates(make_optimizer(task.model, config))
    loop = Loop(
        task, config, rates.optimizer, Progress(), lambda *_: None, rates, StopRequest()
    )  # fmt: skip
    loop.run(())
    wanted = [0.05 * (1 + math.cos(math.pi * step / 10)) for step in range(10)]
    assert rates.heard == pytest.approx(wanted)


def test_plateau_lowers_the_rate_of_later_epochs() -> None:
    notes = Saves()
    notes.run(
        Scripted([0.5, 0.4, 0.4, 0.4, 0.4, 0.4]),
        epochs=6, schedule="plateau", learning_rate=0.1, patience=0,
    )  # fmt: skip
    rates = [line["learning_rate"] for line in notes.lines]
    assert rates == pytest.approx([0.1, 0.1, 0.1, 0.05, 0.05, 0.025])


@pytest.mark.parametrize("seconds", [0.0, 1e9])
def test_checkpoints_on_the_way_are_not_the_best_and_bring_no_line(seconds: float) -> None:
    notes = Saves()
    notes.run(Scripted([0.1, 0.2], batches=2), epochs=2, checkpoint_seconds=seconds)
    on_the_way = [(step, False, False) for step in (1, 2)] if seconds == 0 else []
    later = [(step, False, False) for step in (3, 4)] if seconds == 0 else []
    assert notes.saves == [*on_the_way, (2, True, True), *later, (4, True, True)]


# --- the randomness of an update


def test_seeds_of_updates_are_distinct_where_torch_reads_them() -> None:
    """Torch's generator on the CPU reads the lower 32 bits of a seed and no others."""
    seeds = {step_seed(seed, step) % 2**32 for seed in range(60) for step in range(200)}
    assert len(seeds) == 60 * 200
    far = [0, 1, 2**31, 2**32, 2**32 + 1, 2**62, 2**63 - 1]
    assert len({step_seed(seed, 0) % 2**32 for seed in far}) == len(far)
    draws = set()
    for seed in range(20):
        for step in range(20):
            torch.manual_seed(step_seed(seed, step))
            draws.add(float(torch.rand((), dtype=torch.float64)))
    assert len(draws) == 400


def test_seeds_of_neighbours_are_unlike() -> None:
    bits = [
        (step_seed(seed, step) ^ step_seed(seed + one, step + 1 - one)).bit_count()
        for seed in range(20)
        for step in range(20)
        for one in (0, 1)
    ]
    assert 15 < sum(bits) / len(bits) < 17  # of 32


def test_the_seed_of_an_update_is_pinned() -> None:
    """Another mix would break the resumption of every run that was begun before."""
    assert [step_seed(0, 0), step_seed(0, 1), step_seed(1, 0)] == [
        2802244911, 714667265, 1581361928,
    ]  # fmt: skip


def test_an_update_draws_by_its_number_whatever_was_drawn_before() -> None:
    first, second = Scripted([0.1, 0.2]), Scripted([0.1, 0.2])
    torch.manual_seed(0)
    Saves().run(first, epochs=2)
    torch.manual_seed(9)
    Saves().run(second, epochs=2)
    assert first.drawn == second.drawn
    assert len(set(first.drawn)) == 4
    other = Scripted([0.1, 0.2])
    Saves().run(other, epochs=2, seed=1)
    assert not set(first.drawn) & set(other.drawn)


# --- divergence


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_ends_the_run_before_the_weights_are_touched(
    value: float,
) -> None:
    task, progress = Scripted([0.1, 0.2], batches=3), Progress()
    loss = task.loss

    def broken(epoch: int, batch: int, carried: Carried, share: Share = WHOLE) -> BatchLoss:
        outcome = loss(epoch, batch, carried)
        return BatchLoss(outcome.mean * (value if batch == 1 else 1.0), 1, 1)

    task.loss = broken  # type: ignore[method-assign]
    notes = Saves()
    with pytest.raises(DivergedError) as caught:
        notes.run(task, progress)
    assert caught.value.where.startswith("epoch 1, batch 2 (nowhere)")
    assert progress.step == 1
    assert all(bool(weight.isfinite().all()) for weight in task.model.parameters())
    assert notes.saves == []


def test_a_gradient_that_is_not_finite_ends_it_as_well() -> None:
    task, progress = Scripted([0.1, 0.2]), Progress()
    weights = task.model.weight.detach().clone()

    def steep(epoch: int, batch: int, carried: Carried, share: Share = WHOLE) -> BatchLoss:
        root = (task.model(torch.ones(1, 1)) * 0).sum().sqrt()  # 0, with an infinite gradient
        return BatchLoss(root, 1, 1)

    task.loss = steep  # type: ignore[method-assign]
    with pytest.raises(DivergedError, match="gradient"):
        Saves().run(task, progress)
    assert progress.step == 0
    assert torch.equal(task.model.weight, weights)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_metric_that_is_not_finite_chooses_nothing(value: float) -> None:
    notes = Saves()
    with pytest.raises(DivergedError, match="worth of the validation part"):
        notes.run(Scripted([0.1, value]), epochs=2)
    assert notes.saves == [(2, True, True)]
