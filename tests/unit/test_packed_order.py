"""Into packed order and back: values, and gradients of every kind."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from elman.packed_order import PackedIndex

# torch says so of its own code, when forward mode is first used.
pytestmark = pytest.mark.filterwarnings(
    "ignore:`torch.jit.script` is deprecated:DeprecationWarning"
)

LENGTHS = torch.tensor([2, 0, 4, 1])
INDEX = PackedIndex.of(LENGTHS, torch.device("cpu"))
WAYS: list[Callable[[Tensor], Tensor]] = [INDEX.packed, INDEX.unpacked]


def values(*more: int) -> Tensor:
    torch.manual_seed(0)
    return torch.randn(7, *more, dtype=torch.float64, requires_grad=True)


def test_packed_order_is_by_time_and_the_longest_first() -> None:
    steps = torch.tensor([0, 1, 20, 21, 22, 23, 30])  # sequence and step
    assert INDEX.packed(steps).tolist() == [20, 0, 30, 21, 1, 22, 23]
    assert torch.equal(INDEX.unpacked(INDEX.packed(steps)), steps)


@pytest.mark.parametrize("way", WAYS)
def test_gradients(way: Callable[[Tensor], Tensor]) -> None:
    assert torch.autograd.gradcheck(way, values(3), check_forward_ad=True)
    assert torch.autograd.gradgradcheck(way, values(3))


@pytest.mark.parametrize("way", WAYS)
def test_the_gradient_is_that_of_index_select(way: Callable[[Tensor], Tensor]) -> None:
    order = INDEX.positions if way == INDEX.packed else INDEX.inverse
    ours, theirs = values(2), values(2)
    weights = torch.randn(7, 2, dtype=torch.float64)
    (way(ours) * weights).sum().backward()
    (theirs.index_select(0, order) * weights).sum().backward()
    assert ours.grad is not None
    assert theirs.grad is not None
    assert torch.equal(ours.grad, theirs.grad)


@pytest.mark.parametrize("way", WAYS)
def test_function_transforms(way: Callable[[Tensor], Tensor]) -> None:
    many = torch.randn(5, 7, 2, dtype=torch.float64)

    def loss(one: Tensor) -> Tensor:
        return way(one).square().cumsum(0).sum()

    expected = torch.stack([torch.func.grad(loss)(one) for one in many])
    assert torch.equal(torch.func.vmap(torch.func.grad(loss))(many), expected)
    tangent = torch.randn_like(many[0])
    along = torch.func.jvp(loss, (many[0],), (tangent,))[1]
    torch.testing.assert_close(along, (expected[0] * tangent).sum())


@pytest.mark.parametrize("way", WAYS)
def test_a_compiled_graph_has_it_too(way: Callable[[Tensor], Tensor]) -> None:
    compiled = torch.compile(lambda one: way(one) * 2, fullgraph=True, backend="eager")
    given = values(2)
    assert torch.equal(compiled(given), way(given) * 2)
