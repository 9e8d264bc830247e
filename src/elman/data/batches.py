"""Batches of sequences, their order a pure function of (seed, epoch)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from elman.sequences import Ragged

POOL = 50
"""How many batches are drawn together before they are sorted by length."""


def permutation(count: int, seed: int, epoch: int) -> list[int]:
    """The numbers 0 to count - 1 in an order drawn from (seed, epoch)."""
    return [int(place) for place in np.random.default_rng([seed, epoch]).permutation(count)]


def bucketed(lengths: Sequence[int], batch_size: int, seed: int, epoch: int) -> list[list[int]]:
    """Batches of examples of similar length, in random order; every example once.

    The examples are shuffled, cut into pools of 50 batches, sorted by length within each pool and
    cut into batches, which are shuffled again. So a batch is quick to run, and no two epochs see
    the same batches.

    Args:
        lengths: the length of each example.
        batch_size: examples a batch; the last batch of a pool may be smaller.
        seed: of the run.
        epoch: counted from 0.

    Example:
        >>> bucketed([5, 1, 4, 2], 2, seed=0, epoch=0)
        [[0, 2], [3, 1]]
    """
    order = permutation(len(lengths), seed, epoch)
    pools = (order[start : start + POOL * batch_size] for start in _steps(order, POOL * batch_size))
    batches = []
    for pool in pools:
        pool.sort(key=lambda example: -lengths[example])
        batches += [pool[start : start + batch_size] for start in _steps(pool, batch_size)]
    return [batches[place] for place in permutation(len(batches), seed, epoch)]


def by_length(lengths: Sequence[int], batch_size: int) -> list[list[int]]:
    """Batches for evaluation: all examples, longest first."""
    order = sorted(range(len(lengths)), key=lambda example: -lengths[example])
    return [order[start : start + batch_size] for start in _steps(order, batch_size)]


def padded_share(lengths: Sequence[int], batches: Sequence[Sequence[int]]) -> float:
    """The share of padding where each batch is padded to its longest sequence; 0 without a step.

    Args:
        lengths: the length of each example.
        batches: the numbers of the examples in each.

    Example:
        >>> padded_share([4, 2, 3, 3], [[0, 1], [2, 3]])
        0.1428571428571429
    """
    slots = sum(len(batch) * max(lengths[one] for one in batch) for batch in batches)
    real = sum(lengths[one] for batch in batches for one in batch)
    return 1 - real / slots if slots else 0.0


def ragged(sequences: Sequence[Sequence[int]]) -> Ragged:
    """A ragged batch of token numbers: values [N] (int64)."""
    values = torch.tensor(
        [token for sequence in sequences for token in sequence], dtype=torch.int64
    )
    return Ragged(values, [len(sequence) for sequence in sequences])


def _steps(items: Sequence[int], size: int) -> range:
    return range(0, len(items), size)
