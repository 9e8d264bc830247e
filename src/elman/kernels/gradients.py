"""The fused passes in autograd.

One `autograd.Function` stands around the forward pass, and one around the backward pass, for
whoever differentiates the gradients again: second derivatives, and every first derivative that
`torch.func` takes, as it keeps the way to the second open. Those are the reference kernel's. There
is no forward mode: the door sends it to the reference kernel, and so does a backward pass that is
run in it. (A `torch.library` operator with a registered gradient was tried: `torch.func.grad`
raises, and forward mode gives zeros without a word.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch._functorch.utils import unwrap_dead_wrappers
from torch.autograd import forward_ad

from elman.kernels import operators, reference
from elman.kernels.mapped import Mapped, run_mapped
from elman.kernels.plan import Plan, Tensors, unflatten


def forward_mode() -> bool:
    """Whether tensors may carry tangents just now, in `torch.func.jvp` and its kin as well."""
    return forward_ad._current_level >= 0


def transformed() -> bool:
    """Whether a function transform is at work, so that tensors may stand for others."""
    return torch._C._are_functorch_transforms_active()


def _stands_for_many(gradient: Tensor | None) -> bool:
    """Whether `torch.autograd.grad(is_grads_batched=True)` made it, which has a vmap of its own."""
    return gradient is not None and torch._C._functorch.is_legacy_batchedtensor(gradient)


def differentiable(plan: Plan, learning: bool, tensors: Tensors) -> tuple[Tensor, ...]:
    """As `operators.forward`, with gradients and under function transforms."""
    if transformed() or torch.compiler.is_compiling():
        return Recurrence.apply(plan, learning, *tensors)  # type: ignore[no-untyped-call,no-any-return]
    # `Function.apply` would read the signature of `forward` to bind defaults that it does not have,
    # at every call, which takes about as long as a step; then it does this.
    return super(torch.autograd.Function, Recurrence).apply(plan, learning, *tensors)  # type: ignore[no-any-return,no-untyped-call]


class Recurrence(torch.autograd.Function):
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
        elif forward_mode() or any(map(_stands_for_many, d_results)):
            found = _by_reference(plan, tensors, d_results, wanted)
        elif not (torch.is_grad_enabled() or transformed()):
            found = operators.backward(plan, tensors, results, d_results, wanted)
        elif any(wanted[place] for place in (*plan.masks, *plan.shares)):
            # a transform hid from the door that a mask has a gradient, which the core does not give
            found = _by_reference(plan, tensors, d_results, wanted)
        else:
            rest = (*tensors, *results, *d_results)
            found = _Gradients.apply(plan, wanted, *rest)  # type: ignore[no-untyped-call]
        return (None, None, *found)

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[Any, ...], plan: Plan, learning: bool, *tensors: Tensor | None
    ) -> Mapped:
        """M calls at once."""

        def one(plan: Plan, tensors: Tensors) -> tuple[Tensor, ...]:
            return Recurrence.apply(plan, learning, *tensors)  # type: ignore[no-untyped-call,no-any-return]

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
        result = reference.run(unflatten(plan, tensors))
        return [result.output, *(part for final in result.final for part in final)]

    return _pulled_back(once, tensors, wanted, d_results)


def _pulled_back(
    function: Callable[[Tensors], list[Tensor]],
    tensors: Tensors,
    wanted: Sequence[bool],
    gradients: Tensors,
) -> list[Tensor | None]:
    """The gradients of a function's wanted tensors, from those of its results; None is zeros."""
    tensors = unwrap_dead_wrappers(tuple(tensors))  # saved in a transform that is over by now

    def of_wanted(*sources: Tensor) -> list[Tensor]:
        given = iter(sources)
        return function(
            [next(given) if want else one for one, want in zip(tensors, wanted, strict=True)]
        )

    sources = [one for one, want in zip(tensors, wanted, strict=True) if want]
    with torch.autocast("cpu", enabled=False):  # as in the forward pass, which the door ran
        results, pull = torch.func.vjp(of_wanted, *sources)[:2]
        given = [
            torch.zeros_like(result) if gradient is None else gradient
            for result, gradient in zip(results, gradients, strict=True)
        ]
        found = iter(pull(given))
    return [next(found) if want else None for want in wanted]
