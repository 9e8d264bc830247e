"""The fused recurrence of the native core, on the CPU.

One layer is three parts: the projection of all steps (one product), the recurrence (one call a
direction), and in the backward pass the products for the input and for the weights (one each over
all real steps). The equations stand in csrc/cells.hpp. The products are the core's own as well: the
library behind `torch.mm` does not use the widest registers of every processor.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from elman.cells.spec import CellSpec, CellWeights
from elman.errors import ShapeError
from elman.kernels import reference
from elman.kernels.contract import Direction, SequenceCall, SequenceResult
from elman.kernels.engine import engine_status

NAME = "cpu"

_CELLS = {
    CellSpec("rnn", nonlinearity="tanh"): 0,
    CellSpec("rnn", nonlinearity="relu"): 1,
    CellSpec("lstm"): 2,
    CellSpec("gru"): 3,
    CellSpec("gru", reset_after=False): 4,
}
_LARGEST = 2**31
_ENGINE: Any = importlib.import_module("elman._engine") if engine_status().built else None


def why_not(call: SequenceCall) -> str | None:
    """Why the native core cannot serve a call, in one clause; None when it can."""
    tensors = _tensors(call)
    dtypes = {tensor.dtype for tensor in tensors}
    if _ENGINE is None:
        return "the native core was not built"
    if not call.batch_sizes:
        return "there is no step to run"
    if call.cell not in _CELLS:
        return "the cell has no fused form"
    if any(direction.weights.hr is not None for direction in call.directions):
        return "a projected LSTM has no fused form"
    if any(d.resets is not None for d in call.directions):
        return "resets have no fused form yet"
    if any(d.recurrent_mask is not None or d.kept for d in call.directions):
        return "recurrent dropout and zoneout have no fused form yet"
    if call.precision != "full":
        return "bfloat16 has no fused form yet"
    if any(tensor.device.type != "cpu" for tensor in tensors):
        return "it computes on the CPU only"
    if dtypes not in ({torch.float32}, {torch.float64}):
        return f"it computes in float32 or float64, and was given {_names(dtypes)}"
    if max(tensor.numel() for tensor in tensors) >= _LARGEST:
        return "a tensor has 2^31 numbers or more"
    if torch.compiler.is_compiling():
        return "torch.compile cannot look into it yet"
    if any(map(_transformed, tensors)):
        return "forward mode and function transforms need the reference's own operations"
    return None


def run(call: SequenceCall) -> SequenceResult:
    """Run a call that `why_not` has no objection to.

    Raises:
        ShapeError: the tensors do not fit together; the native core would read beyond them.
    """
    _check(call)
    tensors = _flat(call)
    learning = torch.is_grad_enabled() and any(one.requires_grad for one in _tensors(call))
    plan = _Plan(call.cell, call.batch_sizes, tuple(d.reverse for d in call.directions), learning)
    results: tuple[Tensor, ...] = _Recurrence.apply(plan, *tensors)  # type: ignore[no-untyped-call]
    return SequenceResult(results[0], plan.finals(results))


def _check(call: SequenceCall) -> None:
    sizes, (steps, inputs) = call.batch_sizes, call.input.shape
    if sum(sizes) != steps or list(sizes) != sorted(sizes, reverse=True) or sizes[-1] < 1:
        raise _misfit(f"batch sizes {list(sizes[:8])}…", f"falling, {steps} in all")
    for direction in call.directions:
        batch, hidden = direction.initial[0].shape
        rows = call.cell.gates * hidden
        wanted = [(rows, inputs), (rows, hidden), (rows,), (rows,)]
        wanted += [(batch, hidden)] * len(call.cell.state_names)
        found = [*direction.weights[:4], *direction.initial]
        for tensor, shape in zip(found, wanted, strict=True):
            if tensor is not None and tensor.shape != shape:
                raise _misfit(f"a tensor of shape {list(tensor.shape)}", f"{list(shape)}")
        if batch < sizes[0]:
            raise _misfit(f"an initial state of {batch} sequences", f"{sizes[0]} or more")


def _misfit(found: str, expected: str) -> ShapeError:
    return ShapeError(f"The call has {found}.", where="kernel cpu", expected=expected)


# --- one call as a list of tensors, which is what autograd sees


@dataclass(frozen=True)
class _Plan:
    """What is no tensor in a call, and whether its backward pass will be wanted."""

    cell: CellSpec
    batch_sizes: tuple[int, ...]
    reverses: tuple[bool, ...]
    learning: bool

    def call(self, tensors: Sequence[Tensor | None]) -> SequenceCall:
        """The call that `_flat` took apart, missing biases as None."""
        each = 4 + len(self.cell.state_names)
        directions = []
        for number, reverse in enumerate(self.reverses):
            part = tensors[1 + number * each : 1 + (number + 1) * each]
            weights = CellWeights(*part[:4])  # type: ignore[arg-type]
            directions.append(Direction(weights, tuple(part[4:]), reverse))  # type: ignore[arg-type]
        return SequenceCall(self.cell, tensors[0], self.batch_sizes, tuple(directions))  # type: ignore[arg-type]

    def finals(self, results: Sequence[Tensor]) -> tuple[tuple[Tensor, ...], ...]:
        """The final states among the results of a forward pass, direction by direction."""
        parts = len(self.cell.state_names)
        starts = range(1, 1 + parts * len(self.reverses), parts)
        return tuple(tuple(results[start : start + parts]) for start in starts)


def _flat(call: SequenceCall) -> list[Tensor | None]:
    flat: list[Tensor | None] = [call.input]
    for direction in call.directions:
        flat += [*direction.weights[:4], *direction.initial]
    return flat


def _tensors(call: SequenceCall) -> list[Tensor]:
    return [tensor for tensor in _flat(call) if tensor is not None]


def _names(dtypes: set[torch.dtype]) -> str:
    return " and ".join(sorted(str(dtype).removeprefix("torch.") for dtype in dtypes))


def _transformed(tensor: Tensor) -> bool:
    """Whether a tensor carries a tangent, or stands for others under a function transform."""
    return torch.autograd.forward_ad.unpack_dual(tensor).tangent is not None or bool(
        torch._C._functorch.is_functorch_wrapped_tensor(tensor)
    )


class _Recurrence(torch.autograd.Function):
    """The fused passes; a second derivative is the reference's, recomputed."""

    @staticmethod
    def forward(plan: _Plan, *tensors: Tensor | None) -> tuple[Tensor, ...]:
        """The output, the final states, and for each direction the activated gates and c or q."""
        call = plan.call(tensors)
        hidden = call.directions[0].weights.hh.shape[1]
        y = call.input.new_empty(call.input.shape[0], hidden * len(call.directions))
        finals: list[Tensor] = []
        kept: list[Tensor] = []
        for number, direction in enumerate(call.directions):
            run = _Pass(call, direction)
            place = y[:, number * hidden : (number + 1) * hidden]
            final, gates, c = run.forward(place, plan.learning)
            finals += final
            kept += [gates, c]
        return (y, *finals, *kept)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        """Keep what the backward pass needs."""
        plan, *tensors = inputs
        kept = output[1 + len(plan.cell.state_names) * len(plan.reverses) :]
        ctx.plan = plan
        ctx.number = len(tensors)
        ctx.mark_non_differentiable(*kept)
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(*tensors, output[0], *kept)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        """The gradient of every tensor that needs one."""
        plan: _Plan = ctx.plan
        saved = ctx.saved_tensors
        tensors, (y, *kept) = saved[: ctx.number], saved[ctx.number :]
        wanted = ctx.needs_input_grad[1:]
        if torch.is_grad_enabled():
            return (None, *_through_reference(plan, tensors, gradients, wanted))
        call = plan.call(tensors)
        hidden = call.directions[0].weights.hh.shape[1]
        d_y = torch.zeros_like(y) if gradients[0] is None else gradients[0].contiguous()
        d_input: Tensor | None = None
        answers: list[Tensor | None] = []
        each = 4 + len(plan.cell.state_names)
        d_finals = plan.finals(gradients)  # type: ignore[arg-type]
        for number, direction in enumerate(call.directions):
            columns = slice(number * hidden, (number + 1) * hidden)
            want = wanted[1 + number * each : 1 + (number + 1) * each]
            gates, c = kept[2 * number : 2 * number + 2]
            run = _Pass(call, direction)
            d_Wx, answer = run.backward(
                y[:, columns], gates, c, d_y[:, columns], d_finals[number], want
            )
            answers += answer
            if wanted[0]:
                d_x = _product(d_Wx, run.weights.ih.t())
                d_input = d_x if d_input is None else d_input.add_(d_x)
        return (None, d_input, *answers)


def _through_reference(
    plan: _Plan,
    tensors: Sequence[Tensor | None],
    gradients: Sequence[Tensor | None],
    wanted: Sequence[bool],
) -> list[Tensor | None]:
    """The gradients as a graph of plain operations, so that they can be differentiated again."""
    with torch.enable_grad():
        result = reference.run(plan.call(tensors))
    outputs = [result.output, *(part for final in result.final for part in final)]
    pairs = [pair for pair in zip(outputs, gradients, strict=False) if pair[1] is not None]
    sources = [tensor for tensor, want in zip(tensors, wanted, strict=True) if want]
    found = iter(
        torch.autograd.grad(
            [output for output, _ in pairs],
            sources,  # type: ignore[arg-type]
            [gradient for _, gradient in pairs],
            create_graph=True,
            allow_unused=True,
        )
    )
    return [next(found) if want else None for want in wanted]


def _native(name: str, like: Tensor) -> Any:
    """A function of the core for the dtype of a tensor."""
    return getattr(_ENGINE, f"{name}_{str(like.dtype).removeprefix('torch.')}")


def _product(rows: Tensor, weights: Tensor, bias: Tensor | None = None) -> Tensor:
    """Of all rows [N, K] with weights [M, K] (or their transpose): rows · weightsᵀ + bias."""
    transposed = not weights.is_contiguous()
    laid_out = weights.t() if transposed else weights
    out = rows.new_empty(len(rows), len(weights))
    _native("product", rows)(
        rows.data_ptr(),
        laid_out.data_ptr(),
        0 if bias is None else bias.data_ptr(),
        out.data_ptr(),
        *rows.shape,
        len(weights),
        transposed,
        torch.get_num_threads(),
    )
    return out


def _transposed_product(left: Tensor, right: Tensor) -> Tensor:
    """The product leftᵀ · right over all steps, [N, A] and [N, B] to [A, B]."""
    out = left.new_empty(left.shape[1], right.shape[1])
    _native("transposed_product", left)(
        left.data_ptr(),
        left.stride(0),
        right.data_ptr(),
        out.data_ptr(),
        len(left),
        *out.shape,
        torch.get_num_threads(),
    )
    return out


class _Pass:
    """One direction of a call, forward or backward: the products, and the native recurrence."""

    def __init__(self, call: SequenceCall, direction: Direction) -> None:
        self.cell = call.cell
        self.x = call.input.contiguous()
        self.weights = CellWeights(
            *(None if one is None else one.contiguous() for one in direction.weights)  # type: ignore[arg-type]
        )
        self.initial = tuple(part.contiguous() for part in direction.initial)
        self.H = self.weights.hh.shape[1]
        sizes = torch.tensor(call.batch_sizes)
        self.sizes_and_starts = torch.stack([sizes, torch.cumsum(sizes, 0) - sizes])
        alive = self.sizes_and_starts.data_ptr()
        batch = len(self.initial[0])
        self.layout = _ENGINE.layout(
            _CELLS[call.cell],
            direction.reverse,
            batch,
            len(sizes),
            len(self.x),
            self.H,
            alive,
            alive + len(sizes) * sizes.element_size(),
            max(1, min(torch.get_num_threads(), batch)),
        )
        self.inner_bias = call.cell.kind == "gru" and call.cell.reset_after

    def native(self, name: str, *arguments: Tensor | int | None) -> None:
        """Call a function of the core, tensors as their addresses, None as 0."""
        addresses = [one.data_ptr() if isinstance(one, Tensor) else one or 0 for one in arguments]
        _native(name, self.x)(self.layout, *addresses)

    def forward(self, y: Tensor, learning: bool) -> tuple[list[Tensor], Tensor, Tensor]:
        """Fill y ([N, H], strided); the final state, and the gates and c or q that are kept."""
        Wx = self._projected()
        finals = [torch.empty_like(part) for part in self.initial]
        h_0, c_0 = (*self.initial, None)[:2]
        h_n, c_n = (*finals, None)[:2]
        nothing = y.new_empty(0)
        gates = Wx if learning and self.cell.kind != "rnn" else nothing
        keeps_c = learning and (self.cell.kind == "lstm" or self.inner_bias)
        c = y.new_empty(len(y), self.H) if keeps_c else nothing
        bias = self.weights.bias_hh
        b_n = bias[2 * self.H :] if self.inner_bias and bias is not None else None
        self.native(
            "forward", Wx, self.weights.hh, b_n, h_0, c_0, y, y.stride(0), h_n, c_n,
            gates if len(gates) else None, c if len(c) else None,
        )  # fmt: skip
        return finals, gates, c

    def backward(
        self,
        y: Tensor,
        gates: Tensor,
        c: Tensor,
        d_y: Tensor,
        d_final: tuple[Tensor | None, ...],
        wanted: Sequence[bool],
    ) -> tuple[Tensor, list[Tensor | None]]:
        """The gradient of W x + b ([N, G·H]), and of the weights and initial state."""
        d_Wx = y.new_empty(len(y), self.cell.gates * self.H)
        d_q = y.new_empty(len(y), self.H) if self.inner_bias else None
        d_state = [
            torch.zeros_like(part)
            if given is None
            else given.clone(memory_format=torch.contiguous_format)
            for part, given in zip(self.initial, d_final, strict=True)
        ]
        h_0, c_0 = (*self.initial, None)[:2]
        d_h, d_c = (*d_state, None)[:2]
        self.native(
            "backward", self.weights.hh, h_0, c_0, y, y.stride(0),
            gates if len(gates) else None, c if len(c) else None,
            d_y, d_y.stride(0), d_Wx, d_q, d_h, d_c,
        )  # fmt: skip
        d_ih = _transposed_product(d_Wx, self.x) if wanted[0] else None
        d_hh = self._recurrent_gradient(y, gates, d_Wx, d_q) if wanted[1] else None
        d_bias_ih = d_Wx.sum(0) if wanted[2] or wanted[3] else None
        d_bias_hh = d_bias_ih
        if d_q is not None and wanted[3] and d_bias_ih is not None:
            d_bias_hh = torch.cat([d_bias_ih[: 2 * self.H], d_q.sum(0)])
        biases = [d_bias_ih if wanted[2] else None, d_bias_hh if wanted[3] else None]
        states = [part if want else None for part, want in zip(d_state, wanted[4:], strict=True)]
        return d_Wx, [d_ih, d_hh, *biases, *states]

    def _projected(self) -> Tensor:
        """W x + b for all steps, with every bias that may be added early."""
        bias = self.weights.bias_ih
        if bias is None or self.weights.bias_hh is None:
            return _product(self.x, self.weights.ih)
        if self.inner_bias:
            bias = bias.clone()
            bias[: 2 * self.H] += self.weights.bias_hh[: 2 * self.H]
        else:
            bias = bias + self.weights.bias_hh
        return _product(self.x, self.weights.ih, bias)

    def _recurrent_gradient(
        self, y: Tensor, gates: Tensor, d_Wx: Tensor, d_q: Tensor | None
    ) -> Tensor:
        """The gradient of R: over all steps, gradients of its product by what it multiplied."""
        h = y.new_empty(len(y), self.H)
        self.native("states_before", y, y.stride(0), self.initial[0], h)
        if self.cell.kind != "gru":
            return _transposed_product(d_Wx, h)
        d_rz, d_n = d_Wx.split([2 * self.H, self.H], dim=1)
        d_R_rz = _transposed_product(d_rz, h)
        if d_q is not None:
            return torch.cat([d_R_rz, _transposed_product(d_q, h)])
        h.mul_(gates[:, : self.H])  # reset before the product: R_n multiplied r ⊙ h
        return torch.cat([d_R_rz, _transposed_product(d_n, h)])
