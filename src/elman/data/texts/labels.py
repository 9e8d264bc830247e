"""What must hold of labels before a model can learn them."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from elman.data.arrays.numbers import number_of
from elman.data.examples import LabelledArray, LabelledText, Target
from elman.data.splits import Part, Parts
from elman.data.wording import command, counted, in_all, listed, quoted, shown
from elman.errors import DataError

RATINGS = range(3, 12)
MOST_NUMBERED_CLASSES = 100
"""So many different whole numbers may be the names of classes; more are amounts."""

Labelled = TypeVar("Labelled", LabelledText, LabelledArray)
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,8})")


def target_of(labels: Iterable[str]) -> Target:
    """What labels are: "rating" when all are integers and 3 to 11 differ, else "class".

    Example:
        >>> target_of(["1", "2", "3"]), target_of(["0", "1"])
        ('rating', 'class')
    """
    different = set(labels)
    whole = all(map(is_whole, different))
    return "rating" if whole and len(different) in RATINGS else "class"


def is_whole(label: str) -> bool:
    """Whether a label is a whole number of up to nine digits, as ratings are.

    Example:
        >>> is_whole("-3"), is_whole("3.5"), is_whole("03")
        (True, False, False)
    """
    return _INTEGER.fullmatch(label) is not None


def are_amounts(labels: Iterable[str]) -> bool:
    """Whether labels are numbers to be told rather than names of classes.

    So it is when all are numbers, and one has a fraction or more than 100 differ.

    Example:
        >>> are_amounts(["1.5", "2"]), are_amounts(["1", "2"]), are_amounts(["1.5", "a"])
        (True, False, False)
    """
    different = set(labels)
    if not all(map(is_number, different)):
        return False
    return len(different) > MOST_NUMBERED_CLASSES or not all(map(is_whole, different))


def is_number(label: str) -> bool:
    """Whether a label is a finite number."""
    number = number_of(label)
    return number is not None and math.isfinite(number)


def check_amounts(examples: Sequence[LabelledArray], path: str) -> None:
    """Refuse labels that are no numbers, and numbers that are all the same.

    Raises:
        DataError: the first such label is named, all are counted.
    """
    odd = [one for one in examples if not is_number(one.label)]
    if odd:
        raise DataError(
            f"The label {shown(odd[0].label)} is no number{in_all(len(odd), 'such row')}.",
            where=place(path, odd[0]),
            expected="a number such as 2.5 in each row, as the labels are to be numbers",
            next_step=f"correct the row in {quoted(path)}, or --label-kind class",
        )
    if len({float(one.label) for one in examples}) == 1:
        raise DataError(
            f"All labels are {shown(examples[0].label)}: there is nothing to tell.",
            where=path,
            expected="at least two different numbers",
            next_step="name another column: --label COLUMN",
        )


def place(path: str, example: LabelledText | LabelledArray) -> str:
    """Where an example stands: its file in a folder, or its row in a table."""
    if isinstance(example, LabelledArray) and os.path.isdir(path):
        return str(Path(path) / example.name)
    return f"{path}:{example.row}"


def check_classes(examples: Iterable[Labelled], path: str, column: str | None) -> None:
    """Refuse data in which there is nothing to tell apart.

    Raises:
        DataError: all labels are the same.
    """
    different = {example.label for example in examples}
    if len(different) == 1:
        raise DataError(
            f"All labels are {shown(different.pop())}: there is nothing to tell apart.",
            where=f"{path}, column {column!r}" if column else path,
            expected="at least two different labels",
            next_step=f"add rows with another label to {quoted(path)}, "
            "or name another column: --label COLUMN",
        )


def with_known_labels(
    parts: Parts[Labelled], origins: Mapping[Part, str]
) -> tuple[Parts[Labelled], list[str]]:
    """See that every label of the held-out parts can be learned from the training part.

    A part that was drawn gives the examples of a label that training would never see back to
    training; a part that the data fixes is left alone and refused.

    Args:
        parts: the three parts.
        origins: the file of each part.

    Returns:
        The parts, and notes on what was moved.

    Raises:
        DataError: a label of a fixed part never occurs in training, or a drawn part comes out
            empty.
    """
    known = {example.label for example in parts.train}
    held: dict[Part, list[Labelled]] = {"validation": parts.validation, "test": parts.test}
    moved: list[Labelled] = []
    for part, examples in held.items():
        strange = [example for example in examples if example.label not in known]
        if strange and part not in parts.drawn:
            raise _never_learned(strange, part, origins[part])
        moved += strange
        held[part] = [example for example in examples if example.label in known]
        if not held[part]:
            raise _all_rare(part, origins["train"])
    if not moved:
        return parts, []
    train = parts.train + moved
    train.sort(key=lambda example: example.row)
    note = (
        f"{counted(len(moved), 'example')} with a label too rare to be in every part "
        "went to the training part"
    )
    whole = replace(parts, train=train, validation=held["validation"], test=held["test"])
    return whole, [note]


def _never_learned(strange: list[Labelled], part: Part, path: str) -> DataError:
    first = strange[0]
    return DataError(
        f"The label {shown(first.label)} of the {part} part never occurs in the training part"
        f"{in_all(len(strange), 'such row')}.",
        where=place(path, first),
        expected="labels that the training part has too: "
        + listed(sorted({example.label for example in strange})[:3])
        + " cannot be learned",
        next_step=f"add training rows with that label, or take the row out of {quoted(path)}",
    )


def _all_rare(part: Part, path: str) -> DataError:
    return DataError(
        f"The {part} part comes out empty: each label in it occurs nowhere else.",
        where=path,
        expected="labels that recur, each in several rows",
        next_step=command(path, "--label", "COLUMN") + ", with the column whose labels recur",
    )
