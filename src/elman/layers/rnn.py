"""The simple recurrent layer."""

from __future__ import annotations

from typing import Unpack

import torch

from elman.cells.activations import Function
from elman.cells.spec import CellSpec, Norm
from elman.layers.hidden_state import HiddenStateLayer
from elman.layers.options import LayerOptions


class RNN(HiddenStateLayer):
    """Elman's simple recurrent network, a drop-in for `torch.nn.RNN`.

        h_t = f(W x_t + b + R h_(t-1) + b')

    Args:
        input_size: I, the width of each step of the input.
        hidden_size: H, the width of the state.
        num_layers: L, layers on top of each other.
        nonlinearity: f, an `Activation` or its name ("tanh" or "relu" as in `torch.nn`).
        bias: whether there are b and b'.
        batch_first: whether padded tensors are [B, T, ...] rather than [T, B, ...].
        dropout: rate of dropout between layers, in training.
        bidirectional: whether a second set of weights reads each sequence from its end.
        device: where the weights are made.
        dtype: of the weights.
        clip: the sum that enters f is held between -clip and clip.
        norm: "none", or "joint" for layer normalisation.
        options: dropouts, zoneout, `init`, `initial_state`, `kernel` and `precision`; see
            `LayerOptions`.

    Raises:
        ConfigurationError: an option out of its range.

    Source: Elman (1990), "Finding structure in time".

    Example:
        >>> layer = RNN(8, 16, batch_first=True)
        >>> output, h_n = layer(torch.randn(2, 5, 8), lengths=[5, 3])
        >>> output.shape, h_n.shape
        (torch.Size([2, 5, 16]), torch.Size([1, 2, 16]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: Function = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        clip: float | None = None,
        norm: Norm = "none",
        **options: Unpack[LayerOptions],
    ) -> None:
        super().__init__(
            CellSpec("rnn", nonlinearity, clip=clip, norm=norm),
            input_size,
            hidden_size,
            num_layers,
            bias=bias,
            batch_first=batch_first,
            dropout=dropout,
            bidirectional=bidirectional,
            device=device,
            dtype=dtype,
            **options,
        )
