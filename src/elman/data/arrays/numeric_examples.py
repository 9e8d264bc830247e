"""From the columns of a table of numbers to examples: vectors, or sequences of frames."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np

from elman.data.arrays.numbers import not_a_number, number_of, numbers_of
from elman.data.arrays.numeric_columns import NumericColumns
from elman.data.examples import LabelledArray
from elman.data.files.tables import Cell, Table
from elman.data.texts.extraction import texts_of
from elman.data.wording import in_all, quoted, shown
from elman.errors import DataError


def vectors(table: Table, columns: NumericColumns) -> list[LabelledArray]:
    """One vector [I] a row.

    Raises:
        DataError: a cell is missing, or no number.
    """
    values = numbers_of(table, columns.numbers)
    return [
        LabelledArray(row, label, number)
        for row, label, number in zip(values, _labels(table, columns), table.numbers, strict=True)
    ]


def rows_as_sequences(table: Table, columns: NumericColumns) -> list[LabelledArray]:
    """One sequence [T, 1] a row, its columns the steps; empty cells at its end shorten it.

    Raises:
        DataError: a cell is no number, one before the end is missing, or all are.
    """
    cells = [[number_of(cell) for cell in table.cells(name)] for name in columns.numbers]
    examples = []
    for place, label in enumerate(_labels(table, columns)):
        numbers = [column[place] for column in cells]
        length = max((step for step, one in enumerate(numbers, 1) if one == one), default=1)
        steps = [one for one in numbers[:length] if one is not None and one == one]
        if len(steps) < length:
            step = next(at for at, one in enumerate(numbers) if one is None or one != one)
            raise not_a_number(table, columns.numbers[step], [place])
        values = np.array(steps, dtype=np.float32)[:, None]
        examples.append(LabelledArray(values, label, table.numbers[place]))
    return examples


def long_sequences(table: Table, columns: NumericColumns, identity: str) -> list[LabelledArray]:
    """One sequence [T, I] for each value of a column, its rows the steps, in the order of time.

    Args:
        table: the table.
        columns: of the table; without a column of times the rows stay in their order.
        identity: the column that says which sequence a row belongs to.

    Raises:
        DataError: a cell is missing or no number, the rows of a sequence differ in their label, or
            two have the same time.
    """
    values = numbers_of(table, columns.numbers)
    labels = constant_of(table, columns.label, identity) if columns.label is not None else {}
    times = _times(table, columns.time) if columns.time is not None else None
    examples = []
    for name, places in rows_by(table, identity).items():
        if columns.time is not None and times is not None:
            places = sorted(places, key=times.__getitem__)
            _refuse_same_time(table, columns.time, [(times[place], place) for place in places])
        row = table.numbers[min(places)]
        examples.append(LabelledArray(values[places], labels.get(name, ""), row, name))
    return examples


def rows_by(table: Table, identity: str) -> dict[str, list[int]]:
    """The places of the rows of each sequence, in the order in which the sequences begin."""
    groups: dict[str, list[int]] = {}
    for place, name in enumerate(texts_of(table, identity, "id")):
        groups.setdefault(name.strip(), []).append(place)
    return groups


def constant_of(table: Table, column: str, identity: str) -> dict[str, str]:
    """What a column says of each sequence.

    Raises:
        DataError: it says two things of one sequence; the first such row is named.
    """
    cells = [cell.strip() for cell in texts_of(table, column, "label")]
    said: dict[str, str] = {}
    for name, places in rows_by(table, identity).items():
        said[name] = cells[places[0]]
        other = [place for place in places if cells[place] != said[name]]
        if other:
            raise DataError(
                f"The sequence {shown(name)} is {shown(said[name])} in one row and "
                f"{shown(cells[other[0]])} in another{in_all(len(other), 'such row')}.",
                where=f"{table.path}:{table.numbers[other[0]]}, column {column!r}",
                expected=f"one value of {column!r} for each value of {identity!r}",
                next_step=f"correct the row in {quoted(table.path)}, or name other columns: "
                "--id COLUMN --label COLUMN",
            )
    return said


def _labels(table: Table, columns: NumericColumns) -> list[str]:
    if columns.label is None:
        return [""] * len(table.numbers)
    return [label.strip() for label in texts_of(table, columns.label, "label")]


def _times(table: Table, column: str) -> list[float]:
    """The cells of a column as moments that can be compared: numbers, or dates."""
    cells = table.cells(column)
    readings = ([number_of(cell) for cell in cells], [_seconds(cell) for cell in cells])
    known = [[time for time in times if time is not None and time == time] for times in readings]
    times, sure = max(zip(readings, known, strict=True), key=lambda pair: len(pair[1]))
    if len(sure) < len(times):
        place = next(at for at, time in enumerate(times) if time is None or time != time)
        cell = cells[place]
        said = f"is {shown(cell)}" if isinstance(cell, str) else cell.reason
        raise DataError(
            f"The time {said}{in_all(len(times) - len(sure), 'such row')}.",
            where=f"{table.path}:{table.numbers[place]}, column {column!r}",
            expected="numbers in all rows, or dates such as 2024-05-31 12:00 in all",
            next_step=f"correct the row in {quoted(table.path)}",
        )
    return sure


def _seconds(cell: Cell) -> float | None:
    """A date of ISO 8601 as seconds since 1970; one without a time zone counts as UTC."""
    if not isinstance(cell, str):
        return None
    try:
        moment = datetime.fromisoformat(cell.strip())
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _refuse_same_time(table: Table, column: str, rows: Sequence[tuple[float, int]]) -> None:
    for (time, place), (later, other) in pairwise(rows):
        if time == later:
            said = shown(str(table.cells(column)[other]))
            raise DataError(
                f"Two rows of one sequence have the same time {said}.",
                where=f"{table.path}:{table.numbers[other]}, column {column!r}",
                expected="rising times within each sequence; the other row is "
                f"{table.numbers[place]}",
                next_step=f"correct the row in {quoted(table.path)}",
            )
