"""Function transforms and higher derivatives on the native core's kernel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.func import grad, jacrev, vmap
from torch.utils.checkpoint import checkpoint

from elman.kernels import dispatch
from elman.kernels.engine import engine_status
from elman.kernels.native import Pass
from elman.kernels.plan import unflatten
from tests.contract.cases import Case
from tests.contract.differentiated import SIZE, Call, Leaves, assert_same, every_case

pytestmark = [
    pytest.mark.skipif(not engine_status().built, reason=engine_status().reason),
    pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning"),
]


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
