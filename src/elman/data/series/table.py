"""From the rows of a table to series, one value a step; what is odd is noted with its rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from elman.data.arrays.numbers import not_a_number, number_of
from elman.data.examples import Series
from elman.data.files.tables import Table, Unusable
from elman.data.series.clock import Clock, Scale, common_clock, read_stamp
from elman.data.series.columns import SeriesColumns
from elman.data.wording import command, counted, in_all, quoted, rows_shown, shown
from elman.errors import DataError

MOST_INSERTED = 0.1
"""The share of steps that may be missing before irregular rows are taken as they are."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class SeriesTable:
    """The series of a table.

    Args:
        series: in the order of the file.
        clock: how the stamps follow each other.
        known: names of the covariates.
        notes: what was odd, with its rows.
    """

    series: tuple[Series, ...]
    clock: Clock
    known: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Group:
    """The rows of one series, by time: their places in the table and their stamps."""

    name: str
    places: NDArray[np.int64]
    stamps: NDArray[np.int64]


def series_of(table: Table, columns: SeriesColumns) -> SeriesTable:
    """The series of a table, each step of the clock a value or a gap.

    Raises:
        DataError: a cell is no stamp or no number, a stamp stands twice in one series, a known
            covariate is missing, or no series has two different values.
    """
    scale, stamps = _stamps(table, columns.time)
    targets = {name: _numbers(table, name) for name in columns.columns}
    known = _known(table, columns.known)
    notes = list(columns.notes)
    groups = list(_groups(table, columns, stamps, notes))
    clock = common_clock(scale, [group.stamps.tolist() for group in groups])
    steps = _steps(groups, clock, table, notes)
    series: list[Series] = []
    for group, step in zip(groups, steps, strict=True):
        whole = _laid_out(group, step, clock, np.asarray(table.numbers), known)
        for name, values in targets.items():
            label = " ".join(
                [group.name] * bool(group.name) + [name] * (len(targets) > 1 or not group.name)
            )
            laid = np.full(len(whole.stamps), np.nan)
            laid[step] = values[group.places]
            series += _trimmed(label, laid, whole, notes)
    return SeriesTable(_usable(series, table, notes), clock, columns.known, tuple(notes))


def _stamps(table: Table, column: str) -> tuple[Scale, NDArray[np.int64]]:
    read = [read_stamp(c) if isinstance(c, str) else None for c in table.cells(column)]
    scales = {stamp[0] for stamp in read if stamp is not None}
    wrong = [place for place, stamp in enumerate(read) if stamp is None]
    if not wrong and "numbers" in scales and len(scales) > 1:
        first = read[0]
        wrong = [
            place
            for place, stamp in enumerate(read)
            if stamp and first and (stamp[0] == "numbers") != (first[0] == "numbers")
        ]
    if wrong:
        cell = table.cells(column)[wrong[0]]
        said = cell.reason if isinstance(cell, Unusable) else f"is {shown(cell)}"
        raise DataError(
            f"The time {said}{in_all(len(wrong), 'such row')}.",
            where=f"{table.path}:{table.numbers[wrong[0]]}, column {column!r}",
            expected="a date such as 2024-05-31 or 2024-05-31 12:00 (ISO 8601), or a whole number,"
            " of one kind in all rows",
            next_step=f"write the times so in {quoted(table.path)}",
        )
    scale: Scale = "numbers" if "numbers" in scales else "dates"
    if "moments" in scales:
        scale = "moments"
    return scale, np.array([stamp[1] for stamp in read if stamp], dtype=np.int64)


def _numbers(table: Table, column: str) -> Numbers:
    """The values of a column, NaN where there is nothing."""
    read = [number_of(cell) for cell in table.cells(column)]
    wrong = [place for place, number in enumerate(read) if number is None]
    if wrong:
        raise not_a_number(table, column, wrong)
    return np.array(read, dtype=np.float64)


def _known(table: Table, columns: Sequence[str]) -> Numbers:
    """[rows, K] the covariates, none of them missing."""
    values = [_numbers(table, name) for name in columns]
    for name, column in zip(columns, values, strict=True):
        missing = np.flatnonzero(np.isnan(column))
        if len(missing):
            raise DataError(
                f"The known covariate {name!r} is missing{in_all(len(missing), 'such row')}.",
                where=f"{table.path}:{table.numbers[missing[0]]}, column {name!r}",
                expected="a number in each row: what is known is known before the time comes",
                next_step=f"fill it in, or leave {name!r} out of --known",
            )
    return np.stack(values, axis=1) if values else np.empty((len(table.numbers), 0))


def _groups(
    table: Table, columns: SeriesColumns, stamps: NDArray[np.int64], notes: list[str]
) -> Iterator[_Group]:
    """The rows of each series in the order of time."""
    names = table.cells(columns.id) if columns.id else [""] * len(stamps)
    places: dict[str, list[int]] = {}
    for place, cell in enumerate(names):
        name = cell.strip() if isinstance(cell, str) else ""
        if columns.id and not name:
            raise DataError(
                "A row does not say which series it belongs to.",
                where=f"{table.path}:{table.numbers[place]}, column {columns.id!r}",
                expected="a name in each row",
                next_step=f"fill it in or take the row out of {quoted(table.path)}",
            )
        places.setdefault(name, []).append(place)
    back: list[int] = []
    for name, own in places.items():
        listed = np.array(own)
        order = np.argsort(stamps[listed], kind="stable")
        back += [
            int(table.numbers[own[p + 1]]) for p in np.flatnonzero(np.diff(stamps[listed]) < 0)
        ]
        group = _Group(name, listed[order], stamps[listed][order])
        _refuse_twice(group, table, columns)
        yield group
    if back:
        notes.append(
            f"the rows are not in the order of time (the first that is earlier than the one before"
            f" it: {rows_shown(back)}); they have been put in order"
        )


def _refuse_twice(group: _Group, table: Table, columns: SeriesColumns) -> None:
    twice = np.flatnonzero(np.diff(group.stamps) == 0)
    if not len(twice):
        return
    first, second = (int(table.numbers[group.places[twice[0] + more]]) for more in (0, 1))
    stamp = table.cells(columns.time)[int(group.places[twice[0]])]
    of_series = f" of the series {shown(group.name)}" if group.name else ""
    raise DataError(
        f"The time {shown(str(stamp))}{of_series} stands twice{in_all(len(twice), 'such row')}.",
        where=f"{table.path}:{second}, column {columns.time!r}; before it in row {first}",
        expected="each time once in a series",
        next_step="take one of the rows out"
        if columns.id
        else "take one of the rows out, or name the column that tells the series apart: "
        + command(table.path, "--id", "COLUMN"),
    )


def _steps(
    groups: Sequence[_Group], clock: Clock, table: Table, notes: list[str]
) -> list[NDArray[np.int64]]:
    """For each group the steps of the clock on which its rows lie.

    Where a stamp lies beside the clock's steps, or too many steps have no row, rows are steps.
    """
    placed = [[clock.between(int(g.stamps[0]), int(stamp)) for stamp in g.stamps] for g in groups]
    on_steps = [[step for step in steps if step is not None] for steps in placed]
    counts = [np.array(steps, dtype=np.int64) for steps in on_steps]
    rows = sum(len(group.stamps) for group in groups)
    inserted = sum(int(steps[-1]) + 1 - len(steps) for steps in counts)
    whole = all(len(steps) == len(g.stamps) for steps, g in zip(counts, groups, strict=True))
    if whole and inserted <= MOST_INSERTED * rows:
        after = [
            int(table.numbers[group.places[place + 1]])
            for group, steps in zip(groups, counts, strict=True)
            for place in np.flatnonzero(np.diff(steps) > 1)
        ]
        if after:
            notes.append(
                f"{counted(inserted, 'step')} of {clock.words()} without a row, before"
                f" {rows_shown(after)}: as missing values"
            )
        return counts
    odd = [
        int(table.numbers[group.places[place + 1]])
        for group in groups
        for place in range(len(group.stamps) - 1)
        if clock.after(int(group.stamps[place]), 1) != group.stamps[place + 1]
    ]
    notes.append(
        f"the times are irregular: {counted(len(odd), 'row')} not one step ({clock.words()}) after"
        f" the one before ({rows_shown(odd)}); each row counts as one step"
    )
    return [np.arange(len(group.stamps)) for group in groups]


def _laid_out(
    group: _Group,
    steps: NDArray[np.int64],
    clock: Clock,
    numbers: NDArray[np.int64],
    known: Numbers,
) -> Series:
    """A series without values: stamps, rows and covariates of each step, gaps included."""
    length = int(steps[-1]) + 1
    source = np.searchsorted(steps, np.arange(length), side="right") - 1  # the last row so far
    rows = np.zeros(length, dtype=np.int64)
    rows[steps] = numbers[group.places]
    stamps = group.stamps[source]
    for step in np.flatnonzero(rows == 0):
        stamps[step] = clock.after(int(group.stamps[0]), int(step))
    return Series(group.name, stamps, np.empty(0), known[group.places][source], rows)


def _trimmed(name: str, values: Numbers, whole: Series, notes: list[str]) -> Iterator[Series]:
    """The series from its first value to its last; none where there is no value."""
    there = np.flatnonzero(~np.isnan(values))
    if not len(there):
        notes.append(f"{name!r} has no value in any row; left out")
        return
    first, end = int(there[0]), int(there[-1]) + 1
    gaps = whole.rows[first:end][np.isnan(values[first:end])]
    listed = [int(row) for row in gaps if row]
    if listed:
        notes.append(
            f"{name!r}: {counted(len(listed), 'value')} missing ({rows_shown(listed)}); read as the"
            " value before, and not counted where it would have to be forecast"
        )
    if end - first > 1 and (first or (end < len(values) and not whole.known.shape[1])):
        notes.append(
            f"{name!r} has values from row {whole.rows[first]} to row {whole.rows[end - 1]} only"
        )
    yield Series(
        name, whole.stamps[first:end], values[first:end], whole.known[first:], whole.rows[first:end]
    )


def _usable(series: Sequence[Series], table: Table, notes: list[str]) -> tuple[Series, ...]:
    """The series of two values and more; those that never change are kept, and noted."""
    lone = [one for one in series if len(one) < 2]
    usable = [one for one in series if len(one) >= 2]
    constant = [one for one in usable if np.nanmin(one.values) == np.nanmax(one.values)]
    if not usable or len(constant) == len(usable):
        worst = (constant or lone)[0] if constant or lone else None
        rows = f":{worst.rows[0]}" if worst else ""
        raise DataError(
            f"The series {shown(worst.name)} has one value only."
            if worst and not constant
            else f"The series {shown(worst.name)} never changes: it is {worst.values[0]:g} from"
            f" its first row to its last."
            if worst
            else "There is no value in any row.",
            where=f"{table.path}{rows}",
            expected="a series whose values differ, over at least 20 steps",
            next_step=command(table.path, "--columns", "COLUMN"),
        )
    for one in lone:
        notes.append(f"{one.name!r} has one value only (row {one.rows[0]}); left out")
    for one in constant:
        notes.append(f"{one.name!r} never changes: {one.values[0]:g} from row {one.rows[0]} on")
    return tuple(usable)
