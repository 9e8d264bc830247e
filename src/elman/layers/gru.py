"""The gated recurrent unit layer."""

from __future__ import annotations

from typing import Unpack

import torch

from elman.cells.activations import Function
from elman.cells.spec import CellSpec, Norm
from elman.layers.hidden_state import HiddenStateLayer
from elman.layers.options import LayerOptions


class GRU(HiddenStateLayer):
    """Gated recurrent unit, a drop-in for `torch.nn.GRU`, and in the form of Cho et al. as well.

        h_t = (1 - z_t) ⊙ n_t + z_t ⊙ h_(t-1)

    The gates' equations stand in `elman.cells.gru`. The weights are stacked r z n.

    A reset-before GRU computes something else with weights of the same names and shapes, so its
    `state_dict` carries the key `_extra_state`: strict loading then refuses it in `torch.nn.GRU`
    and in a reset-after GRU, and refuses theirs here. See `elman.layers.marks`.

    Args:
        input_size: I, the width of each step of the input.
        hidden_size: H, the width of the state.
        num_layers: L, layers on top of each other.
        bias: whether the gates have biases.
        batch_first: whether padded tensors are [B, T, ...] rather than [T, B, ...].
        dropout: rate of dropout between layers, in training.
        bidirectional: whether a second set of weights reads each sequence from its end.
        device: where the weights are made.
        dtype: of the weights.
        reset_after: whether the reset gate acts on the recurrent product (True, as in `torch.nn`)
            or on the state before it (False, as in Cho et al.).
        nonlinearity: of the candidate, an `Activation` or its name.
        gate_nonlinearity: of the gates.
        clip: the sum that enters each gate and the candidate is held between -clip and clip.
        norm: "none", "joint" for layer normalisation of W x and R h, or "dreamer" for that of
            Dreamer's world model.
        options: dropouts, zoneout, `init`, `initial_state`, `kernel` and `precision`; see
            `LayerOptions`.

    Raises:
        ConfigurationError: an option out of its range.

    Source: Cho et al. (2014), arXiv:1406.1078, equations 5 to 8.

    Example:
        >>> layer = GRU(8, 16, reset_after=False)
        >>> output, h_n = layer(torch.randn(5, 2, 8))
        >>> output.shape, h_n.shape
        (torch.Size([5, 2, 16]), torch.Size([1, 2, 16]))
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
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        *,
        reset_after: bool = True,
        nonlinearity: Function = "tanh",
        gate_nonlinearity: Function = "sigmoid",
        clip: float | None = None,
        norm: Norm = "none",
        **options: Unpack[LayerOptions],
    ) -> None:
        cell = CellSpec(
            "gru",
            nonlinearity,
            reset_after,
            gate_nonlinearity=gate_nonlinearity,
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
            device=device,
            dtype=dtype,
            **options,
        )
