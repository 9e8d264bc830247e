"""Which column of a table is the time, which names the series, and which are to be forecast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from elman.data.arrays.numbers import is_numeric
from elman.data.files.tables import Table
from elman.data.series.clock import read_stamp
from elman.data.texts.inference import require_column
from elman.data.wording import command, listed
from elman.errors import DataError

TIME_NAMES: Final = (
    "date", "datetime", "timestamp", "time", "ds", "year", "quarter", "month", "week", "day",
    "hour", "period", "step", "t",
)  # fmt: skip
CLASS_NAMES: Final = ("label", "labels", "class", "category")
_LOOKED_AT = 200


@dataclass(frozen=True, slots=True)
class SeriesWishes:
    """What the user asked for; None or nothing where nothing was asked.

    Args:
        columns: the columns to forecast.
        id: the column that says which series a row belongs to.
        time: the column of the stamps.
        known: the columns whose future is known.
    """

    columns: tuple[str, ...] = ()
    id: str | None = None
    time: str | None = None
    known: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SeriesColumns:
    """The columns that are read; `notes` say which are left out, and why."""

    columns: tuple[str, ...]
    id: str | None
    time: str
    known: tuple[str, ...]
    notes: tuple[str, ...]


def looks_like_series(table: Table) -> bool:
    """Whether a table has a column of times, and beside it numbers (and names of series) only."""
    time = _usual_time(table)
    if time is None or any(name.lower() in CLASS_NAMES for name in table.names):
        return False
    others = [name for name in table.names if name != time]
    words = [name for name in others if not is_numeric(table, name)]
    numbers = len(others) - len(words)
    return numbers > 0 and (not words or (len(words) == 1 and _names_series(table, time, words[0])))


def names_in(text: str | None) -> tuple[str, ...]:
    """The names in a list that is separated by commas.

    Example:
        >>> names_in("load, price")
        ('load', 'price')
    """
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


def choose_series_columns(table: Table, wishes: SeriesWishes) -> SeriesColumns:
    """The columns to read: those asked for, and for the others those that look like it.

    Raises:
        DataError: a column that was asked for does not exist or has two roles, or none is left.
    """
    columns, known = list(wishes.columns), list(wishes.known)
    asked = [("time", wishes.time), ("id", wishes.id)]
    asked += [("columns", name) for name in columns] + [("known", name) for name in known]
    named = []
    for option, name in asked:
        if name is not None:
            require_column(table, name, option)
            named.append(name)
    if len(set(named)) < len(named):
        raise DataError(
            "One column is asked for in two roles.",
            where=table.path,
            expected=f"different columns for time, id, columns and known, out of"
            f" {listed(table.names)}",
            next_step=command(table.path, "--time", "COLUMN", "--columns", "OTHER,COLUMNS"),
        )
    time = wishes.time or _usual_time(table, named)
    if time is None:
        raise _no_time(table)
    free = [name for name in table.names if name not in {time, *named}]
    identity = wishes.id
    if identity is None:
        identity = next((name for name in free if _names_series(table, time, name)), None)
    notes = []
    if not columns:
        free = [name for name in free if name != identity]
        columns = [name for name in free if is_numeric(table, name)]
        notes = [
            f"column {name!r} holds no numbers; left out" for name in free if name not in columns
        ]
    if not columns:
        raise _no_column(table, time)
    return SeriesColumns(tuple(columns), identity, time, tuple(known), tuple(notes))


def _usual_time(table: Table, named: Sequence[str] = ()) -> str | None:
    """A column that is called a time and holds one, else the only one that holds dates."""
    free = [name for name in table.names if name not in named]
    for usual in TIME_NAMES:
        for name in free:
            if name.lower() == usual and _stamps(table, name, numbers=True):
                return name
    dates = [name for name in free if _stamps(table, name, numbers=False)]
    return dates[0] if len(dates) == 1 else None


def _stamps(table: Table, name: str, *, numbers: bool) -> bool:
    """Whether the first cells of a column are stamps, of dates only or of numbers too."""
    for cell in table.cells(name)[:_LOOKED_AT]:
        stamp = read_stamp(cell) if isinstance(cell, str) else None
        if stamp is None or (stamp[0] == "numbers" and not numbers):
            return False
    return True


def _names_series(table: Table, time: str, name: str) -> bool:
    """Whether a column is needed to tell rows of one stamp apart, and is enough for it."""
    cells, stamps = table.cells(name), table.cells(time)
    if is_numeric(table, name) and not name.lower().endswith(("id", "series")):
        return False
    pairs = set(zip(map(str, stamps), map(str, cells), strict=True))
    return len(set(map(str, stamps))) < len(stamps) == len(pairs)


def _no_time(table: Table) -> DataError:
    return DataError(
        "No column looks like the time.",
        where=table.path,
        expected="a column of dates such as 2024-05-31 or 2024-05-31 12:00, or of whole numbers;"
        f" the columns are {listed(table.names)}",
        next_step=command(table.path, "--time", table.names[0]),
    )


def _no_column(table: Table, time: str) -> DataError:
    return DataError(
        "No column of numbers is left to be forecast.",
        where=table.path,
        expected=f"a column of numbers beside the time {time!r}; the columns are"
        f" {listed(table.names)}",
        next_step=command(table.path, "--columns", "COLUMN"),
    )
