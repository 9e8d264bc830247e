"""Columns of numbers, every cell of them checked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from elman.data.files.tables import Cell, Table
from elman.data.wording import in_all, quoted, shown
from elman.errors import DataError

MISSING: Final = frozenset({"", "na", "n/a", "nan", "null", "none", "?"})


def number_of(cell: Cell) -> float | None:
    """The number in a cell; NaN where there is nothing, None where there is something else.

    Example:
        >>> number_of(" 2.5 "), number_of("NA"), number_of("2,5")
        (2.5, nan, None)
    """
    if not isinstance(cell, str):
        return None
    text = cell.strip()
    if text.lower() in MISSING:
        return math.nan
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in text else None


def is_numeric(table: Table, column: str) -> bool:
    """Whether a column holds a number, and nothing but numbers."""
    numbers = [number_of(cell) for cell in table.cells(column)]
    return None not in numbers and any(number == number for number in numbers)


def numbers_of(table: Table, columns: Sequence[str]) -> NDArray[np.float32]:
    """The cells [rows, columns] of some columns, all of them numbers.

    Raises:
        DataError: a cell is missing or no number; the first is named, those of its column are
            counted.
    """
    return np.stack([_column(table, name) for name in columns], axis=1)


def _column(table: Table, name: str) -> NDArray[np.float32]:
    cells = table.cells(name)
    numbers = [number_of(cell) for cell in cells]
    if None in numbers or any(number != number for number in numbers):
        wrong = [
            place for place, number in enumerate(numbers) if number is None or number != number
        ]
        raise not_a_number(table, name, wrong)
    return np.array(numbers, dtype=np.float32)


def not_a_number(table: Table, column: str, places: Sequence[int]) -> DataError:
    """The refusal for cells of a column that should be numbers.

    Args:
        table: the table.
        column: one of its columns.
        places: of the cells, counted from 0, the first first.
    """
    cell = table.cells(column)[places[0]]
    said = f"is no number: {shown(cell)}" if isinstance(cell, str) else cell.reason
    if number_of(cell) is not None:
        said = "is missing"
    return DataError(
        f"A cell {said}{in_all(len(places), 'such row')}.",
        where=f"{table.path}:{table.numbers[places[0]]}, column {column!r}",
        expected="a number such as 2.5 in each row",
        next_step=f"fill it in or take the row out of {quoted(table.path)}",
    )
