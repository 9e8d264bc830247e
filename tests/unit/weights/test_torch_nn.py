"""Modules of `torch.nn` to layers and back: weights bit for bit, options, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

import elman
from elman.errors import ConfigurationError, ShapeError, UsageError
from elman.weights import from_torch, to_torch, to_torch_cell

# torch says so of its own projected LSTM.
pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported:UserWarning")

MODULES: dict[str, tuple[Any, dict[str, Any]]] = {
    "rnn_tanh": (nn.RNN, {}),
    "rnn_relu": (nn.RNN, {"nonlinearity": "relu"}),
    "lstm": (nn.LSTM, {}),
    "lstm_projected": (nn.LSTM, {"proj_size": 2}),
    "gru": (nn.GRU, {}),
}
CELLS: dict[str, tuple[Any, dict[str, Any]]] = {
    "rnn_tanh": (nn.RNNCell, {}),
    "rnn_relu": (nn.RNNCell, {"nonlinearity": "relu"}),
    "lstm": (nn.LSTMCell, {}),
    "gru": (nn.GRUCell, {}),
}
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "deep": {"num_layers": 3, "dropout": 0.25, "bidirectional": True},
    "batch first": {"batch_first": True},
    "no bias": {"bias": False},
    "float64": {"dtype": torch.float64},
    "float16": {"dtype": torch.float16},
    "bfloat16": {"dtype": torch.bfloat16},
}
every_module = pytest.mark.parametrize("name", MODULES)
every_cell = pytest.mark.parametrize("name", CELLS)


def assert_same_weights(one: nn.Module, other: nn.Module) -> None:
    expected, found = dict(one.named_parameters()), dict(other.named_parameters())
    assert list(expected) == list(found)
    for name, weight in expected.items():
        assert found[name].dtype == weight.dtype
        assert torch.equal(found[name], weight), name


@every_module
@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS)
def test_there_and_back(name: str, options: dict[str, Any]) -> None:
    kind, own = MODULES[name]
    theirs = kind(3, 4, **own, **options)
    ours: Any = from_torch(theirs)
    assert type(ours) is getattr(elman, kind.__name__)
    assert_same_weights(theirs, ours)
    back: Any = to_torch(ours)
    assert type(back) is kind
    assert_same_weights(theirs, back)
    assert repr(back) == repr(theirs)
    assert back.mode == theirs.mode
    for key in ("num_layers", "batch_first", "dropout", "bidirectional", "bias", "proj_size"):
        assert getattr(ours, key) == getattr(theirs, key) == getattr(back, key)


@every_cell
@pytest.mark.parametrize("options", [{}, {"bias": False}, {"dtype": torch.float64}], ids=str)
def test_cells_there_and_back(name: str, options: dict[str, Any]) -> None:
    kind, own = CELLS[name]
    theirs = kind(3, 4, **own, **options)
    ours: Any = from_torch(theirs)
    assert (ours.num_layers, ours.bidirectional, ours.batch_first) == (1, False, False)
    back = to_torch_cell(ours)
    assert type(back) is kind
    assert repr(back) == repr(theirs)
    assert_same_weights(theirs, back)


@every_module
def test_mode_and_frozen_weights_are_carried_over(name: str) -> None:
    kind, own = MODULES[name]
    theirs = kind(3, 4, **own).eval()
    theirs.weight_hh_l0.requires_grad_(False)
    ours: Any = from_torch(theirs)
    for other in (ours, to_torch(ours)):
        assert not other.training
        assert not other.weight_hh_l0.requires_grad
        assert other.weight_ih_l0.requires_grad
    assert from_torch(theirs.train()).training


def test_weights_are_copies() -> None:
    theirs: Any = nn.GRU(3, 4)
    ours: Any = from_torch(theirs)
    before = theirs.weight_ih_l0.detach().clone()
    with torch.no_grad():
        ours.weight_ih_l0.add_(1)
        next(to_torch(ours).parameters()).add_(1)
    assert torch.equal(theirs.weight_ih_l0, before)
    assert torch.equal(ours.weight_ih_l0, before + 1)


def test_nothing_is_drawn() -> None:
    theirs, cell = nn.LSTM(3, 4), nn.LSTMCell(3, 4)
    before = torch.get_rng_state()
    to_torch(from_torch(theirs))
    to_torch_cell(from_torch(cell))
    assert torch.equal(torch.get_rng_state(), before)


def test_the_device_is_carried_over() -> None:
    theirs = nn.LSTM(3, 4, device="meta")
    ours = from_torch(theirs)
    assert ours.weight_hh_l0.is_meta
    assert to_torch(ours).weight_hh_l0.is_meta


def test_the_module_that_comes_back_can_be_trained() -> None:
    module = to_torch(elman.LSTM(3, 4))
    output, _ = module(torch.randn(5, 2, 3))
    output.sum().backward()
    assert all(weight.grad is not None for weight in module.parameters())


def test_a_parametrized_layer_is_converted_as_it_computes() -> None:
    layer: Any = elman.GRU(3, 4)
    nn.utils.parametrizations.weight_norm(layer, "weight_hh_l0")
    with torch.no_grad():
        layer.parametrizations.weight_hh_l0.original0.mul_(2)
    module: Any = to_torch(layer)
    assert torch.equal(module.weight_hh_l0, layer.weight_hh_l0)


# --- refusals


class Doubled(nn.GRU):
    """A class that computes something else than its name says."""


@pytest.mark.parametrize("module", [Doubled(3, 4), nn.Linear(3, 4), elman.GRU(3, 4)])
def test_other_modules_are_refused(module: Any) -> None:
    with pytest.raises(UsageError) as caught:
        from_torch(module)
    assert f"of type {type(module).__name__}" in caught.value.what
    assert "torch.nn.LSTM or torch.nn.GRU or torch.nn.RNNCell" in caught.value.expected
    assert "state_dict" in caught.value.next_step


def test_parametrized_modules_are_refused() -> None:
    module = nn.utils.parametrizations.weight_norm(nn.GRU(3, 4), "weight_hh_l0")
    with pytest.raises(UsageError, match="of type ParametrizedGRU"):
        from_torch(module)


def test_parameters_that_torch_nn_does_not_have_are_refused() -> None:
    module = nn.GRU(3, 4)
    module.register_parameter("scale", nn.Parameter(torch.ones(1)))
    with pytest.raises(UsageError) as caught:
        from_torch(module)
    assert "scale" in caught.value.what
    assert caught.value.expected == "weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0"
    assert "weight normalisation" in caught.value.next_step


def test_weights_of_several_dtypes_are_refused() -> None:
    module: Any = nn.GRU(3, 4)
    module.bias_hh_l0 = nn.Parameter(module.bias_hh_l0.double())
    layer = elman.GRU(3, 4)
    layer.bias_hh_l0 = nn.Parameter(torch.zeros(12, dtype=torch.float64))
    conversions: list[tuple[Any, Any]] = [(from_torch, module), (to_torch, layer)]
    for convert, one in conversions:
        with pytest.raises(ShapeError) as caught:
            convert(one)
        assert caught.value.what == "bias_hh_l0 is torch.float64 on cpu."
        assert caught.value.expected == "torch.float32 on cpu, as weight_ih_l0"


def test_a_function_that_the_cell_itself_does_not_know() -> None:
    with pytest.raises(ConfigurationError) as caught:
        from_torch(nn.RNNCell(3, 4, nonlinearity="sigmoid"))
    assert "'sigmoid'" in caught.value.what
    assert caught.value.expected == "'tanh' or 'relu'"


def test_the_other_gru_is_refused_with_its_reason() -> None:
    with pytest.raises(ConfigurationError) as caught:
        to_torch(elman.GRU(3, 4, reset_after=False))
    assert str(caught.value) == (
        "torch.nn cannot hold this GRU: torch.nn has the reset-after form alone, which is another"
        " function of any weights.\n"
        "  where: reset_after = False\n"
        "  expected: reset_after = True\n"
        "  next: keep this layer in Elman, or take it to Keras or ONNX, which have both forms"
    )


def test_relu_is_of_the_rnn_alone() -> None:
    assert to_torch(elman.RNN(3, 4, nonlinearity="relu")).mode == "RNN_RELU"
    with pytest.raises(ConfigurationError, match="relu in an RNN"):
        to_torch(elman.GRU(3, 4, nonlinearity="relu"))
    with pytest.raises(ConfigurationError, match="relu in an RNN"):
        to_torch(elman.RNN(3, 4, nonlinearity="sigmoid"))


@pytest.mark.parametrize(
    ("layer", "where"),
    [
        (elman.GRU(3, 4, num_layers=2), "num_layers = 2"),
        (elman.GRU(3, 4, bidirectional=True), "bidirectional = True"),
        (elman.LSTM(3, 4, proj_size=2), "proj_size = 2"),
    ],
)
def test_what_is_no_single_cell(layer: Any, where: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        to_torch_cell(layer)
    assert caught.value.what.startswith("A cell of torch.nn cannot hold this")
    assert caught.value.where == where
    assert caught.value.next_step == "to_torch(layer)"
    to_torch(layer)


def test_everything_else_that_a_cell_cannot_hold_is_refused_too() -> None:
    with pytest.raises(ConfigurationError, match="reset-after form alone"):
        to_torch_cell(elman.GRU(3, 4, reset_after=False))
