"""Three parts: to learn from, to choose by, and to measure once."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Generic, Literal

from elman.data.examples import Example
from elman.data.wording import command, counted
from elman.errors import DataError

Part = Literal["train", "validation", "test"]
PARTS: Final[tuple[Part, ...]] = ("train", "validation", "test")
LEAST_ROWS = 10
"""Fewer examples than this cannot be divided: each held-out part is a tenth."""

PART_OF: Final[Mapping[str, Part]] = {
    "train": "train",
    "training": "train",
    "valid": "validation",
    "validation": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
}
"""What may stand in a split column, in any case."""

GIVEN_FILE = "given file"


@dataclass(frozen=True, slots=True)
class Parts(Generic[Example]):
    """The three parts, which of them were drawn by the seed, and a sentence that says how."""

    train: list[Example]
    validation: list[Example]
    test: list[Example]
    drawn: tuple[Part, ...]
    reason: str


def seeded_split(count: int, seed: int, held_out: int = 2) -> tuple[list[int], ...]:
    """Divide the numbers below `count`: a tenth to each held-out part, the rest to the first.

    A pure function of its arguments; within each part the numbers rise.

    Args:
        count: number of examples, 10 or more.
        seed: any integer.
        held_out: parts that get a tenth each, 0 to 2.

    Returns:
        The numbers of the first part, then those of each held-out part.

    Example:
        >>> train, validation, test = seeded_split(10, seed=0)
        >>> len(train), len(validation), len(test)
        (8, 1, 1)
    """
    draw = random.Random(seed)  # noqa: S311
    # A split is no secret. Of its methods only `random()` is promised to give the same numbers in
    # every version of Python.
    order = sorted(range(count), key=[draw.random() for _ in range(count)].__getitem__)
    tenth = max(1, round(count / 10))
    cuts = [tenth * part for part in range(held_out + 1)]
    held = [sorted(order[low:high]) for low, high in pairwise(cuts)]
    return (sorted(order[cuts[-1] :]), *held)


def divide(
    given: Mapping[Part, list[Example]], sources: Mapping[Part, str], seed: int, path: str
) -> Parts[Example]:
    """Keep the parts that are given and draw the others from the training examples.

    Args:
        given: the examples of each part that the data itself fixes.
        sources: what fixed the validation and the test part, for those that are given:
            `GIVEN_FILE` or a column.
        seed: draws the parts that are not given.
        path: the file, for messages.

    Raises:
        DataError: nothing to learn from, or too few examples to draw from.
    """
    train = given.get("train", [])
    wanted: list[Part] = [part for part in PARTS if part not in given and part != "train"]
    if not train:
        raise empty_part("train", path)
    if wanted and len(train) < LEAST_ROWS:
        raise _too_few(len(train), wanted, path)
    kept, *held = seeded_split(len(train), seed, len(wanted))
    drawn = {
        part: [train[place] for place in places] for part, places in zip(wanted, held, strict=True)
    }
    parts = {**given, **drawn}
    return Parts(
        [train[place] for place in kept],
        parts["validation"],
        parts["test"],
        tuple(wanted),
        _reason(sources, seed),
    )


def empty_part(part: Part, path: str) -> DataError:
    """The refusal for a part without examples."""
    return DataError(
        f"The {part} part is empty.",
        where=path,
        expected="at least one example in each of train, validation and test",
        next_step="mark more rows in the split column, or leave it out to have a seeded split",
    )


def _too_few(count: int, wanted: Sequence[Part], path: str) -> DataError:
    option = " ".join(f"--{part} FILE" for part in wanted)
    return DataError(
        f"There {'is' if count == 1 else 'are'} only {counted(count, 'example')} to learn from, "
        f"too few to take {' and '.join(wanted)} out of.",
        where=path,
        expected=f"at least {LEAST_ROWS} rows, or files for validation and test",
        next_step=f"add rows, or {command(path)} {option}",
    )


def _reason(sources: Mapping[Part, str], seed: int) -> str:
    if not sources:
        return f"seeded split 80/10/10 (seed {seed})"
    tenth = f"a tenth of the training examples (seed {seed})"
    validation, test = sources.get("validation", tenth), sources.get("test", tenth)
    if validation == test:
        return "given files" if test == GIVEN_FILE else test
    return f"validation: {validation}; test: {test}"
