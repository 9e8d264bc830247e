"""The estimate of the memory that a run takes, and the warning where there is less."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest
import torch

from elman.training import memory
from elman.training.optim import make_optimizer
from tests.training_samples import AnyTask, language_model_task, many_to_one_task

TASKS: dict[str, Callable[..., AnyTask]] = {
    "labels": many_to_one_task,
    "windows": language_model_task,
    "documents": lambda **options: language_model_task(bptt_steps=0, bptt_window=None, **options),
}


def estimate(task: AnyTask) -> int:
    return memory.needed(task, make_optimizer(task.model, task.config))


@pytest.mark.parametrize("name", TASKS)
def test_more_of_everything_takes_more(name: str) -> None:
    make = TASKS[name]
    least = estimate(make())
    wide = {"hidden_size": 64, "embedding_size": 64}
    assert estimate(make(num_layers=2)) > least
    assert estimate(make(**wide)) > 4 * least
    assert estimate(make(batch_size=1)) < least
    plain = {"optimizer": "sgd", "momentum": 0.0}
    weights = 4 * sum(weight.numel() for weight in make(**wide).model.parameters())
    assert estimate(make(**wide)) - estimate(make(**wide, **plain)) == 2 * weights


def test_what_is_kept_for_the_backward_pass_is_most_of_it() -> None:
    """A layer's input, gates and states of every step stand in the estimate, and not much more."""
    task = many_to_one_task(hidden_size=64, batch_size=14, optimizer="sgd", momentum=0.0)
    weights = 8 * sum(weight.numel() for weight in task.model.parameters())
    steps = task.loss(0, 0, ()).steps
    kept = estimate(task) - weights
    a_step = 4 * 2 * 64  # bytes of one quantity of a step, in two directions
    assert 2 * a_step * steps < kept < 40 * a_step * steps


@pytest.mark.parametrize("name", TASKS)
def test_looking_changes_nothing(name: str) -> None:
    task = TASKS[name](dropout=0.5)
    before = {key: value.clone() for key, value in task.model.state_dict().items()}
    estimate(task)
    assert all(torch.equal(before[key], value) for key, value in task.model.state_dict().items())
    assert all(weight.grad is None for weight in task.model.parameters())


def test_the_warning_names_both_numbers() -> None:
    task = many_to_one_task()
    optimizer = make_optimizer(task.model, task.config)
    need = memory.needed(task, optimizer)
    for have in (None, need, 2**60):
        with mock.patch.object(memory, "available", return_value=have):
            assert memory.shortage(task, optimizer) == ""
    with (
        mock.patch.object(memory, "available", return_value=3 * 2**30),
        mock.patch.object(memory, "needed", return_value=7 * 2**30),
    ):
        told = memory.shortage(task, optimizer)
    assert "about 7.0 GiB" in told
    assert "3.0 GiB are free" in told
    assert "--batch-size" in told


def test_no_room_for_the_estimate_is_told_too() -> None:
    task = many_to_one_task()
    optimizer = make_optimizer(task.model, task.config)
    with mock.patch.object(task, "loss", side_effect=MemoryError):
        assert "single sequence" in memory.shortage(task, optimizer)
    with (
        mock.patch.object(task, "loss", side_effect=RuntimeError("a fault")),
        pytest.raises(RuntimeError, match="a fault"),
    ):
        memory.shortage(task, optimizer)


def test_what_is_free_is_what_the_machine_and_the_container_leave(tmp_path: Path) -> None:
    if Path("/proc/meminfo").exists():
        assert memory.available() is not None
    assert memory._free_of_the_container(tmp_path) is None
    (tmp_path / "memory.current").write_text("300\n")
    for limit, free in [("max", None), ("1000", 700), ("200", 0)]:
        (tmp_path / "memory.max").write_text(f"{limit}\n")
        assert memory._free_of_the_container(tmp_path) == free
