"""How much of a padded batch is padding, for the lengths that data really has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from elman.data.batches import bucketed, padded_share, permutation
from elman.data.examples import AnyDataset
from elman.data.views import columns_of
from elman.errors import DataError


@dataclass(frozen=True)
class Waste:
    """Shares of steps that are padding, 0 to 1.

    Attributes:
        fixed: where every sequence is as long as the longest, which is what a feed-forward network
            with an input of fixed size computes.
        shuffled: where each batch, drawn at random, is as long as its own longest.
        bucketed: the same for batches of like lengths, as training makes them.
    """

    fixed: float
    shuffled: float
    bucketed: float


def waste(lengths: Sequence[int], batch_size: int, seed: int = 0) -> Waste:
    """What padding would add to sequences of these lengths.

    Args:
        lengths: of the sequences, at least one of them above 0.
        batch_size: sequences at a time.
        seed: of the order of the batches.

    Raises:
        DataError: no sequence has a step.

    Example:
        >>> waste([1, 1, 4, 4], batch_size=2)
        Waste(fixed=0.375, shuffled=0.375, bucketed=0.0)
    """
    if not any(lengths):
        raise DataError(
            "No sequence has a step.",
            where=f"{len(lengths)} lengths",
            expected="at least one length above 0",
        )
    order = permutation(len(lengths), seed, 0)
    drawn = [order[start : start + batch_size] for start in range(0, len(order), batch_size)]
    return Waste(
        padded_share(lengths, [list(range(len(lengths)))]),
        padded_share(lengths, drawn),
        padded_share(lengths, bucketed(lengths, batch_size, seed, 0)),
    )


def lengths_of(dataset: AnyDataset) -> tuple[list[int], str]:
    """How many steps the sequences of the training part have, and what a step is."""
    column = columns_of(dataset.train, dataset.target)[0]
    return [len(column.steps(one)) for one in dataset.train], column.unit
