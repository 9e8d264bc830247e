"""The simple recurrent layer."""

from __future__ import annotations

import torch

from elman.cells.activations import Activation, ActivationName
from elman.cells.spec import CellSpec
from elman.layers.hidden_state import HiddenStateLayer
from elman.layers.recurrent import InitialState


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
        initial_state: what stands for a missing h_0: "zeros", or "random", a draw from the
            standard normal distribution at each call in training (zeros in evaluation).
        kernel: "auto", or the name of the kernel to insist on.
        device: where the weights are made.
        dtype: of the weights.

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
        nonlinearity: Activation | ActivationName = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        initial_state: InitialState = "zeros",
        kernel: str = "auto",
    ) -> None:
        super().__init__(
            CellSpec("rnn", nonlinearity=nonlinearity),
            input_size,
            hidden_size,
            num_layers,
            bias=bias,
            batch_first=batch_first,
            dropout=dropout,
            bidirectional=bidirectional,
            initial_state=initial_state,
            kernel=kernel,
            device=device,
            dtype=dtype,
        )
