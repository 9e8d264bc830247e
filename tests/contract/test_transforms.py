"""Function transforms, forward mode and higher derivatives on the native core's kernel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.func import grad, hessian, jacrev, jvp, vjp, vmap
from torch.utils.checkpoint import checkpoint

from elman.errors import KernelUnavailable
from elman.kernels import cpu, dispatch
from elman.kernels.engine import engine_status
from elman.kernels.native import Pass
from elman.kernels.plan import flatten, unflatten
from tests.contract.cases import Case, call_of, tensors
from tests.tolerances import GRADIENT, NORMED_GRADIENT

pytestmark = [
    pytest.mark.skipif(not engine_status().built, reason=engine_status().reason),
    pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning"),
]

CASES = [
    Case("rnn_tanh", (3, 1), "reverse"),
    Case("rnn_joint", (3, 1)),
    Case("lstm", (3, 2, 0), "both", extras=("restart",)),
    Case("lstm_projected", (3, 2), bias=False),
    Case("lstm_peephole", (2, 1), extras=("mask", "expected_zoneout")),
    Case("gru_reset_after", (3, 2), "both", extras=("resets",)),
    Case("gru_reset_before", (3, 3, 1), extras=("mask",)),
]
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.cell)

Leaves = dict[str, Tensor]
SIZE = 4
"""M, the size of the mapped dimension."""


Loss = Callable[[Leaves], Tensor]


class Call:
    """A case's call with its leaves, and functions of the leaves: its outputs, and a number."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.leaves = {name: leaf.detach() for name, leaf in tensors(case).items()}
        self.plan, self.drawn = flatten(call_of(case, self.leaves))
        self.places = {
            name: next(n for n, one in enumerate(self.drawn) if one is leaf)
            for name, leaf in self.leaves.items()
        }

    def outputs(self, leaves: Leaves, kernel: str = "cpu") -> list[Tensor]:
        """Output and final states, with these leaves in the places of its own."""
        flat = list(self.drawn)
        for name, leaf in leaves.items():
            flat[self.places[name]] = leaf
        result = dispatch.run(unflatten(self.plan, flat), kernel)
        return [result.output, *(part for state in result.final for part in state)]

    def loss(self, kernel: str = "cpu") -> Loss:
        """A number made of all outputs, curved, so that its second derivative is not 0."""

        def of(leaves: Leaves) -> Tensor:
            whole = torch.cat([part.flatten() for part in self.outputs(leaves, kernel)])
            weights = torch.linspace(-1, 2, len(whole), dtype=whole.dtype)
            return torch.dot(whole.exp(), weights)

        return of


def several(leaves: Leaves, mapped: Sequence[str]) -> tuple[Leaves, dict[str, int | None]]:
    """The leaves with a dimension of M values where mapped, at another place in each, and where."""
    generator = torch.Generator().manual_seed(5)
    many, dims = dict(leaves), dict[str, int | None].fromkeys(leaves)
    for number, name in enumerate(mapped):
        leaf, dim = leaves[name], number % (leaves[name].dim() + 1)
        factors = torch.rand(SIZE, *leaf.shape, generator=generator, dtype=leaf.dtype)
        many[name], dims[name] = (leaf * factors).movedim(0, dim), dim
    return many, dims


def one_of(many: Leaves, dims: dict[str, int | None], m: int) -> Leaves:
    pairs = {name: (leaf, dims[name]) for name, leaf in many.items()}
    return {
        name: leaf if dim is None else leaf.select(dim, m) for name, (leaf, dim) in pairs.items()
    }


def assert_same(case: Case, found: Leaves, expected: Leaves) -> None:
    table = NORMED_GRADIENT if case.spec.norm != "none" else GRADIENT
    scale = max(float(one.abs().max()) for one in expected.values() if one.numel())
    assert scale > 0
    for name, one in expected.items():
        assert found[name].shape == one.shape, name
        difference = float((found[name] - one).abs().max()) if one.numel() else 0.0
        assert difference <= table[case.dtype] * scale, f"{name} differs by {difference:.1e}"


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passes of the native core that were run, in order."""
    seen: list[str] = []

    def seeing(name: str) -> Any:
        compute = getattr(Pass, name)

        def seen_computing(self: Pass, *given: Any) -> Any:
            seen.append(name)
            return compute(self, *given)

        return seen_computing

    for name in ("forward", "backward"):
        monkeypatch.setattr(Pass, name, seeing(name))
    return seen


# --- vmap


@every_case
@pytest.mark.parametrize("mapped", ["input", "states", "weights", "all"])
def test_each_example_has_the_gradients_that_it_has_alone(case: Case, mapped: str) -> None:
    call = Call(case)
    states = [name for name in call.leaves if name.split()[0] in ("h", "c", "restart")]
    weights = [name for name in call.leaves if name not in ("input", *states)]
    chosen = {"input": ["input"], "states": states, "weights": weights, "all": [*call.leaves]}
    many, dims = several(call.leaves, chosen[mapped])
    found = vmap(grad(call.loss()), in_dims=(dims,))(many)
    outputs = vmap(call.outputs, in_dims=(dims,))(many)
    for m in range(SIZE):
        alone = one_of(many, dims, m)
        expected = grad(call.loss("reference"))(alone)
        assert_same(case, {name: one[m] for name, one in found.items()}, expected)
        for one, true in zip(outputs, call.outputs(alone, "reference"), strict=True):
            assert_same(case, {"output": one[m]}, {"output": true})


def test_examples_that_share_their_weights_are_rows_of_one_batch(passes: list[str]) -> None:
    call = Call(Case("gru_reset_after", (3, 2), extras=("resets",)))
    many, dims = several(call.leaves, ["input", "h 0"])
    vmap(call.outputs, in_dims=(dims,))(many)
    assert passes == ["forward"]
    passes.clear()

    def of_input(leaves: Leaves) -> Tensor:
        found: Tensor = grad(lambda x: call.loss()(leaves | {"input": x}))(leaves["input"])
        return found

    vmap(of_input, in_dims=(dims,))(many)
    assert passes == ["forward", "backward"]
    passes.clear()
    vmap(grad(call.loss()), in_dims=(dims,))(many)
    assert passes == ["forward", *["backward"] * SIZE]  # each has weight gradients of its own


@every_case
def test_transforms_inside_each_other(case: Case) -> None:
    call = Call(case)
    many, dims = several(call.leaves, ["input"])

    def of(kernel: str) -> dict[str, Tensor]:
        loss = call.loss(kernel)
        per_example = vmap(loss, in_dims=(dims,))
        found = grad(lambda leaves: per_example(many | leaves).square().sum())(
            {name: leaf for name, leaf in call.leaves.items() if name != "input"}
        )
        penalty = vmap(grad(lambda leaves: _length(grad(loss)(leaves))), in_dims=(dims,))(many)
        twice = vmap(vmap(loss, in_dims=(dims,)), in_dims=({"input": 0} | dict.fromkeys(found),))
        both = many | {"input": torch.stack([many["input"], many["input"] / 2])}
        rows = {f"row {n}": row for n, row in enumerate(twice(both))}
        penalties = {f"penalty {name}": one for name, one in penalty.items()}
        return {**found, **penalties, **rows}

    assert_same(case, of("cpu"), of("reference"))


def _length(gradients: Leaves) -> Tensor:
    return torch.stack([one.square().sum() for one in gradients.values()]).sum()


# --- derivatives of derivatives


@every_case
def test_jacobians_of_jacobians(case: Case) -> None:
    call = Call(case)

    def of(kernel: str) -> Leaves:
        found: dict[str, Leaves] = jacrev(jacrev(call.loss(kernel)))(call.leaves)
        return found["input"]

    assert_same(case, of("cpu"), of("reference"))


@every_case
def test_the_third_derivative(case: Case) -> None:
    call = Call(case)

    def of(kernel: str) -> Leaves:
        leaves = {name: leaf.clone().requires_grad_() for name, leaf in call.leaves.items()}
        total = call.loss(kernel)(leaves)
        for _ in range(3):
            found = torch.autograd.grad(total, list(leaves.values()), create_graph=True)
            total = _length(dict(zip(leaves, found, strict=True)))
        return dict(zip(leaves, (one.detach() for one in found), strict=True))

    assert_same(case, of("cpu"), of("reference"))


def test_a_first_derivative_is_the_core_s_also_where_a_second_may_follow(
    passes: list[str],
) -> None:
    call = Call(Case("lstm", (3, 2)))
    leaves = {name: leaf.requires_grad_() for name, leaf in call.leaves.items()}
    torch.autograd.grad(call.loss()(leaves), list(leaves.values()), create_graph=True)
    assert passes == ["forward", "backward"]
    passes.clear()
    grad(call.loss())(call.leaves)
    assert passes == ["forward", "backward"]


def test_a_backward_pass_can_be_run_again_and_for_many_gradients_at_once() -> None:
    call = Call(Case("gru_reset_before", (3, 2)))
    leaves = {name: leaf.requires_grad_() for name, leaf in call.leaves.items()}
    output = call.outputs(leaves)[0]
    every = list(leaves.values())
    first = torch.autograd.grad(output.sum(), every, retain_graph=True)
    second = torch.autograd.grad(output.sum(), every, retain_graph=True)
    assert all(torch.equal(one, other) for one, other in zip(first, second, strict=True))
    directions = torch.randn(SIZE, *output.shape, dtype=output.dtype)
    many = torch.autograd.grad(output, every, directions, is_grads_batched=True, retain_graph=True)
    for m, direction in enumerate(directions):
        alone = torch.autograd.grad(output, every, direction, retain_graph=True)
        found = {name: one[m] for name, one in zip(leaves, many, strict=True)}
        assert_same(call.case, found, dict(zip(leaves, alone, strict=True)))


def test_a_recomputed_call_has_the_same_gradients() -> None:
    call = Call(Case("lstm", (3, 2), "both"))
    leaves = {name: leaf.requires_grad_() for name, leaf in call.leaves.items()}
    plain = torch.autograd.grad(call.loss()(leaves), list(leaves.values()))
    again: Tensor = checkpoint(call.loss(), leaves, use_reentrant=False)
    found = torch.autograd.grad(again, list(leaves.values()))
    assert all(torch.equal(one, other) for one, other in zip(found, plain, strict=True))


@every_case
def test_only_the_gradients_that_are_asked_for(case: Case) -> None:
    call = Call(case)
    everything = grad(call.loss("reference"))(call.leaves)
    for name in call.leaves:
        leaves = dict(call.leaves)
        leaves[name] = leaves[name].clone().requires_grad_()
        (found,) = torch.autograd.grad(call.loss()(leaves), leaves[name])
        scale = max(everything.values(), key=lambda one: float(one.abs().max()))
        assert_same(case, {name: found, "scale": scale}, {name: everything[name], "scale": scale})


def test_a_mask_has_its_gradient_although_a_transform_hides_it() -> None:
    call = Call(Case("lstm", (3, 2), extras=("mask",)))
    masks = torch.rand(SIZE, 2, 5, dtype=torch.float64)

    def of(kernel: str) -> Callable[[Tensor], Tensor]:
        def loss(mask: Tensor) -> Tensor:
            flat = list(call.drawn)
            flat[call.plan.masks[0]] = mask
            return dispatch.run(unflatten(call.plan, flat), kernel).output.square().sum()

        return lambda masks: vmap(loss)(masks).sum()

    expected = {"mask": grad(of("reference"))(masks)}
    assert_same(call.case, {"mask": grad(of("auto"))(masks)}, expected)


# --- forward mode


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
