"""What an experiment found: sentences, pictures and numbers, without their drawing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from elman.insight.pictures.kinds import Lines
from elman.pages.bars import Bar

Say = Callable[[str], None]
"""Is told what an experiment does while it lasts."""


@dataclass(frozen=True)
class Bars:
    """Bars from zero, each with its name and its value.

    Attributes:
        title: what is compared, with the unit.
        bars: from top to bottom.
        look: one sentence: what to look at.
    """

    title: str
    bars: Sequence[Bar]
    look: str


@dataclass(frozen=True)
class Grid:
    """Numbers in rows and columns.

    Attributes:
        caption: what they are.
        columns: headings.
        rows: cells, the first of each its name.
        words: how many of the columns, from the first on, hold words.
    """

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: int = 1


@dataclass(frozen=True)
class Chapter:
    """A part of the report.

    Attributes:
        heading: of the part.
        paragraphs: that stand before the pictures.
        parts: pictures and tables.
    """

    heading: str
    paragraphs: Sequence[str]
    parts: Sequence[Lines | Bars | Grid] = ()


@dataclass(frozen=True)
class Report:
    """The answer of an experiment.

    Attributes:
        title: of the page.
        finding: sentences with numbers; the first is the headline.
        chapters: in order.
        setting: what was run, in words by their names.
        numbers: everything measured, as JSON has it.
    """

    title: str
    finding: Sequence[str]
    chapters: Sequence[Chapter]
    setting: Mapping[str, str]
    numbers: Mapping[str, Any] = field(default_factory=dict)
