"""The gated recurrent unit layer."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from elman.cells.spec import CellSpec
from elman.layers.hidden_state import HiddenStateLayer
from elman.layers.recurrent import InitialState


class GRU(HiddenStateLayer):
    """Gated recurrent unit, a drop-in for `torch.nn.GRU`, and in the form of Cho et al. as well.

        h_t = (1 - z_t) ⊙ n_t + z_t ⊙ h_(t-1)

    The gates' equations stand in `elman.cells.gru`. The weights are stacked r z n.

    A reset-before GRU computes something else with weights of the same names and shapes, so its
    `state_dict` carries the key `_extra_state`: strict loading then refuses it in `torch.nn.GRU`
    and in a reset-after GRU, and refuses theirs here.

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
        initial_state: what stands for a missing h_0: "zeros", or "random", a draw from the
            standard normal distribution at each call in training (zeros in evaluation).
        kernel: "auto", or the name of the kernel to insist on.

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
        initial_state: InitialState = "zeros",
        kernel: str = "auto",
    ) -> None:
        super().__init__(
            CellSpec("gru", reset_after=reset_after),
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

    # --- the mark of a layer that computes something else at torch's keys and shapes

    def _save_to_state_dict(
        self, destination: dict[str, Any], prefix: str, keep_vars: bool
    ) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        if not self.cell.reset_after:
            destination[prefix + _MARK] = _RESET_BEFORE.clone()

    def _load_from_state_dict(
        self,
        state_dict: dict[str, Any],
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )
        key = prefix + _MARK
        if self.cell.reset_after:
            return
        if key not in state_dict:
            if strict:
                missing_keys.append(key)
            return
        if key in unexpected_keys:
            unexpected_keys.remove(key)
        mark = state_dict[key]
        if not isinstance(mark, Tensor) or mark.tolist() != _RESET_BEFORE.tolist():
            error_msgs.append(f"{key} does not say 'reset_before': the weights are of another cell")


_MARK = "_extra_state"
# Bytes in a tensor, so that the state_dict can be written as safetensors.
_RESET_BEFORE = torch.tensor(list(b"reset_before"), dtype=torch.uint8)
