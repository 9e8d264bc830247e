"""The numbers that a piece of music is to be written for, from a table of its notes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from elman.data.arrays.note_events import NOTE_COLUMNS
from elman.data.arrays.numbers import is_numeric, numbers_of
from elman.data.arrays.numeric_examples import rows_by
from elman.data.files.tables import Table
from elman.data.texts.inference import require_column
from elman.data.wording import command, in_all, listed, quoted, shown
from elman.errors import DataError


def choose_vector_columns(
    table: Table, asked: str | None, split: str | None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns that describe a piece, and notes on those that are left out.

    Args:
        table: of notes.
        asked: names of columns, separated by commas; None for all that hold numbers.
        split: the column of the parts.

    Raises:
        DataError: there is no such column, or none at all.
    """
    free = [name for name in table.names if name.lower() not in NOTE_COLUMNS and name != split]
    if asked is not None:
        chosen = tuple(name.strip() for name in asked.split(",") if name.strip())
        for name in chosen:
            require_column(table, name, "columns")
        notes: tuple[str, ...] = ()
    else:
        chosen = tuple(name for name in free if is_numeric(table, name))
        notes = tuple(
            f"column {name!r} is left out: not all of it is numbers"
            for name in free
            if name not in chosen
        )
    if not chosen:
        raise DataError(
            "No column of numbers describes the pieces.",
            where=table.path,
            expected=f"columns of numbers beside {listed(NOTE_COLUMNS)}, the same in all rows of a "
            "piece, which a piece is to be written for",
            next_step=command(table.path) + ", for a language model of the pieces by themselves",
        )
    return chosen, notes


def vectors_by_piece(table: Table, columns: Sequence[str], piece: str) -> list[NDArray[np.float32]]:
    """What the columns say of each piece [I], in the order in which the pieces begin.

    Raises:
        DataError: a cell is no number, or two rows of a piece differ.
    """
    values = numbers_of(table, columns)
    vectors = []
    for name, places in rows_by(table, piece).items():
        first = values[places[0]]
        others = values[places] != first
        if others.any():
            at, column = (int(place) for place in np.argwhere(others)[0])
            row, in_rows = places[at], in_all(int(others.any(1).sum()), "such row")
            raise DataError(
                f"The piece {shown(name)} is described by {first[column]:g} in one row and by "
                f"{values[row, column]:g} in another{in_rows}.",
                where=f"{table.path}:{table.numbers[row]}, column {columns[column]!r}",
                expected="the same numbers in all rows of a piece",
                next_step=f"correct the row in {quoted(table.path)}, or name other columns: "
                "--columns A,B",
            )
        vectors.append(first)
    return vectors
