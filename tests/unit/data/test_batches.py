"""Batches: every example once an epoch, in an order that (seed, epoch) alone decide."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.data.batches import POOL, bucketed, by_length, permutation, ragged

lengths_of_examples = st.lists(st.integers(0, 30), min_size=1, max_size=120)
sizes = st.integers(1, 9)
examples = settings(max_examples=60, deadline=None, derandomize=True)
seeds, epochs = st.integers(0, 2**63 - 1), st.integers(0, 1000)


@examples
@given(lengths_of_examples, sizes, seeds, epochs)
def test_every_example_is_in_one_batch(
    lengths: list[int], size: int, seed: int, epoch: int
) -> None:
    batches = bucketed(lengths, size, seed, epoch)
    assert sorted(one for batch in batches for one in batch) == list(range(len(lengths)))
    assert all(1 <= len(batch) <= size for batch in batches)
    assert len(batches) == -(-len(lengths) // size)
    assert bucketed(lengths, size, seed, epoch) == batches


@examples
@given(lengths_of_examples, sizes, seeds, epochs)
def test_inside_a_batch_the_longest_come_first(
    lengths: list[int], size: int, seed: int, epoch: int
) -> None:
    for batch in bucketed(lengths, size, seed, epoch):
        inside = [lengths[one] for one in batch]
        assert inside == sorted(inside, reverse=True)


def test_a_batch_holds_examples_of_similar_length() -> None:
    lengths = [number % 40 for number in range(400)]
    batches = bucketed(lengths, 10, seed=0, epoch=0)
    assert all(lengths[batch[0]] - lengths[batch[-1]] <= 1 for batch in batches)


def test_pools_keep_the_sorting_from_being_the_same_in_every_epoch() -> None:
    size = 2
    lengths = list(range(3 * POOL * size))
    first, second = (bucketed(lengths, size, 0, epoch) for epoch in (0, 1))
    assert {tuple(batch) for batch in first} != {tuple(batch) for batch in second}
    assert [lengths[batch[0]] for batch in first] != sorted(lengths[batch[0]] for batch in first)


def test_epochs_and_seeds_differ() -> None:
    lengths = [3] * 40
    orders = {str(bucketed(lengths, 4, seed, epoch)) for seed in range(5) for epoch in range(5)}
    assert len(orders) == 25


def test_the_order_is_the_same_on_every_machine() -> None:
    """A library that draws other numbers would break every resumed run: better to see it here."""
    assert permutation(8, seed=0, epoch=0) == [2, 4, 3, 6, 5, 0, 1, 7]
    assert permutation(8, seed=0, epoch=1) == [1, 3, 7, 6, 0, 4, 2, 5]
    batches = bucketed([5, 1, 4, 2, 9, 9, 0], 2, seed=7, epoch=3)
    assert batches == [[4, 5], [6], [0, 2], [3, 1]]


@examples
@given(lengths_of_examples, sizes)
def test_evaluation_takes_all_examples_longest_first(lengths: list[int], size: int) -> None:
    order = [one for batch in by_length(lengths, size) for one in batch]
    assert sorted(order) == list(range(len(lengths)))
    assert [lengths[one] for one in order] == sorted(lengths, reverse=True)


def test_ragged_lays_sequences_end_to_end() -> None:
    batch = ragged([[4, 2], [], [7]])
    assert batch.values.tolist() == [4, 2, 7]
    assert batch.values.dtype == torch.int64
    assert batch.lengths.tolist() == [2, 0, 1]
    assert ragged([[]]).values.dtype == torch.int64
