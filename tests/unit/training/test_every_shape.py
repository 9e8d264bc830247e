"""What a run promises, held against every shape there is."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import torch

from elman.training.bptt import Carried
from elman.training.checkpoint import Progress, load_state, load_weights, model_files, state_files
from elman.training.data_parallel import ALONE
from elman.training.divergence import diagnose
from elman.training.gradient import Place, descend
from elman.training.memory import needed
from elman.training.optim import make_optimizer
from elman.training.predictor import predictor_of
from elman.training.shapes.registry import SHAPES
from elman.training.share import WHOLE, Share
from elman.training.task import BatchLoss, Task
from tests.shape_samples import SAMPLES, answers, prepared
from tests.training_samples import gap

TOLERANCE = 1e-5  # absolute: gradients of the order of 1, added up in another order in float32


def test_every_shape_has_data_to_be_tried_on() -> None:
    assert {(one.shape, one.reads) for one in SAMPLES.values()} == set(SHAPES)


def gradients(task: Task, place: Place, pieces: int) -> tuple[float, dict[str, torch.Tensor]]:
    found = descend(
        task, place, Progress(pieces=pieces), ALONE, lambda text: None, asked_to_stop=False
    )
    named = {name: weight.grad for name, weight in task.model.named_parameters()}
    return found.loss, {name: grad.clone() for name, grad in named.items() if grad is not None}


@pytest.mark.parametrize("name", SAMPLES)
def test_a_batch_in_pieces_gives_the_gradient_of_the_whole(name: str, tmp_path: Path) -> None:
    task = prepared(name, tmp_path).task
    place = Place(0, 0, (), seed=3)
    loss, wanted = gradients(task, place, 1)
    for pieces in (2, task.sequences(0, 0), 64):
        found, parts = gradients(task, place, pieces)
        assert found == pytest.approx(loss, abs=TOLERANCE)
        for weight, gradient in wanted.items():
            assert gap(parts[weight], gradient) < TOLERANCE, (pieces, weight)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_divergence_names_the_place_in_the_file(name: str, tmp_path: Path) -> None:
    task = prepared(name, tmp_path).task
    real = task.loss

    def loss(epoch: int, batch: int, carried: Carried, share: Share = WHOLE) -> BatchLoss:
        outcome = real(epoch, batch, carried, share)
        return BatchLoss(outcome.mean * math.nan, outcome.count, outcome.steps, outcome.carried)

    with mock.patch.object(task, "loss", loss):
        error = diagnose(task, Place(0, 0, (), seed=3))
    assert error.what.startswith("The loss became nan")
    assert f"epoch 1, batch 1 ({SAMPLES[name].file}, " in error.where
    assert "began in " in error.where


@pytest.mark.parametrize("name", SAMPLES)
def test_the_memory_that_it_takes_can_be_estimated(name: str, tmp_path: Path) -> None:
    task = prepared(name, tmp_path).task
    weights = 4 * sum(weight.numel() for weight in task.model.parameters())
    small: Any = prepared(name, tmp_path, batch_size=1)
    assert needed(task, make_optimizer(task.model, small.config)) > 4 * weights
    assert needed(small.task, make_optimizer(small.task.model, small.config)) > 4 * weights


@pytest.mark.parametrize("name", SAMPLES)
def test_a_checkpoint_comes_back_bit_for_bit(name: str, tmp_path: Path) -> None:
    before = prepared(name, tmp_path)
    optimizer = make_optimizer(before.task.model, before.config)
    outcome = before.task.loss(0, 0, ())
    outcome.mean.backward()
    optimizer.step()
    progress = Progress(step=1, batch=1)
    files = model_files(before.task.model.description, before.vocabulary, before.task.model)  # type: ignore[arg-type]
    files |= state_files(before.task.model, optimizer, outcome.carried, progress)

    after = prepared(name, tmp_path)
    with torch.no_grad():
        for weight in after.task.model.parameters():
            weight.zero_()
    fresh = make_optimizer(after.task.model, after.config)
    load_weights(after.task.model, files["weights.safetensors"])
    carried, again = load_state(files, after.task.model, fresh)
    assert again == progress
    for one, other in zip(carried, outcome.carried, strict=True):
        assert torch.equal(one, other)
    ours, theirs = after.task.model.state_dict(), before.task.model.state_dict()
    assert all(torch.equal(ours[weight], theirs[weight]) for weight in theirs)
    assert answers(name, predictor_of(files), tmp_path)
