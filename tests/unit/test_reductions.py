"""Ragged: what is reckoned over each sequence."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from elman.sequences import Ragged
from tests.tolerances import OUTPUT
from tests.unit.test_sequences import batch_of, every_batch, sequences_of


def alike(found: Tensor, expected: Tensor) -> bool:
    return found.shape == expected.shape and torch.allclose(
        found, expected, rtol=0, atol=OUTPUT[torch.float64]
    )


@every_batch
@pytest.mark.parametrize("name", ["sum", "mean", "max", "last"])
def test_reductions_equal_a_loop(lengths: list[int], shape: tuple[int, ...], name: str) -> None:
    one_by_one: dict[str, Callable[[Tensor], Tensor]] = {
        "sum": lambda sequence: sequence.sum(0),
        "mean": lambda sequence: sequence.mean(0),
        "max": lambda sequence: sequence.amax(0),
        "last": lambda sequence: sequence[-1],
    }
    zero = torch.zeros(shape, dtype=torch.float64)
    rows = [
        one_by_one[name](sequence) if len(sequence) else zero
        for sequence in sequences_of(lengths, shape)
    ]
    expected = torch.stack(rows) if rows else torch.zeros(0, *shape, dtype=torch.float64)
    assert alike(getattr(batch_of(lengths, shape), name)(), expected)


@every_batch
def test_softmax_equals_a_loop(lengths: list[int], shape: tuple[int, ...]) -> None:
    found = batch_of(lengths, shape).softmax()
    for one, sequence in zip(found.to_list(), sequences_of(lengths, shape), strict=True):
        assert alike(one, sequence.softmax(0))


def test_maximum_of_negative_values_is_not_lifted_to_zero() -> None:
    batch = Ragged(torch.tensor([-3.0, -5.0, -1.0]), [2, 0, 1])
    assert batch.max().tolist() == [-3.0, 0.0, -1.0]


@pytest.mark.parametrize("shift", [0.0, 1e4, -1e4, 3e38])
def test_softmax_of_large_values_stays_a_distribution(shift: float) -> None:
    values = torch.tensor([0.0, 1.0, 2.0, -1.0, 5.0]) + shift
    found = Ragged(values, [3, 0, 2]).softmax()
    assert found.values.isfinite().all()
    assert torch.equal(found.sum(), torch.tensor([1.0, 0.0, 1.0]))
    for one, sequence in zip(found.to_list(), values.split([3, 0, 2]), strict=True):
        assert torch.allclose(one, sequence.softmax(0), rtol=0, atol=OUTPUT[torch.float32])


def test_softmax_of_a_step_masked_with_minus_infinity_is_zero_there() -> None:
    found = Ragged(torch.tensor([0.0, -torch.inf, 0.0, 1.0]), [3, 1]).softmax()
    assert found.values.tolist() == [0.5, 0.0, 0.5, 1.0]


@pytest.mark.parametrize("name", ["sum", "mean", "max", "last", "softmax"])
def test_gradients_of_reductions_once_and_twice(name: str) -> None:
    def run(values: Tensor) -> Tensor:
        found = getattr(Ragged(values.sin(), [2, 0, 3]), name)()
        return found.values if isinstance(found, Ragged) else found

    torch.manual_seed(0)
    values = torch.randn(5, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(run, values)
    assert torch.autograd.gradgradcheck(run, values)


def test_steps_that_share_the_maximum_share_its_gradient() -> None:
    values = torch.tensor([2.0, 2.0, 1.0, 3.0], requires_grad=True)
    Ragged(values, [3, 1]).max().sum().backward()
    assert values.grad is not None
    assert values.grad.tolist() == [0.5, 0.5, 0.0, 1.0]


@pytest.mark.parametrize("name", ["sum", "mean", "max", "last", "softmax", "packed_values"])
def test_a_batch_used_in_inference_mode_can_be_trained_on_later(name: str) -> None:
    batch = Ragged(torch.randn(5, 2, requires_grad=True), [2, 0, 3])
    with torch.inference_mode():
        getattr(batch, name)()
    found = getattr(batch, name)()
    (found.values if isinstance(found, Ragged) else found).sum().backward()
    assert batch.values.grad is not None
