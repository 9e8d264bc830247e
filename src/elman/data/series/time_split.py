"""Three parts of series, one after the other in time, so that nothing of the future is learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from elman.data.examples import Dataset, Series
from elman.data.series.clock import Clock
from elman.data.series.columns import SeriesWishes
from elman.data.wording import command, counted
from elman.errors import DataError, UsageError

USUAL_PARTS: Final = "80/10/10"
LEAST_STEPS: Final = 20


@dataclass(frozen=True)
class SeriesDataset(Dataset[Series]):
    """Series cut in time: the same series in the same order in each part.

    A series that has no step in a part has an empty stretch there.

    Args:
        clock: how the stamps follow each other.
        known: names of the covariates.
        columns: which column of the source is what, to read other files so.
    """

    clock: Clock
    known: tuple[str, ...]
    columns: SeriesWishes

    def sizes(self) -> dict[str, int]:
        """Steps of the longest series in each part."""
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        return {part: max(map(len, stretches)) for part, stretches in parts.items()}


@dataclass(frozen=True)
class TimeSplit:
    """The stretches of each series in the three parts, how they came about, and what was odd."""

    train: tuple[Series, ...]
    validation: tuple[Series, ...]
    test: tuple[Series, ...]
    reason: str
    notes: tuple[str, ...]


def split_in_time(series: Sequence[Series], clock: Clock, parts: str, path: str) -> TimeSplit:
    """Cut all series at the same moments.

    Args:
        series: at least one.
        clock: that writes their stamps.
        parts: shares such as "80/10/10" or counts of steps such as "8640/2880/2880", of train,
            validation and test; steps after the last count are not used.
        path: of the file, for messages.

    Raises:
        UsageError: the parts are not three such numbers.
        DataError: there are fewer steps than asked for, or too few to divide.
    """
    moments = np.unique(np.concatenate([one.stamps for one in series]))
    counts, kind = _counts(parts, len(moments))
    if len(moments) < LEAST_STEPS or sum(counts) > len(moments):
        raise DataError(
            f"The series {'have' if len(series) > 1 else 'has'} {counted(len(moments), 'step')}.",
            where=path,
            expected=f"at least {max(LEAST_STEPS, sum(counts)):,} steps"
            + (f" for the parts {parts}" if kind == "counts" else ""),
            next_step="add rows, or " + command(path, "--parts", USUAL_PARTS),
        )
    ends = np.cumsum(counts)
    cuts = [moments[end] if end < len(moments) else moments[-1] + 1 for end in ends]
    learned = [one for one in series if one.stamps[0] < cuts[0]]
    late = [one.name for one in series if one.stamps[0] >= cuts[0]]
    train, validation, test = zip(*(_stretches(one, cuts) for one in learned), strict=True)
    notes = [f"{name!r} begins after the training part; left out" for name in late]
    if rest := len(moments) - int(ends[-1]):
        notes.append(f"the last {counted(rest, 'step')} are in no part")
    first, second = (clock.write(int(cut)) for cut in cuts[:2])
    reason = f"in time {kind} {parts}: validation from {first}, test from {second}"
    return TimeSplit(train, validation, test, reason, tuple(notes))


def _counts(parts: str, steps: int) -> tuple[list[int], str]:
    """Steps of each part, and whether the numbers were shares or counts."""
    try:
        numbers = [float(number) for number in parts.split("/")]
    except ValueError:
        numbers = []
    total = sum(numbers)
    if len(numbers) == 3 and all(0 < number < 2**31 for number in numbers):
        if abs(total - 1) < 1e-6 or total == 100:
            held = [max(1, round(steps * number / total)) for number in numbers[1:]]
            return [steps - sum(held), *held], "shares"
        if all(number.is_integer() for number in numbers):
            return [int(number) for number in numbers], "counts"
    raise UsageError(
        "The parts are not three shares or counts.",
        where=f"--parts {parts}",
        expected="train/validation/test: shares of 100 or of 1, or numbers of steps",
        next_step=f"--parts {USUAL_PARTS}",
    )


def _stretches(series: Series, cuts: Sequence[int]) -> tuple[Series, ...]:
    """The stretches of a series that end before each of the cuts."""
    ends = [int(place) for place in np.searchsorted(series.stamps, cuts)]
    return tuple(series.stretch(first, end) for first, end in pairwise([0, *ends]))
