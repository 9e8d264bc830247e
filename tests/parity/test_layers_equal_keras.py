"""Elman's layers against Keras's, with the weights that Keras drew: outputs and final states."""

from __future__ import annotations

import importlib
import os
from typing import Any

import pytest
import torch
from torch import Tensor

import elman
from elman.sequences import Ragged
from tests.layer_kinds import parts
from tests.tolerances import OUTPUT

INPUTS, HIDDEN, STEPS = 3, 5, 7
LENGTHS = [7, 2, 5, 1]
ORDERS = {"rnn": [0], "lstm": [0, 1, 2, 3], "gru": [1, 0, 2]}  # Elman's places of Keras's gates
NAMES = {"rnn": "SimpleRNN", "lstm": "LSTM", "gru": "GRU"}


@pytest.fixture(scope="module")
def keras(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Keras on torch, its settings in a folder of the tests."""
    settings = {"KERAS_BACKEND": "torch", "KERAS_HOME": str(tmp_path_factory.mktemp("keras"))}
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        module = importlib.import_module("keras")
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
    assert module.backend.backend() == "torch"
    return module


CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    # the kind, Keras's options, Elman's
    "rnn": ("rnn", {}, {}),
    "rnn relu": ("rnn", {"activation": "relu"}, {"nonlinearity": "relu"}),
    "rnn without biases": ("rnn", {"use_bias": False}, {"bias": False}),
    "lstm": ("lstm", {}, {}),
    "lstm functions": (
        "lstm",
        {"activation": "softsign", "recurrent_activation": "hard_sigmoid"},
        {
            "nonlinearity": "softsign",
            "state_nonlinearity": "softsign",
            "gate_nonlinearity": elman.Activation("hard_sigmoid", 1 / 6),
        },
    ),
    "lstm without biases": ("lstm", {"use_bias": False}, {"bias": False}),
    "gru": ("gru", {}, {}),
    "gru reset before": ("gru", {"reset_after": False}, {"reset_after": False}),
    "gru functions": ("gru", {"activation": "elu"}, {"nonlinearity": "elu"}),
    "gru linear": ("gru", {"activation": "linear"}, {"nonlinearity": "identity"}),
    "gru without biases": ("gru", {"use_bias": False}, {"bias": False}),
}
every_case = pytest.mark.parametrize("name", CASES)
both = pytest.mark.parametrize("bidirectional", [False, True])


def make(keras: Any, name: str, bidirectional: bool) -> tuple[Any, Any]:
    """Keras's layer and Elman's with its weights."""
    kind, their_options, our_options = CASES[name]
    keras.utils.set_random_seed(0)
    if kind == "lstm":  # Keras's default bias, which is 1 at one gate, would not tell the gates
        their_options = their_options | {"unit_forget_bias": False}
    theirs = getattr(keras.layers, NAMES[kind])(
        HIDDEN, return_sequences=True, return_state=True, zero_output_for_mask=True,
        bias_initializer="random_normal", **their_options,
    )  # fmt: skip
    if bidirectional:
        theirs = keras.layers.Bidirectional(theirs)
    theirs.build((None, STEPS, INPUTS))
    ours = getattr(elman, kind.upper())(
        INPUTS, HIDDEN, batch_first=True, bidirectional=bidirectional, **our_options
    )
    found = {key: torch.zeros_like(value) for key, value in ours.state_dict().items()}
    if "_extra_state" in found:
        found["_extra_state"] = ours.state_dict()["_extra_state"]
    for weight in theirs.weights:
        ending = "_l0_reverse" if "backward" in weight.path else "_l0"
        value = weight.value.detach().clone()
        for key, rows in of_keras(weight.name, value, ORDERS[kind]).items():
            found[key + ending] = rows
    ours.load_state_dict(found)
    return theirs, ours


def of_keras(name: str, value: Tensor, order: list[int]) -> dict[str, Tensor]:
    """A weight of Keras as rows of ours: turned, its gates in our order."""
    if name == "bias" and value.dim() == 2:
        pair = zip(("bias_ih", "bias_hh"), value, strict=True)
        return {key: in_order(one, order) for key, one in pair}
    key = {"kernel": "weight_ih", "recurrent_kernel": "weight_hh", "bias": "bias_ih"}[name]
    return {key: in_order(value.T if value.dim() == 2 else value, order)}


def in_order(rows: Tensor, order: list[int]) -> Tensor:
    blocks = rows.chunk(len(order))
    return torch.cat([blocks[place] for place in order])


def states(theirs: tuple[Any, ...], directions: int) -> list[Tensor]:
    """The final states of Keras, direction by direction, as ours: [D, B, H] a part."""
    flat = list(theirs)
    count = len(flat) // directions
    return [torch.stack([flat[d * count + k] for d in range(directions)]) for k in range(count)]


def assert_same(found: list[Tensor], expected: list[Tensor]) -> None:
    for mine, other in zip(found, expected, strict=True):
        assert mine.shape == other.shape
        largest = max(1.0, float(other.detach().abs().max()))  # functions without bounds go far
        difference = float((mine - other).detach().abs().max())
        assert difference <= OUTPUT[torch.float32] * largest


def inputs() -> Tensor:
    return torch.randn(len(LENGTHS), STEPS, INPUTS, generator=torch.Generator().manual_seed(1))


@every_case
@both
def test_full_sequences(keras: Any, name: str, bidirectional: bool) -> None:
    theirs, ours = make(keras, name, bidirectional)
    output, *final = theirs(inputs())
    found, state = ours(inputs())
    assert_same([found, *parts(state)], [output, *states(tuple(final), ours.num_directions)])


@every_case
def test_an_initial_state(keras: Any, name: str) -> None:
    theirs, ours = make(keras, name, False)
    own = torch.Generator().manual_seed(2)
    given = [torch.randn(1, len(LENGTHS), HIDDEN, generator=own) for _ in ours.cell.state_names]
    output, *final = theirs(inputs(), initial_state=[part[0] for part in given])
    found, state = ours(inputs(), tuple(given) if len(given) > 1 else given[0])
    assert_same([found, *parts(state)], [output, *states(tuple(final), 1)])


MASKS = {
    "right": [[t < length for t in range(STEPS)] for length in LENGTHS],
    "left": [[t >= STEPS - length for t in range(STEPS)] for length in LENGTHS],
    "holes": [[(t * 3 + row) % 4 > 0 for t in range(STEPS)] for row in range(len(LENGTHS))],
}


@every_case
@both
@pytest.mark.parametrize("padding", MASKS)
def test_masks(keras: Any, name: str, bidirectional: bool, padding: str) -> None:
    theirs, ours = make(keras, name, bidirectional)
    mask = torch.tensor(MASKS[padding])
    output, *final = theirs(inputs(), mask=mask)
    batch = Ragged.from_masked(inputs(), mask, batch_first=True)
    found, state = ours(batch)
    padded = found.to_masked(mask, batch_first=True)
    assert_same([padded, *parts(state)], [output, *states(tuple(final), ours.num_directions)])
    if padding == "right":
        padded, state = ours(inputs(), lengths=LENGTHS)
        assert_same([padded, *parts(state)], [output, *states(tuple(final), ours.num_directions)])
