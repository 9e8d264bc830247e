"""What RNN, LSTM and GRU share: weights named as in `torch.nn`, and options of their cells."""

from __future__ import annotations

from typing import Any, Unpack

import torch

from elman.cells.spec import CellSpec
from elman.layers import marks
from elman.layers.cell_layer import CellLayer
from elman.layers.initialisation import Init, check_init, initialise
from elman.layers.options import (
    BEGINNINGS,
    DROPOUTS,
    RUNS,
    SHAPES,
    SharedOptions,
    check_projection,
    shown,
)
from elman.layers.weights import gather


class Recurrent(CellLayer):
    """The base of `RNN`, `LSTM` and `GRU`.

    The weights are `weight_ih_l0` [G·H, I], `weight_hh_l0` [G·H, H], `bias_ih_l0` and `bias_hh_l0`
    [G·H], with `_reverse` for the reverse direction, and `_l1` and so on, whose input is D·H wide;
    and what the cell's options add to them.
    """

    cell: CellSpec

    def __init__(
        self,
        cell: CellSpec,
        input_size: int,
        hidden_size: int,
        num_layers: int,
        *,
        bias: bool,
        batch_first: bool,
        dropout: float,
        bidirectional: bool,
        device: torch.device | str | None,
        dtype: torch.dtype | None,
        proj_size: int = 0,
        init: Init = "torch",
        t_max: float | None = None,
        forget_bias: float | None = None,
        **options: Unpack[SharedOptions],
    ) -> None:
        super().__init__(
            cell,
            input_size,
            hidden_size,
            num_layers,
            bias=bias,
            batch_first=batch_first,
            dropout=dropout,
            bidirectional=bidirectional,
            **options,
        )
        self.proj_size = proj_size
        self.init = init
        self.t_max = t_max
        self.forget_bias = forget_bias
        check_projection(self)
        check_init(cell, init, bias=bias, t_max=t_max, forget_bias=forget_bias)
        self._begin(device, dtype, stacklevel=4)

    @property
    def state_widths(self) -> list[int]:
        """P or H for h, always H for c."""
        both = [self.proj_size or self.hidden_size, self.hidden_size]
        return both[: len(self.cell.state_names)]

    def weights_above(self, width: int) -> dict[str, tuple[int, ...]]:
        """The fields of `CellWeights` of one layer and direction, with their shapes."""
        return self.cell.weight_shapes(width, self.hidden_size, self.proj_size, bias=self.bias)

    def _initialise(self, names: dict[str, str]) -> None:
        initialise(
            gather(self, names), self.cell, self.init,
            t_max=self.t_max, forget_bias=self.forget_bias,
        )  # fmt: skip

    def _save_to_state_dict(
        self, destination: dict[str, Any], prefix: str, keep_vars: bool
    ) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        marks.put(marks.mark_of(self.cell), destination, prefix)

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
        lists = missing_keys, unexpected_keys, error_msgs
        super()._load_from_state_dict(state_dict, prefix, local_metadata, strict, *lists)
        marks.check(marks.mark_of(self.cell), state_dict, prefix, strict, *lists)

    def extra_repr(self) -> str:
        """The options that differ from their defaults."""
        return ", ".join(
            [
                f"{self.input_size}, {self.hidden_size}",
                *shown(self, {"proj_size": 0} | SHAPES),
                *shown(self.cell, vars(CellSpec(self.cell.kind))),
                *shown(self, DROPOUTS | BEGINNINGS | RUNS),
            ]
        )
