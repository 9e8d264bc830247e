"""Parts of series that follow each other in time."""

from __future__ import annotations

import numpy as np
import pytest

from elman.data.series.time_split import split_in_time
from elman.errors import DataError, UsageError
from tests.series_samples import COUNTER, series_of, waves


def numbers(count: int) -> list[float]:
    return [float(number) for number in range(count)]


@pytest.mark.parametrize(
    ("parts", "lengths"),
    [
        ("80/10/10", (80, 10, 10)),
        ("0.6/0.2/0.2", (60, 20, 20)),
        ("50/20/10", (50, 20, 10)),
    ],
)
def test_shares_and_counts(parts: str, lengths: tuple[int, ...]) -> None:
    split = split_in_time([series_of(numbers(100))], COUNTER, parts, "f.csv")
    stretches = (split.train[0], split.validation[0], split.test[0])
    assert tuple(map(len, stretches)) == lengths
    told = np.concatenate([one.values for one in stretches]).tolist()
    assert told == numbers(sum(lengths))
    assert f"validation from {lengths[0]}, test from {lengths[0] + lengths[1]}" in split.reason
    assert split.notes == (("the last 20 steps are in no part",) if sum(lengths) == 80 else ())


def test_all_series_are_cut_at_one_moment() -> None:
    early, late = series_of(numbers(50), "early"), series_of(numbers(60), "late", start=40)
    never = series_of(numbers(5), "never", start=90)
    split = split_in_time([early, late, never], COUNTER, "70/10/20", "f.csv")
    assert [one.name for one in split.train] == ["early", "late"]
    assert [one.stamps[-1] for one in split.train] == [49, 69]
    assert [len(one) for one in split.validation] == [0, 10]
    assert [len(one) for one in split.test] == [0, 20]
    assert split.notes == ("'never' begins after the training part; left out",)


def test_what_is_known_of_the_future_stays_with_the_last_part() -> None:
    known = [[float(step)] for step in range(33)]
    split = split_in_time([series_of(numbers(30), known=known)], COUNTER, "80/10/10", "f.csv")
    assert [len(one[0].known) for one in (split.train, split.validation, split.test)] == [24, 3, 6]


@pytest.mark.parametrize("parts", ["80/20", "a/b/c", "80/10/0", "0.5/0.5/0.5", "", "-80/90/90"])
def test_parts_that_make_no_sense(parts: str) -> None:
    with pytest.raises(UsageError, match="not three shares or counts") as caught:
        split_in_time([series_of(numbers(30))], COUNTER, parts, "f.csv")
    assert "--parts 80/10/10" in caught.value.next_step


def test_too_few_steps() -> None:
    with pytest.raises(DataError, match="has 19 steps") as caught:
        split_in_time([series_of(numbers(19))], COUNTER, "80/10/10", "f.csv")
    assert caught.value.where == "f.csv"
    with pytest.raises(DataError, match="has 30 steps") as caught:
        split_in_time([series_of(numbers(30))], COUNTER, "30/5/5", "f.csv")
    assert "40 steps for the parts 30/5/5" in caught.value.expected


def test_a_dataset_tells_its_shape_and_has_a_fingerprint_of_its_numbers() -> None:
    data = waves()
    assert data.shape == "forecaster"
    assert data.shape_reason == "forecaster: two waves"
    assert [len(one) for one in data.train] == [60, 60]
    assert data.sha256 == waves(parts="80/10/10").sha256
    assert data.sha256 != waves(length=101).sha256
