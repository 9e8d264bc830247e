"""The layers that tests go through, one entry for each cell."""

from __future__ import annotations

from typing import Any

import pytest
from torch import Tensor

import elman

PLAIN: dict[str, tuple[Any, dict[str, Any]]] = {
    "rnn_tanh": (elman.RNN, {}),
    "rnn_relu": (elman.RNN, {"nonlinearity": "relu"}),
    "lstm": (elman.LSTM, {}),
    "lstm_projected": (elman.LSTM, {"proj_size": 2}),
    "gru_reset_after": (elman.GRU, {}),
    "gru_reset_before": (elman.GRU, {"reset_after": False}),
}
VARIANTS: dict[str, tuple[Any, dict[str, Any]]] = {
    "rnn_joint": (elman.RNN, {"norm": "joint", "clip": 2.0}),
    "lstm_peephole": (elman.LSTM, {"peephole": True, "coupled": True, "clip": 0.5}),
    "lstm_joint": (elman.LSTM, {"norm": "joint", "proj_size": 2}),
    "lstm_functions": (
        elman.LSTM,
        {
            "nonlinearity": "softsign",
            "gate_nonlinearity": "hard_sigmoid",
            "state_nonlinearity": elman.Activation("elu", 0.5),
        },
    ),
    "gru_joint": (elman.GRU, {"norm": "joint"}),
    "gru_dreamer": (elman.GRU, {"norm": "dreamer"}),
}
LAYERS = PLAIN | VARIANTS

every_layer = pytest.mark.parametrize("name", LAYERS)


def make_layer(name: str, *sizes: int, **options: Any) -> Any:
    """The layer of that name, I and H first."""
    kind, own = LAYERS[name]
    return kind(*sizes, **own, **options)


def parts(state: Any) -> list[Tensor]:
    """The parts of a state: (h,) or (h, c)."""
    return [state] if isinstance(state, Tensor) else list(state)


def whole(state: list[Tensor]) -> Any:
    """The state that a layer takes, from its parts."""
    return state[0] if len(state) == 1 else tuple(state)
