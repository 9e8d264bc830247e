"""The fused recurrence of the native core, on the CPU: what it serves, and what it must be given.

The passes over a call stand in `elman.kernels.operators`, their place in autograd in
`elman.kernels.gradients`.
"""

from __future__ import annotations

from operator import ge

import torch
from torch import Tensor

from elman.cells.spec import CellSpec, CellWeights
from elman.errors import ShapeError
from elman.kernels import operators
from elman.kernels.contract import Direction, SequenceCall, SequenceResult
from elman.kernels.gradients import Recurrence, forward_mode, transformed
from elman.kernels.native import ENGINE, FUNCTIONS
from elman.kernels.plan import flatten

NAME = "cpu"

_CPU = torch.device("cpu")
_LARGEST = 2**31


def why_not(call: SequenceCall) -> str | None:
    """Why the native core cannot serve a call, in one clause; None when it can."""
    if ENGINE is None:
        return "the native core was not built"
    if not call.batch_sizes:
        return "there is no step to run"
    if call.cell.norm == "dreamer":
        return "Dreamer's norm has no fused form"
    if unknown := {one.name for one in call.cell.activations} - FUNCTIONS.keys():
        return f"it does not know the function {', '.join(sorted(unknown))}"
    tensors, chosen = [call.input], []
    for direction in call.directions:
        if direction.weights.hr is not None and (direction.kept or call.cell.norm != "none"):
            return "a projection together with zoneout or a norm has no fused form"
        chosen += [direction.recurrent_mask, *direction.kept]
        tensors += [weight for weight in direction.weights if weight is not None]
        tensors += [*direction.initial, *direction.restart]
    if any(one is not None and one.requires_grad for one in chosen):
        return "masks of dropout and zoneout have gradients in the reference only"
    tensors += [one for one in chosen if one is not None]
    return _why_not_these(tensors, call)


def _why_not_these(tensors: list[Tensor], call: SequenceCall) -> str | None:
    dtypes = {tensor.dtype for tensor in tensors}
    resets = [d.resets for d in call.directions if d.resets is not None]
    if any(tensor.device != _CPU for tensor in [*tensors, *resets]):
        return "it computes on the CPU only"
    if dtypes != {torch.float32} and dtypes != {torch.float64}:
        names = sorted(str(dtype).removeprefix("torch.") for dtype in dtypes)
        return f"it computes in float32 or float64, and was given {' and '.join(names)}"
    if call.precision == "bf16" and dtypes != {torch.float32}:
        return "products in bfloat16 need float32 tensors"
    if not all(0 < tensor.numel() < _LARGEST for tensor in tensors):
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
    mapped = transformed()
    learning = torch.is_grad_enabled() and (
        mapped or any(one is not None and one.requires_grad for one in tensors)
    )
    if learning or mapped:
        results = Recurrence.apply(plan, learning, *tensors)  # type: ignore[no-untyped-call]
    else:
        results = operators.forward(plan, tensors, learning)
    return SequenceResult(results[0], plan.finals(results))


def _check(call: SequenceCall) -> None:
    sizes, (steps, inputs) = call.batch_sizes, call.input.shape
    if sum(sizes) != steps or not all(map(ge, sizes, sizes[1:])) or sizes[-1] < 1:
        raise _misfit(f"batch sizes {list(sizes[:8])}…", f"falling, {steps} in all")
    for direction in call.directions:
        _check_direction(call.cell, direction, steps, inputs)
        if len(direction.initial[0]) < sizes[0]:
            rows = f"an initial state of {len(direction.initial[0])} sequences"
            raise _misfit(rows, f"{sizes[0]} or more")


def _check_direction(cell: CellSpec, direction: Direction, steps: int, inputs: int) -> None:
    batch, width = direction.initial[0].shape
    rows, hidden = direction.weights.hh.shape[0], direction.weights.hh.shape[0] // cell.gates
    projection = 0 if direction.weights.hr is None else width
    shapes = cell.weight_shapes(inputs, hidden, projection)
    for name, tensor in zip(CellWeights._fields, direction.weights, strict=True):
        shape = shapes.get(name)
        if tensor is None and (shape is None or name.startswith("bias")):
            continue
        if tensor is None or tensor.shape != shape:
            found = "none" if tensor is None else f"one of shape {list(tensor.shape)}"
            raise _misfit(f"as the weight {name} {found}", f"{shape and list(shape)}")
    state = [(batch, projection or hidden), (batch, hidden)][: len(cell.state_names)]
    wanted: list[tuple[Tensor | None, tuple[int, ...]]] = [
        *zip(direction.initial, state, strict=True),
        *zip(direction.restart, state, strict=bool(direction.restart)),
        (direction.recurrent_mask, state[0]),
        (direction.resets, (steps,)),
    ]
    for tensor, shape in wanted:
        if tensor is not None and tensor.shape != shape:
            raise _misfit(f"a tensor of shape {list(tensor.shape)}", f"{list(shape)}")
    for share in direction.kept:
        if share.shape not in ((steps, hidden), (1, hidden)) or len(share) != len(
            direction.kept[0]
        ):
            raise _misfit(f"kept shares of shape {list(share.shape)}", f"{[steps, hidden]}")
    if direction.kept and len(direction.kept) != len(state):
        raise _misfit(f"kept shares of {len(direction.kept)} parts", f"{len(state)}")
    if rows != cell.gates * hidden:
        raise _misfit(f"recurrent weights of {rows} rows", f"a multiple of {cell.gates}")
    if direction.resets is not None and direction.resets.dtype != torch.bool:
        raise _misfit(f"resets of {direction.resets.dtype}", "torch.bool")


def _misfit(found: str, expected: str) -> ShapeError:
    return ShapeError(f"The call has {found}.", where="kernel cpu", expected=expected)
