"""What a checkpoint holds comes back bit for bit; what belongs elsewhere is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import torch
from safetensors.torch import load, save
from torch import Tensor

from elman.errors import CorruptRunError
from elman.models.description import LanguageModelDescription, ManyToOneDescription
from elman.training.checkpoint import (
    Progress,
    Since,
    load_state,
    load_weights,
    model_files,
    read_json,
    state_files,
)
from elman.training.optim import make_optimizer
from tests.training_samples import AnyTask, language_model_task, many_to_one_task

TASKS: dict[str, Callable[..., AnyTask]] = {
    "many_to_one": many_to_one_task,
    "language_model": language_model_task,
}
OPTIMIZERS: list[dict[str, Any]] = [
    {"optimizer": "adamw"},
    {"optimizer": "sgd", "momentum": 0.9},
    {"optimizer": "sgd", "momentum": 0.0},
]
PROGRESS = Progress(
    epoch=3, batch=1, step=17, best_value=0.1 + 0.2, best_step=12, waited=2, plateau_factor=0.25,
    plateau_waited=1, since=Since(loss=1 / 3, count=7, steps=40, batches=2, clipped=1),
    seconds=1e-9,
)  # fmt: skip


def trained(task: AnyTask) -> tuple[torch.optim.Optimizer, tuple[Tensor, ...]]:
    """A few updates; the optimiser and the carried state."""
    optimizer = make_optimizer(task.model, task.config)
    carried: tuple[Tensor, ...] = ()
    for batch in range(3):
        optimizer.zero_grad()
        outcome = task.loss(0, batch, carried)
        carried = outcome.carried
        outcome.mean.backward()
        optimizer.step()
    return optimizer, carried


def states(task: AnyTask, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    return {
        f"{name} {key}": value
        for name, weight in task.model.named_parameters()
        for key, value in optimizer.state[weight].items()
        if isinstance(value, Tensor)
    }


def assert_equal(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> None:
    assert ours.keys() == theirs.keys()
    for name, tensor in ours.items():
        assert torch.equal(tensor, theirs[name]), name
        assert tensor.dtype == theirs[name].dtype


@pytest.mark.parametrize("options", OPTIMIZERS, ids=str)
@pytest.mark.parametrize("shape", TASKS)
def test_state_and_weights_come_back_bit_for_bit(shape: str, options: dict[str, Any]) -> None:
    task = TASKS[shape](cell="lstm", num_layers=2, **options)
    optimizer, carried = trained(task)
    files = model_files(task.model.description, {"text": 1}, task.model)
    files |= state_files(task.model, optimizer, carried, PROGRESS)

    other = TASKS[shape](init_seed=5, cell="lstm", num_layers=2, **options)
    fresh = make_optimizer(other.model, other.config)
    load_weights(other.model, files["weights.safetensors"])
    again, progress = load_state(files, other.model, fresh)

    assert progress == PROGRESS
    assert_equal(dict(other.model.state_dict()), dict(task.model.state_dict()))
    assert_equal(states(other, fresh), states(task, optimizer))
    assert bool(states(task, optimizer)) == (options.get("momentum") != 0.0)
    assert len(again) == len(carried) == (2 if shape == "language_model" else 0)
    for one, before in zip(again, carried, strict=True):
        assert torch.equal(one, before)


def test_the_same_state_gives_the_same_bytes() -> None:
    task = language_model_task()
    optimizer, carried = trained(task)
    first = state_files(task.model, optimizer, carried, PROGRESS)
    assert state_files(task.model, optimizer, carried, PROGRESS) == first
    assert set(first) == {"optimizer.safetensors", "carried.safetensors", "state.json"}


def test_model_json_says_what_the_model_is() -> None:
    files = model_files(
        many_to_one_task().model.description, {"text": "é"}, many_to_one_task().model
    )
    kind = ManyToOneDescription
    assert kind.model_validate_json(files["model.json"]) == many_to_one_task().model.description
    assert json.loads(files["vocabulary.json"]) == {"text": "é"}
    assert "é".encode() in files["vocabulary.json"]


# --- tied weights


def weights_of(task: AnyTask) -> bytes:
    return model_files(task.model.description, {}, task.model)["weights.safetensors"]


def test_tied_weights_are_saved_once_and_stay_tied() -> None:
    tied = language_model_task()
    saved = load(weights_of(tied))
    assert "embedding.weight" in saved
    assert "output.weight" not in saved
    other = language_model_task(init_seed=3)
    load_weights(other.model, weights_of(tied))
    assert isinstance(other.model.description, LanguageModelDescription)
    assert torch.equal(other.model.output.weight, saved["embedding.weight"])
    assert other.model.output.weight is other.model.get_submodule("embedding").weight
    assert "output.weight" in load(weights_of(language_model_task(tied=False)))


def test_weights_of_equal_values_are_not_taken_for_tied_ones() -> None:
    task = language_model_task(tied=False)
    with torch.no_grad():
        for weight in task.model.parameters():
            weight.zero_()
    assert len(load(weights_of(task))) == len(task.model.state_dict())


# --- a GRU of the other form


def test_a_reset_before_gru_is_saved_and_loaded() -> None:
    task = many_to_one_task(cell="gru", reset_after=False)
    other = many_to_one_task(init_seed=1, cell="gru", reset_after=False)
    load_weights(other.model, weights_of(task))
    assert task.evaluate("test", lambda: None) == other.evaluate("test", lambda: None)


@pytest.mark.parametrize(("saved", "wanted"), [(True, False), (False, True)])
def test_the_two_forms_of_the_gru_refuse_each_other(saved: bool, wanted: bool) -> None:
    weights = weights_of(many_to_one_task(cell="gru", reset_after=saved))
    with pytest.raises(CorruptRunError, match="not those of the model"):
        load_weights(many_to_one_task(cell="gru", reset_after=wanted).model, weights)


# --- foreign files


def changed(weights: bytes, change: Callable[[dict[str, Tensor]], Any]) -> bytes:
    tensors = load(weights)
    change(tensors)
    return save(tensors)


FOREIGN: dict[str, Callable[[], bytes]] = {
    "no safetensors": lambda: b"weights",
    "empty": lambda: b"",
    "cut": lambda: weights_of(language_model_task())[:-1],
    "nothing in it": lambda: save({}),
    "another size": lambda: weights_of(language_model_task(hidden_size=5, embedding_size=5)),
    "another cell": lambda: weights_of(language_model_task(cell="gru")),
    "more layers": lambda: weights_of(language_model_task(num_layers=2)),
    "another shape": lambda: weights_of(many_to_one_task()),
    "untied": lambda: weights_of(language_model_task(tied=False)),
    "one missing": lambda: changed(
        weights_of(language_model_task()), lambda tensors: tensors.pop("output.bias")
    ),
    "tied one missing": lambda: changed(
        weights_of(language_model_task()), lambda tensors: tensors.pop("embedding.weight")
    ),
    "one too many": lambda: changed(
        weights_of(language_model_task()), lambda tensors: tensors.update(x=torch.zeros(1))
    ),
}


@pytest.mark.parametrize("what", FOREIGN)
def test_foreign_weights_are_refused(what: str) -> None:
    task = language_model_task()
    with pytest.raises(CorruptRunError) as caught:
        load_weights(task.model, FOREIGN[what]())
    assert "weights.safetensors" in caught.value.where
    assert caught.value.expected
    assert caught.value.next_step


def test_weights_of_the_same_model_are_taken() -> None:
    task = language_model_task()
    load_weights(task.model, weights_of(language_model_task(init_seed=9)))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("optimizer.safetensors", b"{}"),
        ("optimizer.safetensors", save({"nothing/exp_avg": torch.zeros(2)})),
        ("optimizer.safetensors", save({"output.bias/exp_avg": torch.zeros(2)})),
        ("carried.safetensors", save({"1": torch.zeros(2)})),
        ("carried.safetensors", b"\0" * 20),
        ("state.json", b"{"),
        ("state.json", b'{"epoch": "1"}'),
        ("state.json", b'{"epochs": 1}'),
    ],
)
def test_a_foreign_state_is_refused(name: str, content: bytes) -> None:
    task = language_model_task()
    optimizer, carried = trained(task)
    files = state_files(task.model, optimizer, carried, PROGRESS)
    with pytest.raises(CorruptRunError) as caught:
        load_state(files | {name: content}, task.model, optimizer)
    assert name in caught.value.where


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_is_refused(content: bytes) -> None:
    assert read_json(b'{"a": [1, 2]}', "model.json") == {"a": [1, 2]}
    with pytest.raises(CorruptRunError, match=r"model\.json is not JSON"):
        read_json(content, "model.json")
