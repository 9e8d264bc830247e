"""Data sets of labelled numbers, and the form that all of their arrays have."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Literal, TypeAlias

import numpy as np
from pydantic import Field

from elman.data.examples import AnyDataset, Dataset, LabelledArray, Target
from elman.data.files.images import ImageForm
from elman.data.files.mel import SoundForm
from elman.data.wording import command, counted
from elman.errors import UsageError

Name = Annotated[str, Field(max_length=10_000)]


@dataclass(frozen=True, slots=True)
class TableForm:
    """Columns of a table that are read as numbers; a part of a model's files.

    Args:
        names: of the columns.
        steps: what the steps of a sequence are: "rows", those that a column says belong together;
            or "columns", of one row; None where a row is one vector.
        id: the column that says which sequence a row belongs to, where steps are rows.
        time: the column that orders them.
    """

    names: Annotated[tuple[Name, ...], Field(min_length=1, max_length=65_536)]
    steps: Literal["rows", "columns"] | None = None
    id: Name | None = None
    time: Name | None = None
    kind: Literal["table"] = "table"


Form: TypeAlias = ImageForm | SoundForm | TableForm


@dataclass(frozen=True)
class ArrayDataset(Dataset[LabelledArray]):
    """Labelled numbers, divided.

    Args:
        form: what every array was brought to, and what has to be brought to it for predictions.
    """

    form: Form


def row_by_row(dataset: AnyDataset) -> ArrayDataset:
    """Images as sequences of their rows, from the top: frames [H, W·C] of images [C, H, W].

    Raises:
        UsageError: the data holds no images.
    """
    if not (isinstance(dataset, ArrayDataset) and isinstance(dataset.form, ImageForm)):
        raise UsageError(
            "Only images can be read row by row.",
            where="--as-rows",
            expected=f"images; {dataset.shape_reason}",
            next_step=command(dataset.name),
        )

    def rows(examples: tuple[LabelledArray, ...]) -> tuple[LabelledArray, ...]:
        return tuple(replace(one, values=rows_of_image(one.values)) for one in examples)

    return replace(
        dataset,
        shape="many_to_one",
        reads="frames",
        shape_reason="many to one, as asked: each image is read row by row, from the top; "
        + dataset.shape_reason.partition(": ")[2],
        train=rows(dataset.train),
        validation=rows(dataset.validation),
        test=rows(dataset.test),
    )


def rows_of_image(pixels: np.ndarray) -> np.ndarray:
    """The rows [H, W·C] of an image [C, H, W]."""
    return np.ascontiguousarray(pixels.transpose(1, 2, 0)).reshape(pixels.shape[1], -1)


def target_words(target: Target, labels: int) -> str:
    """What is to be told, in words.

    Example:
        >>> target_words("number", 500), target_words("class", 10)
        ('a number', '10 labels')
    """
    return "a number" if target == "number" else counted(labels, "label")
