"""PyTorch's nested tensors of layout jagged go in and come out."""

from __future__ import annotations

import pytest
import torch

import elman
from elman.errors import ShapeError
from elman.sequences import Ragged
from tests.layer_kinds import every_layer, make_layer, parts


def jagged(*lengths: int) -> torch.Tensor:
    torch.manual_seed(1)
    sequences = [torch.randn(length, 3) for length in lengths]
    return torch.nested.as_nested_tensor(sequences, layout=torch.jagged)


@every_layer
def test_a_nested_tensor_is_its_ragged_batch(name: str) -> None:
    layer = make_layer(name, 3, 4, num_layers=2, bidirectional=True)
    given = jagged(4, 2, 5)
    output, final = layer(given)
    expected, ends = layer(Ragged.from_nested(given))
    assert output.is_nested
    assert torch.equal(output.values(), expected.values)
    assert torch.equal(output.offsets(), given.offsets())  # type: ignore[attr-defined]
    for mine, other in zip(parts(final), parts(ends), strict=True):
        assert torch.equal(mine, other)


def test_the_output_has_the_shape_of_the_input_for_torch() -> None:
    layer, given = elman.GRU(3, 3), jagged(4, 2, 5)
    total = layer(given)[0] + given
    assert total.is_nested
    assert torch.equal(total.values(), layer(given)[0].values() + given.values())


def test_holes_that_narrow_leaves_are_no_steps() -> None:
    layer = elman.LSTM(3, 4, bidirectional=True)
    padded = torch.randn(3, 6, 3)
    given = torch.nested.narrow(
        padded, 1, torch.tensor([1, 0, 2]), torch.tensor([4, 2, 3]), layout=torch.jagged
    )
    output, (h, c) = layer(given)
    sequences = [padded[0, 1:5], padded[1, :2], padded[2, 2:5]]
    expected, (h_n, c_n) = layer(Ragged.from_list(sequences))
    assert torch.equal(output.values(), expected.values)
    assert torch.equal(h, h_n)
    assert torch.equal(c, c_n)


def test_gradients_flow_through_a_nested_tensor() -> None:
    layer = elman.GRU(3, 4)
    sequences = [torch.randn(length, 3, requires_grad=True) for length in (4, 2)]
    given = torch.nested.as_nested_tensor(sequences, layout=torch.jagged)
    output, h_n = layer(given)
    (output.values().sum() + h_n.sum()).backward()
    assert all(one.grad is not None and bool(one.grad.ne(0).all()) for one in sequences)


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors:UserWarning")
def test_another_layout_is_refused() -> None:
    strided = torch.nested.as_nested_tensor([torch.randn(4, 3)], layout=torch.strided)
    with pytest.raises(ShapeError, match="layout") as caught:
        elman.GRU(3, 4)(strided)
    assert "layout=torch.jagged" in caught.value.expected


def test_lengths_make_no_sense_with_a_nested_tensor() -> None:
    with pytest.raises(ShapeError, match="padded batch only") as caught:
        elman.GRU(3, 4)(jagged(4, 2), lengths=[4, 2])
    assert "a nested tensor" in caught.value.where


def test_a_nested_tensor_of_another_width_is_refused() -> None:
    with pytest.raises(ShapeError) as caught:
        elman.GRU(5, 4)(jagged(4, 2))
    assert caught.value.expected == "[5] (input_size)"
