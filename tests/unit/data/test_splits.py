"""The split: a pure function, which loses nothing and doubles nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.data.examples import Document
from elman.data.splits import GIVEN_FILE, LEAST_ROWS, Part, divide, seeded_split
from elman.errors import DataError


@given(st.integers(LEAST_ROWS, 500), st.integers(-5, 2**40), st.integers(0, 2))
def test_every_number_is_in_one_part_and_the_tenths_are_tenths(
    count: int, seed: int, held_out: int
) -> None:
    parts = seeded_split(count, seed, held_out)
    assert len(parts) == held_out + 1
    assert sorted(number for part in parts for number in part) == list(range(count))
    assert all(part == sorted(part) for part in parts)
    assert all(abs(len(part) - count / 10) <= 0.5 for part in parts[1:])
    assert seeded_split(count, seed, held_out) == parts


def test_the_split_is_the_same_on_every_machine_and_version() -> None:
    train, validation, test = seeded_split(20, seed=0)
    assert (validation, test) == ([3, 15], [7, 12])
    assert len(train) == 16


def test_another_seed_is_another_split() -> None:
    assert len({str(seeded_split(100, seed)) for seed in range(20)}) == 20


def documents(count: int) -> list[Document]:
    return [Document(f"text {number}", number) for number in range(count)]


@pytest.mark.parametrize(
    ("fixed", "sizes", "reason"),
    [
        ({}, (80, 10, 10), "seeded split 80/10/10 (seed 3)"),
        ({"test": 7}, (90, 10, 7), "validation: a tenth of the training examples (seed 3); "
         "test: given file"),
        ({"validation": 7}, (90, 7, 10), "validation: given file; "
         "test: a tenth of the training examples (seed 3)"),
        ({"validation": 7, "test": 5}, (100, 7, 5), "given files"),
    ],
)  # fmt: skip
def test_parts_that_are_not_given_are_drawn_from_training(
    fixed: dict[Part, int], sizes: tuple[int, ...], reason: str
) -> None:
    given_parts: dict[Part, list[Document]] = {"train": documents(100)}
    given_parts |= {part: documents(count) for part, count in fixed.items()}
    sources = dict.fromkeys(fixed, GIVEN_FILE)
    parts = divide(given_parts, sources, 3, "a.csv")
    assert (len(parts.train), len(parts.validation), len(parts.test)) == sizes
    assert parts.reason == reason
    assert set(parts.drawn) == {"validation", "test"} - set(fixed)


def test_few_examples_are_enough_where_nothing_is_drawn() -> None:
    one = documents(1)
    sources: dict[Part, str] = {"validation": "column 's'", "test": "column 's'"}
    parts = divide({"train": one, "validation": one, "test": one}, sources, 0, "a.csv")
    assert parts.reason == "column 's'"


def test_too_few_examples_to_draw_from_are_refused() -> None:
    with pytest.raises(DataError, match="only 9 examples"):
        divide({"train": documents(LEAST_ROWS - 1)}, {}, 0, "a.csv")
    assert len(divide({"train": documents(LEAST_ROWS)}, {}, 0, "a.csv").train) == 8
