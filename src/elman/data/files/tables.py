"""The table: named columns of cells, each row with the line where it starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from elman.data.wording import counted, listed, quoted, shown
from elman.errors import DataError

MAX_COLUMNS = 1_000
EXACT_INTEGERS = 2**53
"""Beyond this size a floating-point number does not tell neighbouring integers apart."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """A cell that is no text: `reason` completes the sentence "the cell ..."; lists keep texts."""

    reason: str
    items: tuple[str, ...] | None = None


Cell: TypeAlias = str | Unusable


@dataclass(frozen=True)
class Table:
    """Named columns, read lazily.

    Args:
        path: the file, as the user typed it.
        names: the columns, in the order of the file.
        numbers: for each row the line, or in Parquet the record, where it starts.
        cells: gives the cells of a named column, one a row.
        notes: what the report should say about the reading.
    """

    path: str
    names: tuple[str, ...]
    numbers: Sequence[int]
    cells: Callable[[str], list[Cell]]
    notes: tuple[str, ...] = ()


def canonical(value: object) -> Cell:
    """A value of JSON or Parquet as text: one spelling for one value; nothing as an empty text.

    Example:
        >>> canonical(5.0), canonical(True), canonical(None)
        ('5', 'true', '')
    """
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            if value != value:
                return ""
            whole = value.is_integer() and abs(value) < EXACT_INTEGERS
            return str(int(value)) if whole else repr(value)
        case Decimal():
            whole = value.is_finite() and value == value.to_integral_value()
            return format(value.quantize(Decimal(1)) if whole else value.normalize(), "f")
        case list():
            items = [canonical(item) for item in value]
            texts = tuple(item for item in items if isinstance(item, str))
            return Unusable("holds a list", texts if len(texts) == len(items) else None)
        case dict():
            return Unusable("holds an object")
        case _:
            return Unusable(f"holds a value of the type {type(value).__name__}")


def checked_names(path: str, names: Sequence[str], where: str) -> tuple[str, ...]:
    """The names of a table's columns, a nameless one called by its place.

    Raises:
        DataError: two have the same name, or there are more than `MAX_COLUMNS`.
    """
    if len(names) > MAX_COLUMNS:
        raise DataError(
            f"The table has {counted(len(names), 'column')}.",
            where=where,
            expected=f"at most {MAX_COLUMNS:,} columns",
            next_step="keep the columns with the text and the label",
        )
    stripped = [name.strip() or f"column {place}" for place, name in enumerate(names, start=1)]
    twice = sorted({name for name in stripped if stripped.count(name) > 1})
    if twice:
        raise DataError(
            f"The column name {shown(twice[0])} stands more than once.",
            where=where,
            expected=f"a different name for each of the columns {listed(stripped)}",
            next_step=f"rename one of them in {path}",
        )
    return tuple(stripped)


def without_rows(path: str) -> DataError:
    """The refusal for a table that has names and nothing below them."""
    return DataError(
        "The table has column names and no rows.",
        where=path,
        expected="at least 10 rows below the names",
        next_step=f"head {quoted(path)}",
    )
