"""The layer that a cell's description asks for."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from elman.cells.spec import CellSpec, Kind
from elman.layers.gru import GRU
from elman.layers.lstm import LSTM
from elman.layers.recurrent import Recurrent
from elman.layers.rnn import RNN

_LAYERS: dict[Kind, Any] = {"rnn": RNN, "lstm": LSTM, "gru": GRU}


def recurrent_layer(
    cell: CellSpec,
    input_size: int,
    hidden_size: int,
    *,
    num_layers: int = 1,
    bidirectional: bool = False,
    dropout: float = 0.0,
) -> Recurrent:
    """An RNN, LSTM or GRU by its `CellSpec`.

    Args:
        cell: which cell, and its options.
        input_size: I, the width of each step of the input.
        hidden_size: H, the width of the state of one direction.
        num_layers: L, layers on top of each other.
        bidirectional: whether a second set of weights reads each sequence from its end.
        dropout: rate of dropout between layers; without effect when there is one layer only.

    Example:
        >>> recurrent_layer(CellSpec("lstm", peephole=True), 3, 4)
        LSTM(3, 4, peephole=True)
    """
    plain = CellSpec(cell.kind)
    options = {field.name: getattr(cell, field.name) for field in fields(CellSpec)}
    layer: Recurrent = _LAYERS[cell.kind](
        input_size,
        hidden_size,
        num_layers,
        bidirectional=bidirectional,
        dropout=dropout if num_layers > 1 else 0.0,
        **{name: value for name, value in options.items() if value != getattr(plain, name)},
    )
    return layer
