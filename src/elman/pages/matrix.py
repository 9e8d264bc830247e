"""A matrix of numbers as a map of colours, small enough for a page whatever its size."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from elman.errors import UsageError
from elman.pages import names as along
from elman.pages.charts import WIDTH, figure
from elman.pages.text import Html, element, fragment, number

LEVELS = 8
MOST_CELLS = 96
ROW_HEIGHT = 13.0
HIGHEST = 280.0
MOST_DECADES = 12.0

Matrix = Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True)
class Axis:
    """What the rows or the columns are, and the name of each."""

    label: str
    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Shades:
    """Which shade a number has: -8 to 8, 0 for blank."""

    largest: float
    decades: float

    def of(self, value: float) -> int:
        size = abs(value)
        if not math.isfinite(value) or size == 0 or self.largest == 0:
            return 0
        share = size / self.largest
        if self.decades:
            share = 1 + math.log10(max(share, 1e-300)) / self.decades
            level = max(1, math.ceil(share * LEVELS - 1e-9))
        else:
            level = math.ceil(share * LEVELS - 1e-9)
        return int(math.copysign(min(LEVELS, level), value))

    def top(self, level: int) -> float:
        """The largest number that a shade stands for."""
        share = level / LEVELS
        return self.largest * (10 ** (self.decades * (share - 1)) if self.decades else share)


@dataclass(frozen=True, slots=True)
class _Grid:
    """The places of the cells inside the drawing."""

    left: float
    width: float
    height: float
    rows: int
    columns: int

    @property
    def right(self) -> float:
        return self.left + self.width * self.columns

    @property
    def floor(self) -> float:
        return self.height * self.rows


def matrix_map(
    title: str,
    values: Matrix,
    rows: Axis,
    columns: Axis,
    *,
    logarithmic: bool = False,
    square: bool = False,
) -> Html:
    """Numbers as colours: the fuller the colour, the larger the number.

    Numbers below 0 have a colour of their own, and 0 has none. Of a matrix of many rows or columns
    neighbours share a place, which shows the number of the largest magnitude.

    Args:
        title: what is shown.
        values: row by row, from the top; what is not finite is left blank.
        rows: as many names as rows.
        columns: as many names as columns.
        logarithmic: whether equal steps of colour are equal factors, over 12 powers of ten at most.
        square: whether a cell is as high as wide; it is where rows and columns have the same names.

    Raises:
        UsageError: the names do not fit the matrix.
    """
    if len(values) != len(rows.names) or any(len(row) != len(columns.names) for row in values):
        raise UsageError(
            "The names do not fit the matrix.",
            where=f"{len(values)} rows, {len(rows.names)} and {len(columns.names)} names",
            expected="a name for each row and for each column",
        )
    values = [_finite(row) for row in values]
    known = [size for row in values for size in filter(None, map(abs, row))]
    if not known:
        return figure(title, element("p", "There is nothing but 0 here.", class_="empty"))
    shades = _Shades(max(known), _decades(known) if logarithmic else 0.0)
    spoken = _spoken(values, rows, columns)
    values, rows, columns = _thinned(values, rows, columns)
    left = 8 + along.width_of(rows.names)
    width = (WIDTH - left - 4) / len(columns.names)
    square = square or rows.names == columns.names
    height = width if square else min(ROW_HEIGHT, HIGHEST / len(values))
    grid = _Grid(left, width, height, len(values), len(columns.names))
    below, depth = along.below(columns.names, left, width, grid.floor)
    picture = element(
        "svg",
        element("title", title),
        element("desc", spoken),
        element("rect", x=left, y=0, width=grid.right - left, height=grid.floor, class_="field"),
        *_shaded(values, shades, grid),
        *along.beside(rows.names, left - 5, height),
        *below,
        element("text", columns.label, x=grid.right, y=grid.floor + depth + 14, text_anchor="end",
                class_="axis-name"),
        viewBox=f"0 0 {WIDTH} {grid.floor + depth + 20:.0f}",
        role="img",
    )  # fmt: skip
    return figure(
        title,
        fragment(
            _key(shades, rows.label, any(value < 0 for row in values for value in row)), picture
        ),
    )


def _decades(known: Sequence[float]) -> float:
    """How many powers of ten the shades go over."""
    return min(MOST_DECADES, max(1.0, math.log10(max(known)) - math.log10(min(known))))


def _thinned(values: Matrix, rows: Axis, columns: Axis) -> tuple[Matrix, Axis, Axis]:
    """At most so many rows and columns, each with the name of the first that it stands for."""
    down, across = (-(-len(axis.names) // MOST_CELLS) for axis in (rows, columns))
    if down == across == 1:
        return values, rows, columns
    found = [_largest(values[top : top + down], across) for top in range(0, len(values), down)]
    return (
        found,
        Axis(rows.label, rows.names[::down]),
        Axis(columns.label, columns.names[::across]),
    )


def _finite(row: Sequence[float]) -> Sequence[float]:
    """The row, with 0 for what is not finite: both are left blank."""
    if all(map(math.isfinite, row)):
        return row
    return [value if math.isfinite(value) else 0.0 for value in row]


def _largest(rows: Matrix, across: int) -> list[float]:
    """Of so many neighbours in all of the rows the number of the largest magnitude."""
    high, low = (list(map(of, *rows)) if len(rows) > 1 else rows[0] for of in (max, min))
    found = []
    for at in range(0, len(high), across):
        most, least = max(high[at : at + across]), min(low[at : at + across])
        found.append(most if most >= -least else least)
    return found


def _shaded(values: Matrix, shades: _Shades, grid: _Grid) -> list[Html]:
    """A path for each shade, in which neighbours of a row are one piece."""
    pieces: dict[int, list[str]] = {}
    for top, row in enumerate(values):
        place = 0
        for shade, run in groupby(map(shades.of, row)):
            length = len(list(run))
            if shade:
                x, y = grid.left + place * grid.width, top * grid.height
                across = length * grid.width
                piece = f"M{x:.1f} {y:.1f}h{across:.1f}v{grid.height:.1f}h-{across:.1f}z"
                pieces.setdefault(shade, []).append(piece)
            place += length
    return [
        element("path", d="".join(found), class_=_style(shade))
        for shade, found in sorted(pieces.items())
    ]


def _style(shade: int) -> str:
    return f"up{shade}" if shade > 0 else f"down{-shade}"


def _key(shades: _Shades, row_label: str, signed: bool) -> Html:
    """What the shades mean."""
    levels = (1, LEVELS // 2, LEVELS)
    entries = [
        element("li", _swatch(_style(level)), f" {number(shades.top(level), 2)}")
        for level in levels
    ]
    if signed:
        entries.append(element("li", _swatch(_style(-LEVELS)), f" {number(-shades.largest, 2)}"))
    return element("ul", *entries, element("li", f"a row: {row_label}"), class_="legend")


def _swatch(style: str) -> Html:
    square = element("rect", x=0, y=0, width=26, height=10, class_=style)
    return element("svg", square, viewBox="0 0 26 10", aria_hidden="true")


def _spoken(values: Matrix, rows: Axis, columns: Axis) -> str:
    sizes = [max(max(row, default=0.0), -min(row, default=0.0)) for row in values]
    _, top = max((size, top) for top, size in enumerate(sizes))
    _, at = max((abs(value), at) for at, value in enumerate(values[top]))
    return (
        f"{len(values)} rows ({rows.label}) by {len(columns.names)} columns ({columns.label})."
        f" The number of the largest magnitude is {number(values[top][at], 3)}, at"
        f" {rows.names[top]} and {columns.names[at]}."
    )
