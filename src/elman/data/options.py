"""What is read, and how: the options of a run that are about its data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from elman.data.examples import LabelKind, Shape
from elman.data.splits import Part
from elman.data.texts.tag_schemes import Scheme

Transform = Literal["none", "root", "log"]
"""Of the values of series, before they are scaled."""


@dataclass(frozen=True)
class DataOptions:
    """What to read, and how.

    Args:
        data: the path of a file, or the name of a built-in source.
        shape: the shape of model; None to infer it.
        text: the column of the texts; None to infer it.
        label: the column of the labels; None to infer it.
        source: the column of the texts to read, of pairs; None to infer it.
        target: the column of the texts to write; None to infer it.
        target_file: the path of a file whose lines are the targets of the data's lines.
        split: the column that names the part of each row; None to infer it.
        validation: the path of a file with the validation part.
        test: the path of a file with the test part.
        scheme: how tags mark entities; None to infer it.
        columns: the columns of the numbers, separated by commas; None to infer them.
        id: the column that says which sequence a row belongs to; None to infer it.
        time: the column that orders the rows of a sequence; None to infer it.
        known: the columns whose future is known, separated by commas.
        parts: shares or numbers of steps of the three parts of series.
        label_kind: whether labels are classes or numbers; None to infer it.
        file_names: a pattern of the names of a folder's files, with {label} in it.
        as_rows: whether images are read row by row.
        frame: the length of a step of a piano roll, in the unit of the onsets; None to choose it.
        seed: draws the parts that the data does not fix.
    """

    data: str
    shape: Shape | None = None
    text: str | None = None
    label: str | None = None
    source: str | None = None
    target: str | None = None
    target_file: str | None = None
    split: str | None = None
    validation: str | None = None
    test: str | None = None
    scheme: Scheme | None = None
    columns: str | None = None
    id: str | None = None
    time: str | None = None
    known: str | None = None
    parts: str | None = None
    label_kind: LabelKind | None = None
    file_names: str | None = None
    as_rows: bool = False
    frame: float | None = None
    seed: int = 0

    def files(self) -> dict[Part, Path]:
        """The files that were named, by the part that they hold."""
        named: dict[Part, str | None] = {
            "train": self.data,
            "validation": self.validation,
            "test": self.test,
        }
        return {part: Path(name) for part, name in named.items() if name is not None}
