"""Pictures as plain numbers, each with what to look at in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from torch import Tensor

from elman.pages.charts import Reference, Series
from elman.pages.matrix import Axis

_BREAKS = str.maketrans({"\n": "↵", "\t": "⇥"})
_SIGNS = _BREAKS | str.maketrans({" ": "␣"})


@dataclass(frozen=True)
class Lines:
    """Lines over a common axis."""

    name: str
    title: str
    look: str
    series: tuple[Series, ...]
    across: str
    references: tuple[Reference, ...] = ()
    logarithmic: bool = False


@dataclass(frozen=True)
class Columns:
    """A column for each step."""

    name: str
    title: str
    look: str
    names: tuple[str, ...]
    values: tuple[float, ...]
    logarithmic: bool = False
    label: str = "step"


@dataclass(frozen=True)
class Map:
    """A matrix as colours; its cells are as high as wide where it is `square`."""

    name: str
    title: str
    look: str
    values: tuple[tuple[float, ...], ...]
    rows: Axis
    columns: Axis
    logarithmic: bool = False
    square: bool = False


Picture: TypeAlias = Lines | Columns | Map


@dataclass(frozen=True)
class Chapter:
    """Pictures that belong together.

    Attributes:
        anchor: its name in links and files.
        heading: what it is about.
        told: sentences with its numbers.
        pictures: the ones to see first.
        more: those that are folded away.
    """

    anchor: str
    heading: str
    told: tuple[str, ...]
    pictures: tuple[Picture, ...]
    more: tuple[Picture, ...] = ()


def visible(names: Sequence[str]) -> tuple[str, ...]:
    r"""Names in which white space can be seen, but for spaces between words.

    Example:
        >>> visible(["a", " ", "\n", "a b", "a "])
        ('a', '␣', '↵', 'a b', 'a␣')
    """
    return tuple(map(_visible, names))


def _visible(name: str) -> str:
    spaced = name == name.strip(" ")
    return name.translate(_BREAKS if spaced else _SIGNS)


def file_name(*parts: str) -> str:
    """A name for a file, from words."""
    return "-".join(" ".join(parts).replace(",", "").split())


def numbers(values: Tensor) -> tuple[float, ...]:
    """A vector as plain numbers."""
    return tuple(values.double().tolist())


def points(across: Sequence[float] | range, values: Tensor) -> list[tuple[float, float]]:
    """A line through a vector's numbers."""
    return list(zip(across, values.double().tolist(), strict=True))
