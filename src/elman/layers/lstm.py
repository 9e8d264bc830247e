"""The long short-term memory layer."""

from __future__ import annotations

from typing import Unpack, overload

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from elman.cells.activations import Function
from elman.cells.spec import CellSpec, Norm
from elman.layers.inputs import Input, Lengths
from elman.layers.options import LayerOptions
from elman.layers.recurrent import Recurrent
from elman.layers.resets import Resets
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
        nonlinearity: of the candidate, an `Activation` or its name.
        gate_nonlinearity: of the gates.
        state_nonlinearity: of the cell state on its way to h.
        peephole: whether the gates see the cell state.
        coupled: whether the forget gate is 1 - i.
        clip: the sum that enters each gate and candidate is held between -clip and clip.
        norm: "none", or "joint" for layer normalisation.
        forget_bias: what the biases of the forget gate begin with; None leaves it to `init`.
        options: dropouts, zoneout, `init`, `initial_state`, `kernel` and `precision`; see
            `LayerOptions`.

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
        nonlinearity: Function = "tanh",
        gate_nonlinearity: Function = "sigmoid",
        state_nonlinearity: Function = "tanh",
        peephole: bool = False,
        coupled: bool = False,
        clip: float | None = None,
        norm: Norm = "none",
        forget_bias: float | None = None,
        **options: Unpack[LayerOptions],
    ) -> None:
        cell = CellSpec(
            "lstm",
            nonlinearity,
            gate_nonlinearity=gate_nonlinearity,
            state_nonlinearity=state_nonlinearity,
            peephole=peephole,
            coupled=coupled,
            clip=clip,
            norm=norm,
        )
        super().__init__(
            cell,
            input_size,
            hidden_size,
            num_layers,
            bias=bias,
            batch_first=batch_first,
            dropout=dropout,
            bidirectional=bidirectional,
            proj_size=proj_size,
            device=device,
            dtype=dtype,
            forget_bias=forget_bias,
            **options,
        )

    @overload
    def forward(
        self,
        input: Tensor,
        hx: LSTMState | None = None,
        *,
        lengths: Lengths | None = None,
        resets: Tensor | Ragged | None = None,
    ) -> tuple[Tensor, LSTMState]: ...
    @overload
    def forward(
        self, input: PackedSequence, hx: LSTMState | None = None, *, resets: Resets | None = None
    ) -> tuple[PackedSequence, LSTMState]: ...
    @overload
    def forward(
        self, input: Ragged, hx: LSTMState | None = None, *, resets: Tensor | Ragged | None = None
    ) -> tuple[Ragged, LSTMState]: ...
    def forward(
        self,
        input: Input,
        hx: LSTMState | None = None,
        *,
        lengths: Lengths | None = None,
        resets: Resets | None = None,
    ) -> tuple[Input, LSTMState]:
        """Run the layer over a batch.

        Args:
            input: padded [T, B, I] (or [B, T, I]), unbatched [T, I], a PackedSequence, a nested
                tensor of layout jagged, or a Ragged.
            hx: (h_0, c_0), [L·D, B, P or H] and [L·D, B, H] (without B when unbatched); see
                `initial_state` when it is missing.
            lengths: [B] the real lengths of a padded batch; all T when missing.
            resets: bool, true where the state is replaced before the step by the layer's own
                initial state: [T, B] (or [B, T]), [T] unbatched; otherwise of the kind of the
                input, or flat [N] in the order of its values. What stands at padding is not read.

        Returns:
            The output of the last layer, of the kind of the input, D·H wide (D·P with a
            projection), 0 at padding; and (h_n, c_n), the state after each sequence's last real
            step (for the reverse direction: after its first).

        Raises:
            ShapeError: shapes, dtypes, lengths or resets that do not fit.
        """
        output, (h_n, c_n) = self._forward(input, hx, lengths, resets)
        return output, (h_n, c_n)
