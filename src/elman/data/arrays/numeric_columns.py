"""Which columns of a table of numbers are read, and as what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from elman.data.arrays.numbers import is_numeric
from elman.data.files.tables import Table
from elman.data.texts.inference import LABEL_NAMES, TEXT_NAMES, require_column, usual_split
from elman.data.wording import command, listed
from elman.errors import DataError

ID_NAMES: Final = ("id", "sequence", "sequence_id", "series", "series_id", "sample", "sample_id")
TIME_NAMES: Final = ("time", "t", "timestamp", "datetime", "date", "step")


@dataclass(frozen=True, slots=True)
class NumericWishes:
    """What the user asked for; None or nothing where nothing was asked.

    Args:
        columns: the columns of the numbers, separated by commas.
        label: the column of the labels.
        id: the column that says which sequence a row belongs to.
        time: the column that orders the rows of a sequence.
        split: the column that names the part of each row.
    """

    columns: str | None = None
    label: str | None = None
    id: str | None = None
    time: str | None = None
    split: str | None = None


@dataclass(frozen=True, slots=True)
class NumericColumns:
    """The columns that are read.

    Args:
        numbers: those of the numbers, in the order of the table.
        label: the labels; None where nothing has to be learned.
        id: says which sequence a row belongs to; None where each row stands by itself.
        time: orders the rows of a sequence; None for the order of the table.
        split: names the part of each row, if there is one.
        notes: what was left out, and why.
    """

    numbers: tuple[str, ...]
    label: str | None
    id: str | None
    time: str | None
    split: str | None
    notes: tuple[str, ...]


def looks_numeric(table: Table) -> bool:
    """Whether a table has a column that is called a label, and beside it two of numbers or more.

    A column of text, or one that is called so, speaks against it.
    """
    label, split = _named(table.names, LABEL_NAMES), usual_split(table)
    if label is None or _named(table.names, TEXT_NAMES) is not None:
        return False
    identity = _named(table.names, ID_NAMES)
    others = [name for name in table.names if name not in (label, split, identity)]
    time = _named(others, TIME_NAMES)
    if identity is not None and time is not None:
        others.remove(time)
    least = 1 if identity is not None and _recurs(table, identity) else 2
    return len(others) >= least and all(is_numeric(table, name) for name in others)


def choose_numeric_columns(table: Table, wishes: NumericWishes) -> NumericColumns:
    """The columns to read: those asked for, and for the others those that are called like it.

    Raises:
        DataError: a column that was asked for does not exist or has two roles, or none is left.
    """
    chosen = [name.strip() for name in (wishes.columns or "").split(",") if name.strip()]
    for option in ("id", "time", "split"):
        if (name := getattr(wishes, option)) is not None:
            require_column(table, name, option)
    for name in chosen:
        require_column(table, name, "columns")
    taken = [name for name in (wishes.label, wishes.id, wishes.time, wishes.split, *chosen) if name]
    if len(set(taken)) < len(taken):
        raise DataError(
            "One column is asked for in two roles.",
            where=table.path,
            expected=f"different columns for label, id, time, split and the numbers, out of "
            f"{listed(table.names)}",
            next_step=command(table.path, "--label", "COLUMN", "--columns", "OTHER,COLUMNS"),
        )
    free = [name for name in table.names if name not in taken]
    label = label_column(table, wishes.label, free)
    split = wishes.split or usual_split(table, taken)
    free = [name for name in free if name not in (label, split)]
    identity, notes = wishes.id, []
    if identity is None and (called := _named(free, ID_NAMES)) is not None:
        free.remove(called)
        if _recurs(table, called):
            identity = called
        else:
            notes = [f"column {called!r} is left out: it is different in each row"]
    time = wishes.time
    if identity is not None and time is None and (time := _named(free, TIME_NAMES)) is not None:
        free.remove(time)
    numbers = [name for name in table.names if name in chosen] or free
    if not numbers:
        raise _without(table, "No column of numbers is left", "columns", table.names[0])
    return NumericColumns(tuple(numbers), label, identity, time, split, tuple(notes))


def label_column(table: Table, wish: str | None, free: Sequence[str] | None = None) -> str:
    """The column of the labels: the one asked for, or one that is called so.

    Args:
        table: the table.
        wish: the column asked for.
        free: the columns that have no other role; None for all.

    Raises:
        DataError: there is no such column.
    """
    if wish is not None:
        require_column(table, wish, "label")
        return wish
    label = _named(table.names if free is None else free, LABEL_NAMES)
    if label is None:
        raise _without(table, "No column is called a label", "label", table.names[-1])
    return label


def _named(names: Sequence[str], usual: Sequence[str]) -> str | None:
    """The column with the first of some usual names."""
    lowered = {name.lower(): name for name in reversed(names)}
    return next((lowered[name] for name in usual if name in lowered), None)


def _recurs(table: Table, column: str) -> bool:
    cells = table.cells(column)
    return len({cell for cell in cells if isinstance(cell, str)}) < len(cells)


def _without(table: Table, what: str, option: str, example: str) -> DataError:
    return DataError(
        f"{what}.",
        where=table.path,
        expected=f"numbers and a label; the columns are {listed(table.names)}",
        next_step=command(table.path, f"--{option}", example),
    )
