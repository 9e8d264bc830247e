"""The layer that a cell's description asks for."""

from __future__ import annotations

from elman.cells.spec import CellSpec
from elman.layers.gru import GRU
from elman.layers.lstm import LSTM
from elman.layers.recurrent import Recurrent
from elman.layers.rnn import RNN


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
    """
    between = dropout if num_layers > 1 else 0.0
    if cell.kind == "rnn":
        return RNN(
            input_size,
            hidden_size,
            num_layers,
            cell.nonlinearity,
            dropout=between,
            bidirectional=bidirectional,
        )
    if cell.kind == "lstm":
        return LSTM(
            input_size, hidden_size, num_layers, dropout=between, bidirectional=bidirectional
        )
    return GRU(
        input_size,
        hidden_size,
        num_layers,
        dropout=between,
        bidirectional=bidirectional,
        reset_after=cell.reset_after,
    )
