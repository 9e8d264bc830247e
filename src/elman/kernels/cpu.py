"""The fused recurrence of the native core, on the CPU: what it serves, and what it must be given.

The passes over a call stand in `elman.kernels.operators`, their place in autograd in
`elman.kernels.gradients`.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import ge

import torch
from torch import Tensor

from elman.cells.custom import CustomCell
from elman.cells.spec import CellWeights
from elman.errors import ShapeError
from elman.kernels import operators
from elman.kernels.contract import Direction, SequenceCall, SequenceResult
from elman.kernels.gradients import differentiable, forward_mode, transformed
from elman.kernels.native import ENGINE, FUNCTIONS
from elman.kernels.plan import flatten

NAME = "cpu"

LARGEST = 2**31


def why_not(call: SequenceCall) -> str | None:
    """Why the native core cannot serve a call, in one clause; None when it can."""
    if ENGINE is None:
        return "the native core was not built"
    if not call.batch_sizes:
        return "there is no step to run"
    if isinstance(call.cell, CustomCell):
        return "the cell is a Python function, which only the reference calls"
    if call.cell.norm == "dreamer":
        return "Dreamer's norm has no fused form"
    if unknown := {one.name for one in call.cell.activations}.difference(FUNCTIONS):
        return f"it does not know the function {', '.join(sorted(unknown))}"
    tensors, chosen = [call.input], []
    for direction in call.directions:
        weights = direction.weights
        if weights.hr is not None and (direction.kept or call.cell.norm != "none"):
            return "a projection together with zoneout or a norm has no fused form"
        if weights.hr is not None and weights.hr.shape[:1] >= weights.hr.shape[1:]:
            return "a projection that does not make h narrower has no fused form"
        if (weights.bias_ih is None) != (weights.bias_hh is None):
            return "one bias without the other has no fused form"
        chosen += [direction.recurrent_mask, *direction.kept]
        tensors += [weight for weight in weights if weight is not None]
        tensors += [*direction.initial, *direction.restart]
    if any(one is not None and one.requires_grad for one in chosen):
        return "masks of dropout and zoneout have gradients in the reference only"
    tensors += [one for one in chosen if one is not None]
    return _why_not_these(tensors, call)


def _why_not_these(tensors: list[Tensor], call: SequenceCall) -> str | None:
    dtypes = {tensor.dtype for tensor in tensors}
    resets = [d.resets for d in call.directions if d.resets is not None]
    if not all(one.is_cpu for one in [*tensors, *resets]):
        return "it computes on the CPU only"
    if dtypes != {torch.float32} and dtypes != {torch.float64}:
        names = sorted(str(dtype).removeprefix("torch.") for dtype in dtypes)
        return f"it computes in float32 or float64, and was given {' and '.join(names)}"
    if call.precision == "bf16" and dtypes != {torch.float32}:
        return "products in bfloat16 need float32 tensors"
    if not all(0 < tensor.numel() < LARGEST for tensor in tensors):
        return "a tensor is empty, or has 2^31 numbers or more"
    if forward_mode():
        return "forward mode needs the reference's own operations"
    if torch.compiler.is_compiling() and transformed():
        return "torch.compile cannot look into it through a function transform"
    return None


def run(call: SequenceCall) -> SequenceResult:
    """Run a call that `why_not` has no objection to.

    Raises:
        ShapeError: the tensors do not fit together; the native core would read beyond them.
    """
    _check(call)
    plan, tensors = flatten(call)
    if any(one.layout is not torch.strided for one in tensors if one is not None):
        raise _misfit("a sparse or nested tensor", "dense ones")
    mapped = transformed()
    learning = torch.is_grad_enabled() and (
        mapped or any(one.requires_grad for one in tensors if one is not None)
    )
    if learning or mapped:
        results = differentiable(plan, learning, tensors)
    else:
        results = operators.forward(plan, tensors, learning)
    return SequenceResult(results[0], plan.finals(results))


def _check(call: SequenceCall) -> None:
    if call.input.dim() != 2:
        raise _misfit(f"an input of shape {list(call.input.shape)}", "[N, I]")
    sizes, steps, total = call.batch_sizes, len(call.input), sum(call.batch_sizes)
    whole = isinstance(total, int) and total == steps
    if not whole or not all(map(ge, sizes, sizes[1:])) or sizes[-1] < 1:
        raise _misfit(f"batch sizes {list(sizes[:8])}…", f"falling, {steps} in all")
    for direction in call.directions:
        _check_direction(call, direction)
        if len(direction.initial[0]) < sizes[0]:
            rows = f"an initial state of {len(direction.initial[0])} sequences"
            raise _misfit(rows, f"{sizes[0]} or more")


def _check_direction(call: SequenceCall, direction: Direction) -> None:
    cell, weights, parts = call.spec, direction.weights, len(call.cell.state_names)
    if len(direction.initial) != parts:
        raise _misfit(f"an initial state of {len(direction.initial)} parts", str(parts))
    for one in (weights.hh, weights.hr, *direction.initial, *direction.kept):
        if one is not None and one.dim() != 2:
            raise _misfit(f"a tensor of shape {list(one.shape)}", "two dimensions")
    hidden, batch = len(weights.hh) // cell.gates, len(direction.initial[0])
    width = hidden if weights.hr is None else len(weights.hr)
    state = [(batch, width), (batch, hidden)][:parts]
    shapes = cell.weight_shapes(
        call.input.shape[1], hidden, 0 if weights.hr is None else width, bias=weights[2] is not None
    )
    _check_shapes("weights", weights, [shapes.get(name) for name in CellWeights._fields])
    _check_shapes("an initial state", direction.initial, state)
    _check_shapes("a state for resets", direction.restart, state)
    if direction.recurrent_mask is not None:
        _check_shapes("a mask", (direction.recurrent_mask,), state[:1])
    if direction.resets is not None:
        _check_shapes("resets", (direction.resets,), [(len(call.input),)])
        if direction.resets.dtype != torch.bool:
            raise _misfit(f"resets of {direction.resets.dtype}", "torch.bool")
    if direction.kept:
        steps = 1 if len(direction.kept[0]) == 1 else len(call.input)
        _check_shapes("shares that are kept", direction.kept, [(steps, hidden)] * parts)


def _check_shapes(
    what: str, tensors: Sequence[Tensor | None], shapes: Sequence[tuple[int, ...] | None]
) -> None:
    """Refuse tensors that are not of these shapes, None for none; no tensors at all are right."""
    found = [None if tensor is None else tensor.shape for tensor in tensors]
    if found and found != list(shapes):
        named = [shape and list(shape) for shape in found]
        raise _misfit(f"{what} of shapes {named}", f"{[shape and list(shape) for shape in shapes]}")


def _misfit(found: str, expected: str) -> ShapeError:
    return ShapeError(f"The call has {found}.", where="kernel cpu", expected=expected)
