"""No option and no tensor is forgotten: each is carried over or refused, in every library."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest
import torch

import elman
from elman.cells.spec import CellSpec, CellWeights
from elman.errors import ConfigurationError, UsageError
from elman.layers.options import LayerOptions
from elman.layers.weights import weight_shapes
from elman.weights import keras_options, onnx_attributes, torch_nn
from tests.layer_kinds import LAYERS, VARIANTS, make_layer
from tests.unit.weights.converted import CONVERTED, ROUND_TRIPS, randomised

LIMITS = {
    "torch.nn": torch_nn.LIMITS,
    "A cell of torch.nn": torch_nn._CELL_LIMITS,
    "Keras": keras_options.LIMITS,
    "ONNX": onnx_attributes.LIMITS,
}
KINDS: dict[str, Any] = {"rnn": elman.RNN, "lstm": elman.LSTM, "gru": elman.GRU}
every_library = pytest.mark.parametrize("library", CONVERTED)


def every_option() -> set[str]:
    """All that a layer can be given, and all tensors that it can have."""
    words = {word for kind in KINDS.values() for word in inspect.signature(kind).parameters}
    return (
        (words - {"options"})
        | set(LayerOptions.__annotations__)
        | {field.name for field in fields(CellSpec)}
        | set(CellWeights._fields)
    )


@pytest.mark.parametrize("library", LIMITS)
def test_the_tables_have_an_entry_for_every_option_and_tensor(library: str) -> None:
    assert len(every_option()) >= 40
    assert set(LIMITS[library]) == every_option()


# Of each option of a cell another value than the usual one, and a kind of cell that has it.
OTHER_CELLS: dict[str, tuple[str, Any]] = {
    "nonlinearity": ("gru", "softsign"),
    "reset_after": ("gru", False),
    "gate_nonlinearity": ("gru", "hard_sigmoid"),
    "state_nonlinearity": ("lstm", "relu"),
    "peephole": ("lstm", True),
    "coupled": ("lstm", True),
    "clip": ("gru", 3.0),
    "norm": ("lstm", "joint"),
}
REFUSED_CELLS = {
    "torch.nn": set(OTHER_CELLS),
    "Keras": {"gate_nonlinearity", "state_nonlinearity", "peephole", "coupled", "clip", "norm"},
    "ONNX": {"norm"},
}


def test_every_option_of_a_cell_has_another_value() -> None:
    assert set(OTHER_CELLS) == {field.name for field in fields(CellSpec)} - {"kind"}


@every_library
@pytest.mark.parametrize("key", OTHER_CELLS)
def test_each_option_of_a_cell_comes_back_or_is_refused(library: str, key: str) -> None:
    kind, value = OTHER_CELLS[key]
    layer = KINDS[kind](3, 4, **{key: value})
    if key not in REFUSED_CELLS[library]:
        assert ROUND_TRIPS[library](layer).cell == layer.cell
        return
    with pytest.raises(ConfigurationError) as caught:
        ROUND_TRIPS[library](layer)
    error = caught.value
    assert f"{library} cannot hold this {kind.upper()}: " in error.what
    assert error.where == f"{key} = {getattr(layer.cell, key)!r}"
    assert error.expected
    assert error.next_step


REFUSED_LAYERS = {
    "torch.nn": {*VARIANTS, "gru_reset_before"},
    "Keras": {*VARIANTS, "lstm_projected"},
    "ONNX": {"rnn_joint", "lstm_joint", "gru_joint", "gru_dreamer", "lstm_projected"},
}


@every_library
@pytest.mark.parametrize("name", LAYERS)
def test_each_tensor_is_carried_or_the_layer_refused(library: str, name: str) -> None:
    layer = randomised(make_layer(name, 3, 4, num_layers=2, bidirectional=True))
    if name in REFUSED_LAYERS[library]:
        with pytest.raises(ConfigurationError, match=f"{library} cannot hold"):
            CONVERTED[library](layer)
        return
    before, moved = CONVERTED[library](layer), 0
    for one in weight_shapes(layer):
        for parameter, _ in one.values():
            with torch.no_grad():
                getattr(layer, parameter).flatten()[-1] += 1
            after = CONVERTED[library](layer)
            changed = sum(int((new != old).sum()) for new, old in zip(after, before, strict=True))
            assert changed == 1, parameter
            before, moved = after, moved + 1
    assert moved == len(list(layer.parameters()))


def test_the_layers_here_have_every_tensor() -> None:
    found = {key for name in LAYERS for one in weight_shapes(make_layer(name, 3, 4)) for key in one}
    found |= set(elman.LSTM(3, 4, peephole=True).cell.weight_shapes(3, 4))
    assert found == set(CellWeights._fields)


# --- what acts beside the cell

OTHER_OPTIONS: dict[str, Any] = {
    "input_dropout": 0.5,
    "recurrent_dropout": 0.5,
    "weight_dropout": 0.5,
    "zoneout": 0.5,
    "initial_state": "learned",
    "precision": "bf16",
}


@every_library
@pytest.mark.parametrize("key", OTHER_OPTIONS)
def test_what_a_library_does_not_do_is_refused(library: str, key: str) -> None:
    layer = elman.GRU(3, 4, **{key: OTHER_OPTIONS[key]})
    with pytest.raises(ConfigurationError) as caught:
        CONVERTED[library](layer)
    error = caught.value
    assert f"{library} cannot hold this GRU: " in error.what
    assert error.where == f"{key} = {getattr(layer, key)!r}"
    assert error.expected
    assert error.next_step


@every_library
@pytest.mark.parametrize("key", sorted(set(OTHER_OPTIONS) - {"zoneout"}))
def test_what_is_switched_off_as_the_refusal_says_is_converted(library: str, key: str) -> None:
    layer: Any = elman.GRU(3, 4, **{key: OTHER_OPTIONS[key]})
    setattr(layer, key, {"initial_state": "zeros", "precision": "full"}.get(key, 0.0))
    assert len(CONVERTED[library](layer)) >= 3


def test_a_random_initial_state_is_refused() -> None:
    for convert in CONVERTED.values():
        with pytest.raises(ConfigurationError, match="begins with zeros where no state is given"):
            convert(elman.GRU(3, 4, initial_state="random"))


@pytest.mark.parametrize("library", ["Keras", "ONNX"])
def test_dropout_between_layers_has_no_place_in_single_layers(library: str) -> None:
    layer = elman.LSTM(3, 4, num_layers=2, dropout=0.5)
    with pytest.raises(ConfigurationError, match=f"{library} has no dropout between layers"):
        CONVERTED[library](layer)
    layer.dropout = 0.0
    CONVERTED[library](layer)


def test_dropout_in_a_layer_on_its_own_does_nothing_and_is_no_matter() -> None:
    layer = elman.LSTM(3, 4)
    layer.dropout = 0.5
    for library in ("Keras", "ONNX"):
        CONVERTED[library](layer)
    with pytest.warns(UserWarning, match="num_layers greater than 1"):  # torch.nn carries it
        assert elman.weights.to_torch(layer).dropout == 0.5


@pytest.mark.parametrize("key", ["dropout", "input_dropout", "recurrent_dropout", "weight_dropout"])
def test_onnx_takes_a_layer_in_evaluation_where_dropouts_do_nothing(key: str) -> None:
    rates: Any = {key: 0.5}
    layer = elman.LSTM(3, 4, num_layers=2, **rates)
    with pytest.raises(ConfigurationError) as caught:
        CONVERTED["ONNX"](layer)
    assert caught.value.next_step == "layer.eval()"
    assert len(CONVERTED["ONNX"](layer.eval())) == 6


def test_zoneout_acts_in_evaluation_and_is_refused_there_too() -> None:
    for convert in CONVERTED.values():
        with pytest.raises(ConfigurationError, match="acts in evaluation too"):
            convert(elman.GRU(3, 4, zoneout=0.5).eval())


class Own(elman.GRU):
    """A class that may compute something else than its name says."""


@every_library
@pytest.mark.parametrize(
    "make",
    [
        lambda: torch.nn.GRU(3, 4),
        lambda: elman.Stack([elman.GRU(3, 4)]),
        lambda: elman.Frozen(elman.GRU(3, 4)),
        lambda: Own(3, 4),
        lambda: None,
    ],
    ids=["torch.nn", "Stack", "Frozen", "derived", "None"],
)
def test_something_else_than_a_layer(library: str, make: Callable[[], Any]) -> None:
    other = make()
    with pytest.raises(UsageError) as caught:
        CONVERTED[library](other)
    assert f"to {library} is of type {type(other).__name__}" in caught.value.what
    assert "elman.GRU" in caught.value.expected
    assert "stack.layers" in caught.value.next_step


@every_library
def test_options_that_say_nothing_of_what_is_computed(library: str) -> None:
    """How weights began, and which kernel computes: of the layer, not of its function."""
    layer = elman.LSTM(3, 4, init="chrono", t_max=9, kernel="reference")
    other = ROUND_TRIPS[library](layer)
    assert (other.init, other.t_max, other.kernel) == ("torch", None, "auto")
    assert torch.equal(other.weight_ih_l0, layer.weight_ih_l0)
