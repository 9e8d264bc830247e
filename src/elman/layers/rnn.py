"""The simple recurrent layer."""

from __future__ import annotations

from typing import overload

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from elman.cells.spec import CellSpec, Nonlinearity
from elman.layers.inputs import Input, Lengths
from elman.layers.recurrent import InitialState, Recurrent
from elman.sequences import Ragged


class RNN(Recurrent):
    """Elman's simple recurrent network, a drop-in for `torch.nn.RNN`.

        h_t = f(W x_t + b + R h_(t-1) + b')

    Args:
        input_size: I, the width of each step of the input.
        hidden_size: H, the width of the state.
        num_layers: L, layers on top of each other.
        nonlinearity: f, "tanh" or "relu".
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
        nonlinearity: Nonlinearity = "tanh",
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

    @overload
    def forward(
        self, input: Tensor, hx: Tensor | None = None, *, lengths: Lengths | None = None
    ) -> tuple[Tensor, Tensor]: ...
    @overload
    def forward(
        self, input: PackedSequence, hx: Tensor | None = None
    ) -> tuple[PackedSequence, Tensor]: ...
    @overload
    def forward(self, input: Ragged, hx: Tensor | None = None) -> tuple[Ragged, Tensor]: ...
    def forward(
        self, input: Input, hx: Tensor | None = None, *, lengths: Lengths | None = None
    ) -> tuple[Input, Tensor]:
        """Run the layer over a batch.

        Args:
            input: padded [T, B, I] (or [B, T, I]), unbatched [T, I], a PackedSequence or a Ragged.
            hx: h_0, [L·D, B, H] ([L·D, H] unbatched); see `initial_state` when it is missing.
            lengths: [B] the real lengths of a padded batch; all T when missing.

        Returns:
            The output of the last layer, of the kind of the input, D·H wide, 0 at padding; and
            h_n [L·D, B, H], the state after each sequence's last real step (for the reverse
            direction: after its first).

        Raises:
            ShapeError: shapes, dtypes or lengths that do not fit.
        """
        output, (h_n,) = self._forward(input, None if hx is None else (hx,), lengths)
        return output, h_n
