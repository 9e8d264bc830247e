"""Ragged: to and from other forms, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.utils.rnn import pack_padded_sequence, pack_sequence, pad_packed_sequence

from elman.errors import ShapeError
from elman.sequences import Ragged

LENGTHS = [[3, 1, 4], [2, 0, 5, 0], [0, 0], [4], []]
SHAPES: list[tuple[int, ...]] = [(), (2,), (2, 3)]

lengths_and_shapes = [
    pytest.mark.parametrize("lengths", LENGTHS, ids=str),
    pytest.mark.parametrize("shape", SHAPES, ids=str),
]


def every_batch(test: Any) -> Any:
    for mark in lengths_and_shapes:
        test = mark(test)
    return test


def sequences_of(lengths: list[int], shape: tuple[int, ...] = (2,)) -> list[Tensor]:
    torch.manual_seed(len(lengths))
    return [torch.randn(length, *shape, dtype=torch.float64) for length in lengths]


def batch_of(lengths: list[int], shape: tuple[int, ...] = (2,)) -> Ragged:
    parts = [torch.zeros(0, *shape, dtype=torch.float64), *sequences_of(lengths, shape)]
    return Ragged(torch.cat(parts), lengths)


# --- to and from other forms


@every_batch
def test_a_list_goes_in_and_comes_out(lengths: list[int], shape: tuple[int, ...]) -> None:
    sequences = sequences_of(lengths, shape)
    batch = Ragged.from_list(sequences) if sequences else batch_of(lengths, shape)
    assert len(batch) == len(lengths)
    assert batch.lengths.tolist() == lengths
    assert batch.values.shape == (sum(lengths), *shape)
    found = batch.to_list()
    assert len(found) == len(sequences)
    assert all(torch.equal(one, other) for one, other in zip(found, sequences, strict=True))


@every_batch
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("more", [0, 2])
def test_padded_both_ways(
    lengths: list[int], shape: tuple[int, ...], batch_first: bool, more: int
) -> None:
    total = max(lengths, default=0) + more
    expected = torch.zeros(len(lengths), total, *shape, dtype=torch.float64)
    for row, sequence in enumerate(sequences_of(lengths, shape)):
        expected[row, : len(sequence)] = sequence
    if not batch_first:
        expected = expected.transpose(0, 1)
    batch = batch_of(lengths, shape)
    padded = batch.to_padded(batch_first=batch_first, total_length=total)
    assert torch.equal(padded, expected)
    back = Ragged.from_padded(padded, lengths, batch_first=batch_first)
    assert torch.equal(back.values, batch.values)
    assert torch.equal(back.lengths, batch.lengths)


def test_steps_of_width_zero_keep_their_lengths() -> None:
    padded = torch.zeros(3, 2, 0)
    batch = Ragged.from_padded(padded, [1, 3])
    assert batch.values.shape == (4, 0)
    assert torch.equal(batch.to_padded(), padded)


def test_padding_gets_no_gradient() -> None:
    padded = torch.randn(4, 3, 2, requires_grad=True)
    values = Ragged.from_padded(padded, [4, 0, 2]).values
    (gradient,) = torch.autograd.grad(values.sum(), padded)
    assert gradient[:, 0].eq(1).all()
    assert gradient[:, 1].eq(0).all()
    assert gradient[:2, 2].eq(1).all()
    assert gradient[2:, 2].eq(0).all()


@pytest.mark.parametrize("lengths", [[4, 3, 3, 1], [1, 4, 2, 4], [2]], ids=str)
@pytest.mark.parametrize("enforce_sorted", [True, False])
def test_packed_both_ways_like_torch(lengths: list[int], enforce_sorted: bool) -> None:
    if enforce_sorted:
        lengths = sorted(lengths, reverse=True)
    sequences = sequences_of(lengths)
    packed = pack_sequence(sequences, enforce_sorted=enforce_sorted)
    batch = Ragged.from_packed(packed)
    assert batch.lengths.tolist() == lengths
    found = batch.to_list()
    assert all(torch.equal(one, other) for one, other in zip(found, sequences, strict=True))
    assert torch.equal(batch.packed_values(), packed.data)
    # torch's own unpacking reads what we packed.
    padded, counts = pad_packed_sequence(Ragged.from_list(sequences).to_packed())
    assert torch.equal(padded, batch.to_padded())
    assert counts.tolist() == lengths
    padded_by_torch = pad_packed_sequence(packed, total_length=6)[0]
    assert torch.equal(padded_by_torch, batch.to_padded(total_length=6))


def test_our_packing_equals_torch_s_where_no_two_lengths_are_the_same() -> None:
    lengths = [2, 5, 1, 4]
    batch = batch_of(lengths)
    ours = batch.to_packed()
    theirs = pack_padded_sequence(batch.to_padded(), torch.tensor(lengths), enforce_sorted=False)
    for mine, other in zip(ours, theirs, strict=True):
        assert mine is not None
        assert other is not None
        assert torch.equal(mine, other)


def test_the_packed_index_leads_there_and_back() -> None:
    batch = batch_of([2, 0, 5, 3])
    index = batch.index
    assert index is batch.index
    assert index is batch.with_values(batch.values * 2).index
    assert index.batch_sizes == (3, 3, 2, 1, 1)
    assert index.rows.tolist() == [2, 3, 0, 1]
    assert torch.equal(batch.packed_values()[index.inverse], batch.values)
    assert torch.equal(index.rows[index.places], torch.arange(4))


@pytest.mark.parametrize("lengths", LENGTHS, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_nested_both_ways(lengths: list[int], shape: tuple[int, ...]) -> None:
    batch = batch_of(lengths, shape)
    nested = batch.to_nested()
    assert nested.layout == torch.jagged
    for one, other in zip(nested.unbind(), batch.to_list(), strict=True):
        assert torch.equal(one, other)
    back = Ragged.from_nested(nested)
    assert torch.equal(back.values, batch.values)
    assert torch.equal(back.lengths, batch.lengths)


def test_a_nested_tensor_with_holes_is_read_without_them() -> None:
    padded = torch.randn(3, 5, 2)
    nested = torch.nested.narrow(padded, 1, 0, torch.tensor([2, 0, 4]), layout=torch.jagged)
    expected = Ragged.from_padded(padded, [2, 0, 4], batch_first=True)
    batch = Ragged.from_nested(nested)
    assert torch.equal(batch.values, expected.values)
    assert batch.lengths.tolist() == [2, 0, 4]


def test_nested_and_padded_and_packed_hand_gradients_through() -> None:
    values = torch.randn(6, 2, dtype=torch.float64, requires_grad=True)
    roads: list[Callable[[Ragged], Ragged]] = [
        lambda batch: Ragged.from_nested(batch.to_nested()),
        lambda batch: Ragged.from_padded(batch.to_padded(), batch.lengths),
        lambda batch: Ragged.from_packed(batch.to_packed()),
        lambda batch: Ragged.from_list(batch.to_list()),
    ]
    for road in roads:

        def there_and_back(v: Tensor, road: Callable[[Ragged], Ragged] = road) -> Tensor:
            return road(Ragged(v.sin(), [2, 1, 3])).values.square()

        assert torch.autograd.gradcheck(there_and_back, values)


# --- dtype and device


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_dtype_is_kept(dtype: torch.dtype) -> None:
    batch = Ragged(torch.ones(3, 2, dtype=dtype), [1, 0, 2])
    found = [batch.sum(), batch.mean(), batch.max(), batch.last(), batch.softmax().values]
    found += [batch.to_padded(), batch.packed_values(), batch.to_nested().values()]
    assert all(tensor.dtype == dtype for tensor in found)


def test_lengths_stay_on_the_cpu_and_values_go_to_the_device() -> None:
    batch = Ragged(torch.ones(3, 2), [1, 2]).to("meta")
    assert batch.values.device.type == "meta"
    assert batch.lengths.device.type == "cpu"
    assert batch.index.positions.device.type == "meta"
    found = [batch.sum(), batch.mean(), batch.max(), batch.last(), batch.to_padded()]
    assert all(tensor.device.type == "meta" for tensor in found)


# --- what is refused


@pytest.mark.parametrize(
    "lengths",
    [
        [4, -1],
        [1.0, 2.0],
        torch.tensor([1.5, 1.5]),
        torch.tensor([True, True, True]),
        [[1], [2]],
        torch.tensor(3),
        3,
        None,
        ["1", "2"],
        [[1], [1, 1]],
    ],
    ids=repr,
)
def test_lengths_that_are_no_lengths(lengths: Any) -> None:
    values = torch.zeros(3, 2)
    makes: list[Callable[[], Ragged]] = [
        lambda: Ragged(values, lengths),
        lambda: Ragged.from_padded(values[:, None], lengths),
    ]
    for make in makes:
        with pytest.raises(ShapeError) as caught:
            make()
        assert caught.value.where == "lengths"
        assert "[B]" in caught.value.expected


@pytest.mark.parametrize("lengths", [[1, 1], [3, 1], []], ids=str)
def test_lengths_that_do_not_add_up(lengths: list[int]) -> None:
    with pytest.raises(ShapeError, match=f"add up to {sum(lengths)} steps.*\\[3, 2\\]") as caught:
        Ragged(torch.zeros(3, 2), lengths)
    assert "from_padded" in caught.value.next_step


def test_lengths_that_do_not_fit_a_padded_batch() -> None:
    padded = torch.zeros(4, 2, 3)
    for lengths, batch_first in [([5, 1], False), ([1], False), ([1, 1, 1, 3], True), ([], False)]:
        with pytest.raises(ShapeError, match=r"\[4, 2, 3\]") as caught:
            Ragged.from_padded(padded, lengths, batch_first=batch_first)
        assert caught.value.where == "lengths"
    with pytest.raises(ShapeError, match="two dimensions"):
        Ragged.from_padded(torch.zeros(3), [3])


def test_other_forms_that_do_not_fit() -> None:
    with pytest.raises(ShapeError, match=r"\[2, 3\], \[2, 4\]"):
        Ragged.from_list([torch.zeros(2, 3), torch.zeros(2, 4)])
    with pytest.raises(ShapeError, match="step shape"):
        Ragged.from_list([torch.tensor(1.0)])
    with pytest.raises(ShapeError, match="empty list"):
        Ragged.from_list([])
    with pytest.raises(ShapeError, match="shorter than the longest"):
        batch_of([3, 1]).to_padded(total_length=2)
    for lengths in [[2, 0], []]:
        with pytest.raises(ShapeError, match="length 0"):
            batch_of(lengths).to_packed()
    turned = batch_of([3, 1]).to_nested().transpose(1, 2)
    for other in [torch.zeros(2, 3), turned]:
        with pytest.raises(ShapeError, match="layout"):
            Ragged.from_nested(other)


@pytest.mark.parametrize(
    "lengths", [np.array([2, 1]), torch.tensor([2, 1], dtype=torch.int32), (2, 1)], ids=repr
)
def test_whole_numbers_of_any_kind_are_lengths(lengths: Any) -> None:
    batch = Ragged(torch.zeros(3, 2), lengths)
    assert batch.lengths.dtype == torch.int64
    assert batch.lengths.tolist() == [2, 1]


def test_lengths_changed_later_do_not_change_the_batch() -> None:
    lengths = torch.tensor([2, 1])
    batch = Ragged(torch.zeros(3, 2), lengths)
    lengths -= 1
    assert batch.lengths.tolist() == [2, 1]


def test_repr_says_how_much_there_is() -> None:
    assert repr(batch_of([2, 0, 5])) == "Ragged(3 sequences, 7 steps, each [2])"


# --- masks


MASK = torch.tensor(
    [
        [False, False, True, True],  # padding on the left
        [True, False, True, False],  # a hole
        [False, False, False, False],  # no step at all
        [True, True, True, True],
    ]
)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("batch_first", [False, True])
def test_a_mask_says_which_steps_there_are(shape: tuple[int, ...], batch_first: bool) -> None:
    torch.manual_seed(0)
    rows = torch.randn(4, 4, *shape)
    padded, mask = (rows, MASK) if batch_first else (rows.transpose(0, 1), MASK.t())
    batch = Ragged.from_masked(padded, mask, batch_first=batch_first)
    assert batch.lengths.tolist() == [2, 2, 0, 4]
    for sequence, row, real in zip(batch.to_list(), rows, MASK, strict=True):
        assert torch.equal(sequence, row[real])
    back = batch.to_masked(mask, batch_first=batch_first)
    gone = ~mask.view(*mask.shape, *[1] * len(shape))
    assert torch.equal(back, padded.masked_fill(gone, 0))


def test_what_a_mask_leaves_out_is_never_read() -> None:
    rows = torch.randn(4, 4, 2, requires_grad=True)
    dirty = rows.masked_fill(~MASK[..., None], torch.nan)
    batch = Ragged.from_masked(dirty, MASK, batch_first=True)
    batch.to_masked(MASK, batch_first=True).square().sum().backward()
    assert rows.grad is not None
    assert bool(rows.grad.isfinite().all())
    assert torch.equal(rows.grad, (2 * rows.detach()).masked_fill(~MASK[..., None], 0))


def test_masks_that_do_not_fit_a_padded_tensor() -> None:
    for padded, mask in [
        (torch.zeros(4, 3, 2), MASK[:3]),
        (torch.zeros(4, 4, 2), MASK.float()),
        (torch.zeros(4, 4, 2), MASK[..., None]),
        (torch.zeros(4), MASK[0]),
    ]:
        with pytest.raises(ShapeError, match="does not fit a padded tensor") as caught:
            Ragged.from_masked(padded, mask)
        assert caught.value.where == "Ragged.from_masked"
        assert "torch.bool" in caught.value.expected


def test_masks_without_a_place_for_each_step() -> None:
    batch = Ragged(torch.zeros(8, 2), [2, 2, 0, 4])
    for mask in [MASK, ~MASK.t(), MASK.t().float(), MASK.t()[:, :3], MASK[0]]:
        with pytest.raises(ShapeError, match="no place for each step") as caught:
            batch.to_masked(mask)
        assert caught.value.where == "Ragged.to_masked"
        assert "[T, B] with B = 4" in caught.value.expected
