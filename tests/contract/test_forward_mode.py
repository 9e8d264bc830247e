"""Forward mode, which goes to the reference kernel: no tangent is lost on the way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.func import grad, hessian, jacrev, jvp, vjp, vmap

from elman.errors import KernelUnavailable
from elman.kernels import cpu, dispatch
from elman.kernels.engine import engine_status
from elman.kernels.plan import unflatten
from tests.contract.cases import Case
from tests.contract.differentiated import Call, Leaves, Loss, assert_same, every_case

pytestmark = [
    pytest.mark.skipif(not engine_status().built, reason=engine_status().reason),
    pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning"),
]


def tangents(leaves: Leaves) -> Leaves:
    generator = torch.Generator().manual_seed(9)
    return {
        name: torch.rand(leaf.shape, generator=generator, dtype=leaf.dtype) - 0.5
        for name, leaf in leaves.items()
    }


def difference_quotient(call: Call, along: Leaves, step: float = 1e-5) -> Tensor:
    """The slope of the loss along a direction, from two values of the reference kernel."""
    loss = call.loss("reference")
    ahead, behind = (
        loss({name: leaf + sign * step * along[name] for name, leaf in call.leaves.items()})
        for sign in (1, -1)
    )
    return (ahead - behind) / (2 * step)


Push = Callable[[Loss, Leaves, Leaves], Tensor]


def _by_func(loss: Loss, leaves: Leaves, along: Leaves) -> Tensor:
    found: Tensor = jvp(loss, (leaves,), (along,))[1]
    return found


def _by_dual_tensors(loss: Loss, leaves: Leaves, along: Leaves) -> Tensor:
    with forward_ad.dual_level():
        dual = {name: forward_ad.make_dual(leaf, along[name]) for name, leaf in leaves.items()}
        tangent: Tensor | None = forward_ad.unpack_dual(loss(dual)).tangent
        assert tangent is not None
        return tangent


def _by_dual_tensors_in_vmap(loss: Loss, leaves: Leaves, along: Leaves) -> Tensor:
    many = {name: leaf.unsqueeze(0) for name, leaf in leaves.items()}
    many_along = {name: leaf.unsqueeze(0) for name, leaf in along.items()}
    return _by_dual_tensors(lambda given: vmap(loss)(given).sum(), many, many_along)


def _in_vmap(loss: Loss, leaves: Leaves, along: Leaves) -> Tensor:
    found: Tensor = vmap(lambda factor: _by_func(loss, leaves, along) * factor)(torch.ones(1))[0]
    return found


def _over_vmap(loss: Loss, leaves: Leaves, along: Leaves) -> Tensor:
    def many(leaves: Leaves) -> Tensor:
        batch = leaves["input"].unsqueeze(0)
        found: Tensor = vmap(lambda x: loss(leaves | {"input": x}))(batch).sum()
        return found

    return _by_func(many, leaves, along)


def _over_a_gradient_that_is_1(loss: Loss, leaves: Leaves, along: Leaves) -> Tensor:
    def scaled(factor: Tensor, leaves: Leaves) -> Tensor:
        return factor * loss(leaves)

    one = torch.ones((), dtype=torch.float64)
    return _by_func(lambda leaves: grad(scaled)(one, leaves), leaves, along)


PUSHES: list[Push] = [
    _by_func,
    _by_dual_tensors,
    _by_dual_tensors_in_vmap,
    _in_vmap,
    _over_vmap,
    _over_a_gradient_that_is_1,
]


@every_case
@pytest.mark.parametrize("push", PUSHES, ids=lambda push: push.__name__.strip("_"))
def test_no_tangent_is_lost(case: Case, push: Push) -> None:
    call = Call(case)
    along = tangents(call.leaves)
    expected = difference_quotient(call, along)
    assert abs(float(expected)) > 1e-2
    assert torch.allclose(push(call.loss("auto"), call.leaves, along), expected, rtol=1e-6)


@every_case
def test_no_tangent_of_a_gradient_is_lost(case: Case) -> None:
    """A product of the Hessian with a vector, forward over backward in each way there is."""
    call = Call(case)
    along = tangents(call.leaves)
    inner = {name: leaf.clone().requires_grad_() for name, leaf in call.leaves.items()}
    first = torch.autograd.grad(
        call.loss("reference")(inner), list(inner.values()), create_graph=True
    )
    slope = torch.stack([(one * along[name]).sum() for name, one in zip(inner, first, strict=True)])
    second = torch.autograd.grad(slope.sum(), list(inner.values()))
    expected = dict(zip(inner, second, strict=True))
    assert_same(case, jvp(grad(call.loss("auto")), (call.leaves,), (along,))[1], expected)

    # the forward pass is over before forward mode begins: its gradient comes with a tangent
    output, pull = vjp(lambda leaves: call.outputs(leaves, "cpu")[0], call.leaves)[:2]
    given, pushed = torch.randn_like(output), torch.randn_like(output)
    assert_same(case, jvp(pull, (given,), (pushed,))[1][0], pull(pushed)[0])
    output = call.outputs(inner, "cpu")[0]
    expected = dict(
        zip(
            inner,
            torch.autograd.grad(output, list(inner.values()), pushed, retain_graph=True),
            strict=True,
        )
    )
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(given, pushed)
        found = torch.autograd.grad(output, list(inner.values()), dual)
        parts = [forward_ad.unpack_dual(one).tangent for one in found]
    assert all(one is not None for one in parts)
    assert_same(case, dict(zip(inner, parts, strict=True)), expected)


def test_in_forward_mode_the_kernel_says_why_not_and_is_not_replaced() -> None:
    call = Call(Case("lstm", (3, 2)))
    given = unflatten(call.plan, call.drawn)
    assert cpu.why_not(given) is None
    with forward_ad.dual_level():
        assert "forward mode" in str(cpu.why_not(given))
        with pytest.raises(KernelUnavailable, match="forward mode"):
            dispatch.run(given, "cpu")
    assert cpu.why_not(given) is None


def test_the_hessian_forward_over_backward_equals_backward_over_backward() -> None:
    call = Call(Case("gru_reset_after", (2, 1), input_size=2, hidden_size=2))
    of_input = {"input": call.leaves["input"]}
    forward = hessian(call.loss("auto"))(of_input)["input"]
    backward = jacrev(jacrev(call.loss("cpu")))(of_input)["input"]
    assert_same(call.case, forward, backward)
