"""One direction of a layer on the native core: tensors in, addresses out.

`csrc/recurrence.hpp` says what each pointer is to. The core reads and writes where it is told, so
everything that reaches it has been checked by `elman.kernels.cpu`, and is held here while it runs.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor

from elman.cells.activations import Activation
from elman.cells.spec import CellSpec, CellWeights, Kind
from elman.kernels.contract import Direction, Precision, SequenceCall
from elman.kernels.engine import engine_status

ENGINE: Any = importlib.import_module("elman._engine") if engine_status().built else None
"""The compiled module, or None where it was not built."""

FUNCTIONS = {"tanh": 0, "sigmoid": 1, "relu": 2, "hard_sigmoid": 3}
"""The functions that the core knows, and its numbers for them."""

_KINDS: dict[Kind, int] = {"rnn": 0, "lstm": 1, "gru": 2}
_RESET_BEFORE = 3
_PRECISIONS: dict[Precision, int] = {"full": 0, "bf16": 1}

# The weights in the order of csrc/recurrence.hpp, which has none of Dreamer's norm.
_CORE_WEIGHTS = (
    "ih", "hh", "bias_ih", "bias_hh", "hr", "peephole", "norm_ih", "norm_hh", "norm_c",
    "norm_c_bias",
)  # fmt: skip
_PLACES = tuple(CellWeights._fields.index(name) for name in _CORE_WEIGHTS)


_Argument = Tensor | int | None


@cache
def _cell(spec: CellSpec) -> tuple[Any, ...]:
    """A cell as the core takes it."""
    kind = _KINDS[spec.kind] if spec.reset_after else _RESET_BEFORE
    functions = [_function(one) for one in spec.activations]
    norm = spec.norm == "joint"
    return (kind, *functions, spec.peephole, spec.coupled, norm, spec.clip or 0.0)


def _function(one: Activation) -> tuple[int, float, float]:
    return FUNCTIONS[one.name], one.alpha or 0.0, one.beta or 0.0


def kept_widths(cell: CellSpec, hidden: int, zoneout: bool) -> tuple[int, int]:
    """How many numbers a step the forward pass keeps for the backward pass, in two tensors.

    The first holds the gates; the second c of an LSTM, or what the reset gate of a reset-after GRU
    multiplies, and after all of these what the joint norm needs. A plain simple network keeps
    nothing: its output says all.
    """
    gates = cell.gates * hidden
    norm = 2 * gates + 2 if cell.norm == "joint" else 0
    states = hidden if cell.kind == "lstm" or (cell.kind == "gru" and cell.reset_after) else 0
    if cell.kind == "rnn" and not zoneout:
        gates = 0
    return gates, states + norm


class Pass:
    """One direction of a call, forward or backward."""

    def __init__(self, call: SequenceCall, direction: Direction) -> None:
        self.cell = call.cell
        self.x = call.input.contiguous()
        self.weights = [_contiguous(direction.weights[place]) for place in _PLACES]
        self.direction = direction
        self.initial = [part.contiguous() for part in direction.initial]
        self.restart = [part.contiguous() for part in direction.restart]
        self.H = direction.weights.hh.shape[0] // call.cell.gates
        self.zoneout = [part.contiguous() for part in direction.kept]
        mask, self.resets = _contiguous(direction.recurrent_mask), _contiguous(direction.resets)
        pairs = [(*parts, None, None)[:2] for parts in (self.initial, self.restart)]
        self.states = [*pairs[0], *pairs[1], mask, *(*self.zoneout, None, None)[:2]]
        every_step = bool(self.zoneout) and len(self.zoneout[0]) != 1
        self.kept_stride = self.H if every_step or len(self.x) == 1 else 0
        sizes = torch.tensor(call.batch_sizes)
        self.sizes_and_starts = torch.stack([sizes, torch.cumsum(sizes, 0) - sizes])
        alive = self.sizes_and_starts.data_ptr()
        batch, width = self.initial[0].shape
        self.layout = ENGINE.layout(
            _cell(call.cell),
            _PRECISIONS[call.precision],
            direction.reverse,
            torch.get_num_threads(),
            batch,
            len(sizes),
            *self.x.shape,
            self.H,
            width,
            alive,
            alive + len(sizes) * sizes.element_size(),
            _address(self.resets),
        )

    def forward(self, y: Tensor, learning: bool) -> tuple[list[Tensor], Tensor, Tensor]:
        """Fill y ([N, P], strided); the final state, and the two tensors of `kept_widths`.

        Those are empty when no backward pass will want them.
        """
        widths = kept_widths(self.cell, self.H, bool(self.zoneout)) if learning else (0, 0)
        gates, more = (self.x.new_empty(len(y) if width else 0, width) for width in widths)
        finals = [torch.empty_like(part) for part in self.initial]
        h_n, c_n = (*finals, None)[:2]
        self._run(
            "forward", self.x, self.weights, 0, self.states, self.kept_stride, y, y.stride(0),
            h_n, c_n, self._kept(gates, more),
        )  # fmt: skip
        return finals, gates, more

    def backward(
        self,
        y: Tensor,
        gates: Tensor,
        more: Tensor,
        d_y: Tensor,
        d_final: Sequence[Tensor | None],
        d_x: Tensor | None,
        add_d_x: bool,
        weights_wanted: bool,
    ) -> tuple[list[Tensor | None], list[Tensor], list[Tensor]]:
        """Fill d_x, or add to it; the gradients of the weights, of `initial` and of `restart`.

        Those of the weights stand as in `CellWeights`, None where there is no weight, or all None
        when they are not wanted.
        """
        d_state = [
            torch.zeros_like(part)
            if given is None
            else given.clone(memory_format=torch.contiguous_format)
            for part, given in zip(self.initial, d_final, strict=True)
        ]
        d_restart = [torch.empty_like(part) for part in self.restart]
        wanted = self.weights if weights_wanted else [None] * len(self.weights)
        d_core = [None if one is None else torch.empty_like(one) for one in wanted]
        self._run(
            "backward", self.x, self.weights, self.states, self.kept_stride, y, y.stride(0),
            self._kept(gates, more), d_y, d_y.stride(0), *(*d_state, None)[:2],
            *(*d_restart, None, None)[:2], d_x, add_d_x, d_core,
        )  # fmt: skip
        d_weights: list[Tensor | None] = [None] * len(CellWeights._fields)
        for place, gradient in zip(_PLACES, d_core, strict=True):
            d_weights[place] = gradient
        return d_weights, d_state, d_restart

    def _kept(self, gates: Tensor, more: Tensor) -> list[int]:
        """Addresses of the gates, the states, and the normed sums and their scales."""
        if self.cell.norm == "none" or not more.numel():
            return [_address(gates), _address(more), 0, 0]
        steps, sums = len(more), self.cell.gates * self.H
        normed = more.data_ptr() + steps * (more.shape[1] - 2 * sums - 2) * more.element_size()
        scales = normed + steps * 2 * sums * more.element_size()
        return [
            _address(gates),
            more.data_ptr() if normed != more.data_ptr() else 0,
            normed,
            scales,
        ]

    def _run(
        self, name: str, *arguments: Tensor | int | Sequence[Tensor | int | None] | None
    ) -> None:
        dtype = str(self.x.dtype).removeprefix("torch.")
        addresses = [
            [_address(part) for part in one] if isinstance(one, Sequence) else _address(one)
            for one in arguments
        ]
        getattr(ENGINE, f"{name}_{dtype}")(self.layout, *addresses)


def _address(one: Tensor | int | None) -> int:
    """Where a tensor's numbers lie, 0 for none; numbers as they are."""
    if isinstance(one, int):
        return one
    return 0 if one is None or not one.numel() else one.data_ptr()


def _contiguous(tensor: Tensor | None) -> Tensor | None:
    return None if tensor is None else tensor.contiguous()
