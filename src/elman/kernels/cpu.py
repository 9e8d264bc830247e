"""The fused recurrence of the native core, on the CPU.

Each direction is one call of the core forward (`csrc/forward.hpp`) and one backward
(`csrc/backward.hpp`), through `elman.kernels.native`. The equations stand in `csrc/cells.hpp`. The
products are the core's own as well: the library behind `torch.mm` does not use the widest registers
of every processor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from elman.cells.spec import CellSpec, CellWeights
from elman.errors import ShapeError
from elman.kernels import reference
from elman.kernels.contract import Direction, Precision, SequenceCall, SequenceResult
from elman.kernels.native import CELLS, ENGINE, Pass

NAME = "cpu"

_LARGEST = 2**31


def why_not(call: SequenceCall) -> str | None:
    """Why the native core cannot serve a call, in one clause; None when it can."""
    tensors = _tensors(call)
    dtypes = {tensor.dtype for tensor in tensors if tensor.dtype != torch.bool}
    if ENGINE is None:
        return "the native core was not built"
    if not call.batch_sizes:
        return "there is no step to run"
    if call.cell not in CELLS:
        return "the cell has no fused form"
    if any(direction.weights.hr is not None for direction in call.directions):
        return "a projected LSTM has no fused form"
    if any(d.recurrent_mask is not None or d.kept for d in call.directions):
        return "recurrent dropout and zoneout have no fused form yet"
    if any(tensor.device.type != "cpu" for tensor in tensors):
        return "it computes on the CPU only"
    if dtypes not in ({torch.float32}, {torch.float64}):
        return f"it computes in float32 or float64, and was given {_names(dtypes)}"
    if call.precision == "bf16" and dtypes != {torch.float32}:
        return "products in bfloat16 need float32 tensors"
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
    reverses = tuple(direction.reverse for direction in call.directions)
    plan = _Plan(call.cell, call.batch_sizes, reverses, call.precision, learning)
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
        if direction.resets is not None and (
            direction.resets.shape != (steps,) or direction.resets.dtype != torch.bool
        ):
            raise _misfit(
                f"resets of shape {list(direction.resets.shape)} and {direction.resets.dtype}",
                f"[{steps}] and torch.bool",
            )
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
    precision: Precision
    learning: bool

    @property
    def each(self) -> int:
        """Tensors of one direction: four weights, the resets, the parts of the state."""
        return 5 + len(self.cell.state_names)

    def call(self, tensors: Sequence[Tensor | None]) -> SequenceCall:
        """The call that `_flat` took apart, missing biases as None."""
        directions = []
        for number, reverse in enumerate(self.reverses):
            part = tensors[1 + number * self.each : 1 + (number + 1) * self.each]
            weights = CellWeights(*part[:4])  # type: ignore[arg-type]
            directions.append(Direction(weights, tuple(part[5:]), reverse, part[4]))  # type: ignore[arg-type]
        first: Tensor = tensors[0]  # type: ignore[assignment]
        return SequenceCall(self.cell, first, self.batch_sizes, tuple(directions), self.precision)

    def finals(self, results: Sequence[Tensor]) -> tuple[tuple[Tensor, ...], ...]:
        """The final states among the results of a forward pass, direction by direction."""
        parts = len(self.cell.state_names)
        starts = range(1, 1 + parts * len(self.reverses), parts)
        return tuple(tuple(results[start : start + parts]) for start in starts)


def _flat(call: SequenceCall) -> list[Tensor | None]:
    flat: list[Tensor | None] = [call.input]
    for direction in call.directions:
        flat += [*direction.weights[:4], direction.resets, *direction.initial]
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
            place = y[:, number * hidden : (number + 1) * hidden]
            final, gates, c = Pass(call, direction).forward(place, plan.learning)
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
        d_input = torch.empty_like(tensors[0]) if wanted[0] else None
        answers: list[Tensor | None] = []
        d_finals = plan.finals(gradients)  # type: ignore[arg-type]
        for number, direction in enumerate(call.directions):
            columns = slice(number * hidden, (number + 1) * hidden)
            first = 1 + number * plan.each
            gates, c = kept[2 * number : 2 * number + 2]
            d_weights, d_state = Pass(call, direction).backward(
                y[:, columns],
                gates,
                c,
                d_y[:, columns],
                d_finals[number],
                d_input,
                number > 0,
                any(wanted[first : first + 4]),
            )
            answers += [*d_weights, None, *d_state]
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
