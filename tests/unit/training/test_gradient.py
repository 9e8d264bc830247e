"""A batch in pieces gives the gradient of the whole; pieces are taken where memory is short."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from unittest import mock

import pytest
import torch
from torch import Tensor

from elman.errors import OutOfMemory
from elman.training.bptt import Carried
from elman.training.checkpoint import Progress
from elman.training.data_parallel import ALONE, Team
from elman.training.gradient import Descent, Place, descend
from elman.training.share import WHOLE, Share
from elman.training.task import BatchLoss
from tests.training_samples import AnyTask, gap, language_model_task, many_to_one_task

TASKS: dict[str, Callable[..., AnyTask]] = {
    "labels": many_to_one_task,
    "windows": language_model_task,
    "long windows": lambda **options: language_model_task(num_layers=2, cell="gru", **options),
    "documents": lambda **options: language_model_task(bptt_steps=0, bptt_window=None, **options),
}
TOLERANCE = 1e-6  # absolute: gradients here are below 1, and are added up in another order


def no_warning(text: str) -> None:
    raise AssertionError(text)


def run(
    task: AnyTask, place: Place, pieces: int, team: Team = ALONE
) -> tuple[Descent, dict[str, Tensor]]:
    found = descend(task, place, Progress(pieces=pieces), team, no_warning, asked_to_stop=False)
    gradients = {name: weight.grad for name, weight in task.model.named_parameters()}
    return found, {name: grad.clone() for name, grad in gradients.items() if grad is not None}


def last_place(task: AnyTask) -> Place:
    """The last batch of an epoch, and the state with which one comes to it."""
    carried: Carried = ()
    batches = task.batches(0)
    for batch in range(batches - 1):
        carried = task.loss(0, batch, carried).carried
    return Place(0, batches - 1, carried, seed=5)


@pytest.mark.parametrize("pieces", [2, 3, 8])
@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("which", ["first", "last"])
def test_pieces_add_up_to_the_whole(name: str, pieces: int, which: str) -> None:
    task = TASKS[name]()
    place = Place(0, 0, (), seed=5) if which == "first" else last_place(task)
    whole, wanted = run(task, place, 1)
    found, gradients = run(task, place, pieces)
    assert found.loss == pytest.approx(whole.loss, abs=TOLERANCE)
    assert (found.count, found.steps) == (whole.count, whole.steps)
    assert gradients.keys() == wanted.keys()
    assert max(gap(gradients[one], wanted[one]) for one in wanted) < TOLERANCE
    for part, other in zip(found.carried, whole.carried, strict=True):
        assert gap(part, other) < TOLERANCE


@dataclass(frozen=True)
class Half(Team):
    """One of two processes: notes what it adds, and is given what the other one has added."""

    other: Sequence[Tensor] = ()
    added: list[Tensor] = field(default_factory=list)

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        self.added.extend(tensor.clone() for tensor in tensors)
        for tensor, part in zip(tensors, self.other, strict=False):
            tensor += part


@pytest.mark.parametrize("name", TASKS)
def test_two_processes_compute_what_one_does_in_two_pieces_dropout_and_all(name: str) -> None:
    task = TASKS[name](dropout=0.5)
    place = last_place(task)
    found, wanted = run(task, place, 2)
    first = Half(0, 2)
    run(task, place, 1, first)
    together, gradients = run(task, place, 1, Half(1, 2, first.added))
    assert together.loss == pytest.approx(found.loss, abs=TOLERANCE)
    assert (together.count, together.steps) == (found.count, found.steps)
    assert max(gap(gradients[one], wanted[one]) for one in wanted) < TOLERANCE
    for part, other in zip(together.carried, found.carried, strict=True):
        assert gap(part, other) < TOLERANCE


# --- memory


def with_room_for(task: AnyTask, sequences: int, error: Callable[[], BaseException]) -> Any:
    """The task's loss on a machine that has room for so many sequences at a time."""
    real = task.loss

    def loss(epoch: int, batch: int, carried: Carried, share: Share = WHOLE) -> BatchLoss:
        if len(share.part(range(task.sequences(epoch, batch)))) > sequences:
            raise error()
        return real(epoch, batch, carried, share)

    return mock.patch.object(task, "loss", loss)


ERRORS: dict[str, Callable[[], BaseException]] = {
    "torch": lambda: RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to ..."),
    "cuda": lambda: torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB."),
    "python": MemoryError,
}


@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("name", TASKS)
def test_a_batch_that_does_not_fit_is_halved_until_it_does(name: str, error: str) -> None:
    task, warnings, progress = TASKS[name](), list[str](), Progress()
    place = last_place(task)
    size = task.sequences(0, place.batch)
    whole, wanted = run(task, place, 1)
    with with_room_for(task, 1, ERRORS[error]):
        found = descend(task, place, progress, ALONE, warnings.append, asked_to_stop=False)
    assert progress.pieces == 2 ** (size - 1).bit_length()
    assert len(warnings) == (size - 1).bit_length() >= 1
    for number, text in enumerate(warnings, start=1):
        assert f"in {2**number} pieces" in text
        assert "no longer equal to an undisturbed one bit for bit" in text
    assert "of at most 1 sequence" in warnings[-1]
    assert found.loss == pytest.approx(whole.loss, abs=TOLERANCE)
    for weight_name, weight in task.model.named_parameters():
        assert weight.grad is not None
        assert gap(weight.grad, wanted[weight_name]) < TOLERANCE


def test_a_single_sequence_that_does_not_fit_is_the_end() -> None:
    task, warnings = many_to_one_task(), list[str]()
    with with_room_for(task, 0, MemoryError), pytest.raises(OutOfMemory) as caught:
        descend(task, Place(0, 0, (), 1), Progress(), ALONE, warnings.append, asked_to_stop=False)
    assert len(warnings) == 2
    assert "epoch 1, batch 1 (letters.csv, rows " in caught.value.where
    assert "single sequence" in caught.value.what
    assert "--hidden-size" in caught.value.next_step
    assert all(weight.grad is None for weight in task.model.parameters())


def test_any_other_error_is_not_taken_for_a_lack_of_memory() -> None:
    task = many_to_one_task()
    with (
        with_room_for(task, 0, lambda: RuntimeError("a fault")),
        pytest.raises(RuntimeError, match="a fault"),
    ):
        run(task, Place(0, 0, (), 1), 1)
