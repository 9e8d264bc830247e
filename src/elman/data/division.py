"""Dividing what was read into three parts, whatever the shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from elman.data.examples import Document, Example, LabelledText, TaggedSentence
from elman.data.files.tables import Table
from elman.data.options import DataOptions
from elman.data.splits import GIVEN_FILE, Part, Parts, divide
from elman.data.texts.extraction import by_part
from elman.data.wording import counted
from elman.errors import DataError

Text = TypeVar("Text", LabelledText, Document, TaggedSentence)


def divided(
    examples: Mapping[Part, list[Example]],
    options: DataOptions,
    table: Table | None = None,
    split: str | None = None,
) -> Parts[Example]:
    """The three parts, from the split column of the main table, the given files and the seed."""
    main = examples["train"]
    given: dict[Part, list[Example]] = {"train": main}
    if table is not None and split is not None:
        given = by_part(table, split, main)
    sources: dict[Part, str] = {part: f"column {split!r}" for part in given if part != "train"}
    for part in examples:
        if part == "train":
            continue
        if part in given:
            raise DataError(
                f"The {part} part is given twice: by column {split!r} and by a file.",
                where=f"--{part} {getattr(options, part)}",
                expected="one source for each part",
                next_step=f"leave out --{part}, or take the rows of that part out of the table",
            )
        given[part], sources[part] = examples[part], GIVEN_FILE
    return divide(given, sources, options.seed, options.data)


def repeated(parts: Parts[Text]) -> tuple[str, ...]:
    """A note on the test texts that a model has already seen in training, if there are any."""
    seen = {example.text for example in parts.train}
    number = sum(example.text in seen for example in parts.test)
    verb = "occurs" if number == 1 else "occur"
    return (f"{counted(number, 'text')} of the test part also {verb} in train",) if number else ()
