"""One direction of a layer on the native core: tensors in, addresses out.

`csrc/recurrence.hpp` says what each pointer is to. The core reads and writes where it is told, so
everything that reaches it has been checked by `elman.kernels.cpu`, and is held here while it runs.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any, cast

import torch
from torch import Tensor

from elman.cells.activations import Activation
from elman.cells.spec import CellSpec, CellWeights, Kind
from elman.kernels.contract import Precision, SequenceCall
from elman.kernels.engine import engine_status
from elman.kernels.plan import WEIGHTS, Plan, Tensors, flatten

ENGINE: Any = importlib.import_module("elman._engine") if engine_status().built else None
"""The compiled module, or None where it was not built."""

FUNCTIONS = {"tanh": 0, "sigmoid": 1, "relu": 2, "hard_sigmoid": 3}
"""The functions that the core knows, and its numbers for them."""

_KINDS: dict[Kind, int] = {"rnn": 0, "lstm": 1, "gru": 2}
_RESET_BEFORE = 3
_NOTHING_KEPT = [0, 0, 0, 0]
_MOST_LAYOUTS = 16
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


@lru_cache(maxsize=64)
def _alive_and_start(batch_sizes: tuple[int, ...]) -> Tensor:
    """[2, T] how many sequences are alive at each step, and where its rows begin."""
    alive = torch.tensor(batch_sizes, dtype=torch.int64)
    return torch.stack([alive, torch.cumsum(alive, 0) - alive])


class Pass:
    """One direction of a call, whose tensors are dense in memory, forward or backward.

    Args:
        plan: of the call.
        tensors: of the call, in the order of `flatten`.
        number: which of the directions.
    """

    def __init__(self, plan: Plan, tensors: Tensors, number: int) -> None:
        self.x: Tensor = tensors[0]  # type: ignore[assignment]
        first, parts = plan.firsts[number], plan.parts
        weights = tensors[first : first + WEIGHTS]
        self.weights = [weights[place] for place in _PLACES]
        resets, mask, *states = tensors[first + WEIGHTS : first + plan.each]
        self.initial: Sequence[Tensor] = states[:parts]  # type: ignore[assignment]
        self.restart, kept = states[parts : 2 * parts], states[2 * parts :]
        self.states = [*_pair(self.initial), *_pair(self.restart), _address(mask), *_pair(kept)]
        self.cell, self.packed, self.zoneout = plan.cell, plan.packed[number], kept[0] is not None
        rows, self.I = self.x.shape
        wide, self.P = cast(Tensor, weights[1]).shape
        self.H = wide // self.cell.gates
        every_step = kept[0] is not None and (kept[0].shape[0] > 1 or rows == 1)
        self.kept_stride = self.H if every_step else 0
        self._kind = (_cell(self.cell), _PRECISIONS[plan.precision], plan.reverses[number])
        alive_and_start = _alive_and_start(plan.batch_sizes)
        self.layout = self.described(
            alive_and_start, self.initial[0].shape[0], rows, _address(resets)
        )
        self.held = (alive_and_start, tensors)  # for as long as their addresses are in use
        self.suffix = "float64" if self.x.dtype == torch.float64 else "float32"

    def described(self, alive_and_start: Tensor, batch: int, rows: int, resets: int) -> Any:
        """What the core is told of a batch; its addresses must be held for as long as it is used.

        Args:
            alive_and_start: [2, T], see `_alive_and_start`.
            batch: B.
            rows: N, of the packed input.
            resets: the address of [N] bool, 0 for none.
        """
        steps, alive = alive_and_start.shape[1], alive_and_start.data_ptr()
        return ENGINE.layout(
            *self._kind,
            torch.get_num_threads(),
            batch,
            steps,
            rows,
            self.I,
            self.H,
            self.P,
            alive,
            alive + steps * 8,
            resets,
        )

    def forward(self, y: Tensor, learning: bool) -> tuple[list[Tensor], Tensor, Tensor]:
        """Fill y ([N, P], strided); the final state, and the two tensors of `kept_widths`.

        Those are empty when no backward pass will want them.
        """
        widths = kept_widths(self.cell, self.H, self.zoneout) if learning else (0, 0)
        gates, more = (y.new_empty(len(y) if width else 0, width) for width in widths)
        finals = [torch.empty_like(part) for part in self.initial]
        getattr(ENGINE, "forward_" + self.suffix)(
            self.layout, self.x.data_ptr(), _addresses(self.weights), self._packed(),
            self.states, self.kept_stride, y.data_ptr(), y.stride(0), *_pair(finals),
            self._kept(gates, more),
        )  # fmt: skip
        return finals, gates, more

    def _packed(self) -> int:
        """Where the packed weights lie; 0 where the core is to pack them."""
        return 0 if self.packed is None else self.packed.address

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
    ) -> tuple[list[Tensor | None], list[Tensor], list[Tensor | None]]:
        """Fill d_x, or add to it; the gradients of the weights, of `initial` and of `restart`.

        Those of the weights stand as in `CellWeights`, None where there is no weight, or all None
        when they are not wanted; those of `restart` are None where it is.
        """
        d_state = [
            torch.zeros_like(part)
            if given is None
            else given.clone(memory_format=torch.contiguous_format)
            for part, given in zip(self.initial, d_final, strict=True)
        ]
        d_restart = [None if part is None else torch.empty_like(part) for part in self.restart]
        d_weights: list[Tensor | None] = [None] * len(CellWeights._fields)
        if weights_wanted:
            for place, weight in zip(_PLACES, self.weights, strict=True):
                d_weights[place] = None if weight is None else torch.empty_like(weight)
        getattr(ENGINE, "backward_" + self.suffix)(
            self.layout, self.x.data_ptr(), _addresses(self.weights), self.states,
            self.kept_stride, y.data_ptr(), y.stride(0), self._kept(gates, more), d_y.data_ptr(),
            d_y.stride(0), *_pair(d_state), *_pair(d_restart), _address(d_x), add_d_x,
            _addresses([d_weights[place] for place in _PLACES]),
        )  # fmt: skip
        return d_weights, d_state, d_restart

    def _kept(self, gates: Tensor, more: Tensor) -> list[int]:
        """Addresses of the gates, the states, and the normed sums and their scales."""
        if self.cell.norm == "none" or not more.numel():
            return [gates.data_ptr(), more.data_ptr(), 0, 0]
        steps, sums = len(more), self.cell.gates * self.H
        normed = more.data_ptr() + steps * (more.shape[1] - 2 * sums - 2) * more.element_size()
        scales = normed + steps * 2 * sums * more.element_size()
        states = more.data_ptr() if normed != more.data_ptr() else 0
        return [gates.data_ptr(), states, normed, scales]


def _address(tensor: Tensor | None) -> int:
    """Where a tensor's numbers lie; 0 for none, and for one that is empty."""
    return 0 if tensor is None else tensor.data_ptr()


def _addresses(tensors: Tensors) -> list[int]:
    return [0 if tensor is None else tensor.data_ptr() for tensor in tensors]


def _pair(parts: Tensors) -> tuple[int, int]:
    """Addresses of h and c, 0 for what is missing."""
    return _address(parts[0]), _address(parts[1]) if len(parts) > 1 else 0


class PackedWeights:
    """The weights of one direction of a layer as the core reads them: a copy, made once.

    Args:
        call: a call of the layer; its length and its state do not matter.
        number: which of its directions.
    """

    def __init__(self, call: SequenceCall, number: int) -> None:
        one = Pass(*flatten(call), number)
        pack = getattr(ENGINE, "pack_" + one.suffix)
        self._held = pack(one.layout, _addresses(one.weights))
        self.address: int = self._held.address


class FrozenDirection:
    """One direction of a layer for prediction, its weights packed, over sequences of one length.

    Args:
        call: which says everything but the input, its length and the state; what it holds must not
            change any more.
        packed: its weights.
    """

    def __init__(self, call: SequenceCall, packed: PackedWeights) -> None:
        self._pass = Pass(*flatten(call), 0)
        self._weights = _addresses(self._pass.weights)
        self._packed = packed
        self._run = getattr(ENGINE, "forward_" + self._pass.suffix)
        self._layouts: dict[tuple[int, int, int], tuple[Any, Tensor]] = {}

    def run(self, x: Tensor, steps: int, state: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """The output [T·B, P] and the final state, from x [T·B, I] and the state before it.

        All are dense in memory, of the call's widths and dtype.

        Args:
            x: step after step.
            steps: T.
            state: the parts of the state, [B, H] each.
        """
        y = x.new_empty(len(x), self._pass.P)
        finals = [torch.empty_like(part) for part in state]
        self._run(
            self._layout(steps, len(state[0])), x.data_ptr(), self._weights, self._packed.address,
            [*_pair(state), *self._pass.states[2:]], 0, y.data_ptr(), self._pass.P,
            *_pair(finals), _NOTHING_KEPT,
        )  # fmt: skip
        return y, finals

    def _layout(self, steps: int, batch: int) -> Any:
        """What the core is told of such a batch; the last few are kept."""
        key = (steps, batch, torch.get_num_threads())
        known = self._layouts.get(key)
        if known is None:
            if len(self._layouts) == _MOST_LAYOUTS:
                self._layouts.clear()
            alive_and_start = _alive_and_start((batch,) * steps)
            layout = self._pass.described(alive_and_start, batch, steps * batch, 0)
            known = self._layouts[key] = (layout, alive_and_start)
        return known[0]
