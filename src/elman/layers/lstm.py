"""The long short-term memory layer."""

from __future__ import annotations

from typing import overload

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from elman.cells.spec import CellSpec
from elman.layers.inputs import Input, Lengths
from elman.layers.recurrent import InitialState, Recurrent
from elman.sequences import Ragged

LSTMState = tuple[Tensor, Tensor]


class LSTM(Recurrent):
    """Long short-term memory, a drop-in for `torch.nn.LSTM`.

        c_t = f_t ⊙ c_(t-1) + i_t ⊙ g_t,    h_t = o_t ⊙ tanh(c_t)

    The gates' equations stand in `elman.cells.lstm`. The weights are stacked i f g o.

    Args:
        input_size: I, the width of each step of the input.
        hidden_size: H, the width of the cell state.
        num_layers: L, layers on top of each other.
        bias: whether the gates have biases.
        batch_first: whether padded tensors are [B, T, ...] rather than [T, B, ...].
        dropout: rate of dropout between layers, in training.
        bidirectional: whether a second set of weights reads each sequence from its end.
        proj_size: P, the width that h is projected to; 0 for no projection.
        device: where the weights are made.
        dtype: of the weights.
        initial_state: what stands for a missing (h_0, c_0): "zeros", or "random", a draw from the
            standard normal distribution at each call in training (zeros in evaluation).
        kernel: "auto", or the name of the kernel to insist on.

    Raises:
        ConfigurationError: an option out of its range.

    Source: Hochreiter, Schmidhuber (1997); Gers, Schmidhuber, Cummins (2000).

    Example:
        >>> layer = LSTM(8, 16, bidirectional=True)
        >>> output, (h_n, c_n) = layer(torch.randn(5, 2, 8), lengths=[5, 3])
        >>> output.shape, h_n.shape
        (torch.Size([5, 2, 32]), torch.Size([2, 2, 16]))
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        initial_state: InitialState = "zeros",
        kernel: str = "auto",
    ) -> None:
        super().__init__(
            CellSpec("lstm"),
            input_size,
            hidden_size,
            num_layers,
            bias=bias,
            batch_first=batch_first,
            dropout=dropout,
            bidirectional=bidirectional,
            proj_size=proj_size,
            initial_state=initial_state,
            kernel=kernel,
            device=device,
            dtype=dtype,
        )

    @overload
    def forward(
        self, input: Tensor, hx: LSTMState | None = None, *, lengths: Lengths | None = None
    ) -> tuple[Tensor, LSTMState]: ...
    @overload
    def forward(
        self, input: PackedSequence, hx: LSTMState | None = None
    ) -> tuple[PackedSequence, LSTMState]: ...
    @overload
    def forward(self, input: Ragged, hx: LSTMState | None = None) -> tuple[Ragged, LSTMState]: ...
    def forward(
        self, input: Input, hx: LSTMState | None = None, *, lengths: Lengths | None = None
    ) -> tuple[Input, LSTMState]:
        """Run the layer over a batch.

        Args:
            input: padded [T, B, I] (or [B, T, I]), unbatched [T, I], a PackedSequence or a Ragged.
            hx: (h_0, c_0), [L·D, B, P or H] and [L·D, B, H] (without B when unbatched); see
                `initial_state` when it is missing.
            lengths: [B] the real lengths of a padded batch; all T when missing.

        Returns:
            The output of the last layer, of the kind of the input, D·H wide (D·P with a
            projection), 0 at padding; and (h_n, c_n), the state after each sequence's last real
            step (for the reverse direction: after its first).

        Raises:
            ShapeError: shapes, dtypes or lengths that do not fit.
        """
        output, (h_n, c_n) = self._forward(input, hx, lengths)
        return output, (h_n, c_n)
