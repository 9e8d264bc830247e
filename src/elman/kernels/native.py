"""One direction of a layer on the native core: tensors in, addresses out.

`csrc/recurrence.hpp` says what each pointer is to. The core reads and writes where it is told, so
everything that reaches it has been checked by `elman.kernels.cpu`, and is held here while it runs.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from elman.cells.spec import CellSpec
from elman.kernels.contract import Direction, Precision, SequenceCall
from elman.kernels.engine import engine_status

ENGINE: Any = importlib.import_module("elman._engine") if engine_status().built else None
"""The compiled module, or None where it was not built."""

CELLS = {
    CellSpec("rnn", nonlinearity="tanh"): 0,
    CellSpec("rnn", nonlinearity="relu"): 1,
    CellSpec("lstm"): 2,
    CellSpec("gru"): 3,
    CellSpec("gru", reset_after=False): 4,
}
"""The cells that the core knows, and its numbers for them."""

_PRECISIONS: dict[Precision, int] = {"full": 0, "bf16": 1}


class Pass:
    """One direction of a call, forward or backward."""

    def __init__(self, call: SequenceCall, direction: Direction) -> None:
        self.cell = call.cell
        self.x = call.input.contiguous()
        self.weights = [None if one is None else one.contiguous() for one in direction.weights[:4]]
        self.initial = [part.contiguous() for part in direction.initial]
        self.resets = None if direction.resets is None else direction.resets.contiguous()
        batch, self.H = self.initial[0].shape
        sizes = torch.tensor(call.batch_sizes)
        self.sizes_and_starts = torch.stack([sizes, torch.cumsum(sizes, 0) - sizes])
        alive = self.sizes_and_starts.data_ptr()
        self.layout = ENGINE.layout(
            CELLS[call.cell],
            _PRECISIONS[call.precision],
            direction.reverse,
            torch.get_num_threads(),
            batch,
            len(sizes),
            *self.x.shape,
            self.H,
            alive,
            alive + len(sizes) * sizes.element_size(),
            _address(self.resets),
        )

    def forward(self, y: Tensor, learning: bool) -> tuple[list[Tensor], Tensor, Tensor]:
        """Fill y ([N, H], strided); the final state, and the gates and c or q that are kept.

        The gates are [N, G·H], c (LSTM) or q = R_n h + b'_n (GRU reset-after) [N, H]; both are
        empty when no backward pass will want them.
        """
        gates, c = self._kept(learning)
        finals = [torch.empty_like(part) for part in self.initial]
        h_0, c_0 = (*self.initial, None)[:2]
        h_n, c_n = (*finals, None)[:2]
        self._run(
            "forward", self.x, *self.weights, None, h_0, c_0, y, y.stride(0), h_n, c_n, gates, c
        )
        return finals, gates, c

    def backward(
        self,
        y: Tensor,
        gates: Tensor,
        c: Tensor,
        d_y: Tensor,
        d_final: Sequence[Tensor | None],
        d_x: Tensor | None,
        add_d_x: bool,
        weights_wanted: bool,
    ) -> tuple[list[Tensor | None], list[Tensor]]:
        """Fill d_x, or add to it; the gradients of the weights when wanted, and of h_0 and c_0."""
        d_state = [
            torch.zeros_like(part)
            if given is None
            else given.clone(memory_format=torch.contiguous_format)
            for part, given in zip(self.initial, d_final, strict=True)
        ]
        wanted = self.weights if weights_wanted else [None] * 4
        d_weights = [None if one is None else torch.empty_like(one) for one in wanted]
        h_0, c_0 = (*self.initial, None)[:2]
        d_h, d_c = (*d_state, None)[:2]
        self._run(
            "backward", self.x, *self.weights, h_0, c_0, y, y.stride(0), gates, c, d_y,
            d_y.stride(0), d_h, d_c, d_x, add_d_x, *d_weights,
        )  # fmt: skip
        return d_weights, d_state

    def _kept(self, learning: bool) -> tuple[Tensor, Tensor]:
        nothing = self.x.new_empty(0)
        if not learning or self.cell.kind == "rnn":
            return nothing, nothing
        steps = len(self.x)
        keeps_c = self.cell.kind == "lstm" or self.cell.reset_after
        gates = self.x.new_empty(steps, self.cell.gates * self.H)
        return gates, self.x.new_empty(steps, self.H) if keeps_c else nothing

    def _run(self, name: str, *arguments: Tensor | int | None) -> None:
        addresses = [_address(one) if not isinstance(one, int) else one for one in arguments]
        dtype = str(self.x.dtype).removeprefix("torch.")
        getattr(ENGINE, f"{name}_{dtype}")(self.layout, *addresses)


def _address(tensor: Tensor | None) -> int:
    """Where a tensor's numbers lie; 0 for none."""
    return 0 if tensor is None or not tensor.numel() else tensor.data_ptr()
