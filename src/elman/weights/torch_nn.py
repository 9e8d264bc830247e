"""Weights from and to the recurrent modules of `torch.nn`.

Names, shapes, gate orders and polarity are the same there and here, so weights are copied as they
are, and with them `requires_grad` and the mode, training or evaluation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, overload

import torch
from torch import Tensor, nn

from elman.errors import ConfigurationError, UsageError
from elman.layers.gru import GRU
from elman.layers.lstm import LSTM
from elman.layers.recurrent import Recurrent
from elman.layers.rnn import RNN
from elman.weights.assembly import check_alike, named_weights
from elman.weights.limits import FREE, KEEP, Limit, check, common, dropouts, only

_OURS: dict[type, Any] = {
    nn.RNN: RNN,
    nn.LSTM: LSTM,
    nn.GRU: GRU,
    nn.RNNCell: RNN,
    nn.LSTMCell: LSTM,
    nn.GRUCell: GRU,
}
_THEIRS: dict[str, Any] = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
_CELLS: dict[str, Any] = {"rnn": nn.RNNCell, "lstm": nn.LSTMCell, "gru": nn.GRUCell}
_MODES = {"RNN_TANH": "tanh", "RNN_RELU": "relu"}
_SIZES = ("input_size", "hidden_size", "bias")
_OPTIONS = ("num_layers", "batch_first", "dropout", "bidirectional")

LIMITS: dict[str, Limit | None] = (
    common("torch.nn")
    | dropouts("torch.nn")
    | {
        **dict.fromkeys(("batch_first", "dropout", "proj_size", "hr"), FREE),
        "nonlinearity": Limit(
            lambda layer: (
                layer.cell.nonlinearity
                in (_MODES.values() if layer.cell.kind == "rnn" else ("tanh",))
            ),
            "torch.nn has tanh, and relu in an RNN",
            "nonlinearity = 'tanh', or 'relu' of an RNN",
            KEEP,
        ),
        "gate_nonlinearity": only("gate_nonlinearity", "sigmoid", "torch.nn has no other function"),
        "state_nonlinearity": only("state_nonlinearity", "tanh", "torch.nn has no other function"),
        "reset_after": only(
            "reset_after",
            True,
            "torch.nn has the reset-after form alone, which is another function of any weights",
            "keep this layer in Elman, or take it to Keras or ONNX, which have both forms",
        ),
        "peephole": only("peephole", False, "torch.nn has no peepholes"),
        "coupled": only("coupled", False, "torch.nn has no coupled gates"),
        "clip": only("clip", None, "torch.nn has no clip"),
    }
)

_CELL_LIMITS = LIMITS | {
    "num_layers": only("num_layers", 1, "a cell is a single layer", "to_torch(layer)"),
    "bidirectional": only(
        "bidirectional", False, "a cell reads in one direction", "to_torch(layer)"
    ),
    "proj_size": only("proj_size", 0, "LSTMCell has no projection", "to_torch(layer)"),
    "hr": only("hr", [], "LSTMCell has no projection", "to_torch(layer)"),
}


@overload
def from_torch(module: nn.RNN | nn.RNNCell) -> RNN: ...
@overload
def from_torch(module: nn.LSTM | nn.LSTMCell) -> LSTM: ...
@overload
def from_torch(module: nn.GRU | nn.GRUCell) -> GRU: ...
def from_torch(module: nn.Module) -> Recurrent:
    """A layer that computes what a module of `torch.nn` computes, with copies of its weights.

    A cell becomes a layer of one direction, which reads whole sequences.

    Args:
        module: `torch.nn.RNN`, `LSTM`, `GRU`, `RNNCell`, `LSTMCell` or `GRUCell`.

    Raises:
        UsageError: another module, a class derived from these included, or one whose weights are
            parametrized.
        ConfigurationError: a function that `torch.nn` itself does not know.
        ShapeError: weights of several dtypes or on several devices.

    Example:
        >>> from_torch(nn.LSTM(3, 4, bidirectional=True, dropout=0.5, num_layers=2))
        LSTM(3, 4, num_layers=2, dropout=0.5, bidirectional=True)
    """
    if type(module) not in _OURS:
        raise UsageError(
            f"What is to be converted is of type {type(module).__name__}.",
            where="from_torch",
            expected=" or ".join(f"torch.nn.{kind.__name__}" for kind in _OURS)
            + ", and no class derived from them, which may compute something else",
            next_step="load its state_dict into the torch.nn module, and convert that",
        )
    options = {key: getattr(module, key) for key in _SIZES}
    if isinstance(module, nn.RNNBase):
        options |= {key: getattr(module, key) for key in _OPTIONS}
    if isinstance(module, nn.LSTM):
        options["proj_size"] = module.proj_size
    if isinstance(module, nn.RNN | nn.RNNCell):
        options["nonlinearity"] = _function(module)
    ending = "_l0" if isinstance(module, nn.RNNCellBase) else ""
    weights = {name + ending: weight for name, weight in module.named_parameters()}
    check_alike(weights, type(module).__name__)
    layer: Recurrent = _made(_OURS[type(module)], options, weights)
    return layer.train(module.training)


@overload
def to_torch(layer: RNN) -> nn.RNN: ...
@overload
def to_torch(layer: LSTM) -> nn.LSTM: ...
@overload
def to_torch(layer: GRU) -> nn.GRU: ...
def to_torch(layer: Recurrent) -> nn.RNNBase:
    """The module of `torch.nn` that computes what a layer computes, with copies of its weights.

    Args:
        layer: `RNN`, `LSTM` or `GRU`.

    Raises:
        ConfigurationError: an option that `torch.nn` does not have.
        UsageError: something else than a layer.

    Example:
        >>> to_torch(GRU(3, 4, batch_first=True))
        GRU(3, 4, batch_first=True)
    """
    check(layer, "torch.nn", LIMITS)
    options = {key: getattr(layer, key) for key in (*_SIZES, *_OPTIONS)}
    if layer.proj_size:
        options["proj_size"] = layer.proj_size
    if layer.cell.kind == "rnn":
        options["nonlinearity"] = layer.cell.nonlinearity
    module: nn.RNNBase = _made(_THEIRS[layer.cell.kind], options, named_weights(layer))
    return module.train(layer.training)


@overload
def to_torch_cell(layer: RNN) -> nn.RNNCell: ...
@overload
def to_torch_cell(layer: LSTM) -> nn.LSTMCell: ...
@overload
def to_torch_cell(layer: GRU) -> nn.GRUCell: ...
def to_torch_cell(layer: Recurrent) -> nn.RNNCellBase:
    """The cell of `torch.nn` that computes one step of a layer, with copies of its weights.

    Args:
        layer: `RNN`, `LSTM` or `GRU`, a single one of one direction.

    Raises:
        ConfigurationError: an option that the cells of `torch.nn` do not have.
        UsageError: something else than a layer.

    Example:
        >>> to_torch_cell(RNN(3, 4, nonlinearity="relu"))
        RNNCell(3, 4, nonlinearity=relu)
    """
    check(layer, "A cell of torch.nn", _CELL_LIMITS)
    options = {key: getattr(layer, key) for key in _SIZES}
    if layer.cell.kind == "rnn":
        options["nonlinearity"] = layer.cell.nonlinearity
    weights = {name.removesuffix("_l0"): weight for name, weight in named_weights(layer).items()}
    cell: nn.RNNCellBase = _made(_CELLS[layer.cell.kind], options, weights)
    return cell.train(layer.training)


def _function(module: nn.RNN | nn.RNNCell) -> str:
    if isinstance(module, nn.RNN):
        return _MODES[module.mode]
    if module.nonlinearity not in _MODES.values():
        raise ConfigurationError(
            f"{module.nonlinearity!r} is not a function of torch.nn.RNNCell.",
            where="RNNCell.nonlinearity",
            expected=" or ".join(map(repr, _MODES.values())),
        )
    return module.nonlinearity


def _made(kind: Any, options: dict[str, Any], weights: Mapping[str, Tensor]) -> Any:
    """A module with copies of weights; nothing is drawn, so random numbers stay as they were."""
    first = next(iter(weights.values()))
    module = kind(**options, dtype=first.dtype, device="meta").to_empty(device=first.device)
    own = dict(module.named_parameters())
    if own.keys() != weights.keys():
        raise UsageError(
            f"The parameters are {', '.join(weights)}.",
            where=kind.__name__,
            expected=", ".join(own),
            next_step="take weight normalisation and the like away first",
        )
    with torch.no_grad():
        for name, weight in weights.items():
            own[name].copy_(weight)
            own[name].requires_grad_(weight.requires_grad)
    return module
