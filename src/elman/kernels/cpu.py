"""The fused recurrence of the native core, on the CPU, with its place in autograd.

The passes over a call are those of `elman.kernels.operators`. One `autograd.Function` stands around
the forward pass, and one around the backward pass, for whoever differentiates the gradients again:
second derivatives, and every first derivative that `torch.func` takes. Neither has forward mode:
`why_not` sends that to the reference kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from operator import ge
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad

from elman.cells.spec import CellSpec, CellWeights
from elman.errors import ShapeError
from elman.kernels import operators, reference
from elman.kernels.contract import Direction, SequenceCall, SequenceResult
from elman.kernels.mapped import Mapped, run_mapped
from elman.kernels.native import ENGINE, FUNCTIONS
from elman.kernels.operators import Plan, Tensors

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
    if _forward_mode():
        return "forward mode needs the reference's own operations"
    return None


def run(call: SequenceCall) -> SequenceResult:
    """Run a call that `why_not` has no objection to.

    Raises:
        ShapeError: the tensors do not fit together; the native core would read beyond them.
    """
    _check(call)
    plan, tensors = operators.flatten(call)
    transformed = _transformed()
    learning = torch.is_grad_enabled() and (
        transformed or any(one is not None and one.requires_grad for one in tensors)
    )
    if learning or transformed:
        results = _Recurrence.apply(plan, learning, *tensors)  # type: ignore[no-untyped-call]
    else:
        results = operators.forward(plan, tensors, learning)
    return SequenceResult(results[0], plan.finals(results))


def _forward_mode() -> bool:
    """Whether tensors may carry tangents just now, `torch.func.jvp` and its kin included."""
    return forward_ad._current_level >= 0


def _transformed() -> bool:
    """Whether a function transform is at work, so that tensors may stand for others."""
    return torch._C._functorch.peek_interpreter_stack() is not None


def _mapped_of_old(gradient: Tensor | None) -> bool:
    """Whether a gradient stands for many, as `torch.autograd.grad(is_grads_batched=True)` does."""
    return gradient is not None and torch._C._functorch.is_legacy_batchedtensor(gradient)


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
    shapes = _weight_shapes(cell, inputs, hidden, projection)
    for name, tensor, shape in zip(CellWeights._fields, direction.weights, shapes, strict=True):
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


@cache
def _weight_shapes(
    cell: CellSpec, inputs: int, hidden: int, projection: int
) -> tuple[tuple[int, ...] | None, ...]:
    shapes = cell.weight_shapes(inputs, hidden, projection)
    return tuple(shapes.get(name) for name in CellWeights._fields)


def _misfit(found: str, expected: str) -> ShapeError:
    return ShapeError(f"The call has {found}.", where="kernel cpu", expected=expected)


class _Recurrence(torch.autograd.Function):
    """The forward pass of a call, and its gradients."""

    @staticmethod
    def forward(plan: Plan, learning: bool, *tensors: Tensor | None) -> tuple[Tensor, ...]:
        """As `operators.forward`."""
        return operators.forward(plan, tensors, learning)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
        """Keep what the backward pass needs."""
        plan, _, *tensors = inputs
        kept = plan.kept(output)
        ctx.plan, ctx.number = plan, len(tensors)
        ctx.mark_non_differentiable(*kept)
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(*tensors, output[0], *kept)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        """The gradient of every tensor that needs one."""
        plan: Plan = ctx.plan
        saved, wanted = ctx.saved_tensors, ctx.needs_input_grad[2:]
        tensors, results = saved[: ctx.number], saved[ctx.number :]
        d_results = gradients[: 1 + plan.parts * len(plan.reverses)]
        if torch.compiler.is_compiling():
            found = operators.backward(plan, tensors, results, d_results, wanted)
        elif _forward_mode() or any(map(_mapped_of_old, d_results)):
            found = _by_reference(plan, tensors, d_results, wanted)
        elif torch.is_grad_enabled() or _transformed():
            rest = (*tensors, *results, *d_results)
            found = _Gradients.apply(plan, wanted, *rest)  # type: ignore[no-untyped-call]
        else:
            found = operators.backward(plan, tensors, results, d_results, wanted)
        return (None, None, *found)

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[Any, ...], plan: Plan, learning: bool, *tensors: Tensor | None
    ) -> Mapped:
        """M calls at once."""

        def one(plan: Plan, tensors: Tensors) -> tuple[Tensor, ...]:
            return _Recurrence.apply(plan, learning, *tensors)  # type: ignore[no-untyped-call,no-any-return]

        return run_mapped(one, plan, tensors, in_dims[2:], info.batch_size)


class _Gradients(torch.autograd.Function):
    """The backward pass of a call, whose own gradients are the reference kernel's.

    Its tensors are those of the call, the results of the forward pass that were saved, and the
    gradients of the results, in a row.
    """

    @staticmethod
    def forward(
        plan: Plan, wanted: Sequence[bool], *tensors: Tensor | None
    ) -> tuple[Tensor | None, ...]:
        """As `operators.backward`."""
        results, d_results = _places(plan, wanted)
        saved: Sequence[Tensor] = tensors[results:d_results]  # type: ignore[assignment]
        return tuple(
            operators.backward(plan, tensors[:results], saved, tensors[d_results:], wanted)
        )

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Any, ...]) -> None:
        """Keep what the reference kernel needs, which is none of the results."""
        ctx.plan, ctx.wanted, *tensors = inputs
        results, d_results = _places(ctx.plan, ctx.wanted)
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(*tensors[:results], *tensors[d_results:])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        """The gradients of the gradients, by the reference kernel, to any further order."""
        plan, wanted = ctx.plan, ctx.wanted
        results, d_results = _places(plan, wanted)

        def once(tensors: Tensors) -> list[Tensor]:
            found = _by_reference(plan, tensors[:results], tensors[results:], wanted)
            return [one for one in found if one is not None]

        needed = ctx.needs_input_grad[2:]
        found = _pulled_back(
            once,
            ctx.saved_tensors,
            [*needed[:results], *needed[d_results:]],
            [one for one, want in zip(gradients, wanted, strict=True) if want],
        )
        nothing = [None] * (d_results - results)
        return (None, None, *found[:results], *nothing, *found[results:])

    @staticmethod
    def vmap(
        info: Any,
        in_dims: tuple[Any, ...],
        plan: Plan,
        wanted: Sequence[bool],
        *tensors: Tensor | None,
    ) -> Mapped:
        """M calls at once."""

        def one(plan: Plan, tensors: Tensors) -> tuple[Tensor | None, ...]:
            return _Gradients.apply(plan, wanted, *tensors)  # type: ignore[no-untyped-call,no-any-return]

        return run_mapped(one, plan, tensors, in_dims[2:], info.batch_size, wanted)


def _places(plan: Plan, wanted: Sequence[bool]) -> tuple[int, int]:
    """Where among the tensors of `_Gradients` the results begin, and where their gradients."""
    results = len(wanted)
    return results, results + 1 + 2 * len(plan.reverses)


# --- gradients by the reference kernel, made of plain operations that can be differentiated again


def _by_reference(
    plan: Plan, tensors: Tensors, d_results: Tensors, wanted: Sequence[bool]
) -> list[Tensor | None]:
    """The same as `operators.backward`."""

    def once(tensors: Tensors) -> list[Tensor]:
        result = reference.run(operators.unflatten(plan, tensors))
        return [result.output, *(part for final in result.final for part in final)]

    return _pulled_back(once, tensors, wanted, d_results)


def _pulled_back(
    function: Callable[[Tensors], list[Tensor]],
    tensors: Tensors,
    wanted: Sequence[bool],
    gradients: Tensors,
) -> list[Tensor | None]:
    """The gradients of a function's wanted tensors, from those of its results; None is zeros."""

    def of_wanted(*sources: Tensor) -> list[Tensor]:
        given = iter(sources)
        return function(
            [next(given) if want else one for one, want in zip(tensors, wanted, strict=True)]
        )

    sources = [one for one, want in zip(tensors, wanted, strict=True) if want]
    results, pull = torch.func.vjp(of_wanted, *sources)
    found = iter(
        pull(
            [
                torch.zeros_like(result) if gradient is None else gradient
                for result, gradient in zip(results, gradients, strict=True)
            ]
        )
    )
    return [next(found) if want else None for want in wanted]
