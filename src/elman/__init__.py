"""Elman: recurrent neural networks, from the equations to a trained, measured, saved model.

elman.RNN, elman.LSTM, elman.GRU    layers, drop-in for torch.nn's
elman.Frozen                        a layer for prediction, its weights packed once
elman.Stack                         layers of different kinds and widths on top of each other
elman.Activation                    a function of a cell, with its numbers
elman.CustomCell, CustomLayer       a cell of one's own, by the function of one step, and its layer
elman.Ragged                        a batch of sequences of unequal length
elman.weights                       weights from and to torch.nn, Keras and ONNX
elman.load(run)                     a trained model, ready to predict
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from elman import weights
    from elman.cells.activations import Activation
    from elman.cells.custom import CustomCell
    from elman.layers.custom_layer import CustomLayer
    from elman.layers.frozen import Frozen
    from elman.layers.gru import GRU
    from elman.layers.lstm import LSTM
    from elman.layers.rnn import RNN
    from elman.layers.stack import Stack
    from elman.sequences import Ragged
    from elman.training.predictor import load

    __version__: str

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "Activation",
    "CustomCell",
    "CustomLayer",
    "Frozen",
    "Ragged",
    "Stack",
    "__version__",
    "load",
    "weights",
]

# Looked up on first use, so that `import elman` and the command line start without torch.
_HOMES = {
    "RNN": "elman.layers.rnn",
    "LSTM": "elman.layers.lstm",
    "GRU": "elman.layers.gru",
    "Frozen": "elman.layers.frozen",
    "Stack": "elman.layers.stack",
    "Activation": "elman.cells.activations",
    "CustomCell": "elman.cells.custom",
    "CustomLayer": "elman.layers.custom_layer",
    "Ragged": "elman.sequences",
    "load": "elman.training.predictor",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return import_module("importlib.metadata").version("elman")
    if name == "weights":
        return import_module("elman.weights")
    if name not in _HOMES:
        raise AttributeError(f"module 'elman' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
