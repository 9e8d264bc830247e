"""Piano rolls from a table of notes: piece, onset, duration and pitch of each."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from math import gcd
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from elman.data.arrays.numbers import numbers_of
from elman.data.arrays.numeric_examples import rows_by
from elman.data.arrays.piano_rolls import KEYS, LOWEST_PITCH
from elman.data.examples import Roll
from elman.data.files.tables import Table
from elman.data.wording import command, counted, in_all, listed, quoted, shown
from elman.errors import DataError

NOTE_COLUMNS: Final = ("piece", "onset", "duration", "pitch")
FINEST: Final = 96
"""Onsets and durations are rounded to so many parts of their unit before a step is chosen."""

TOUCH: Final = 0.1
"""The share of a step that a note may reach into without being there."""

MOST_STEPS: Final = 20_000
"""Of one piece."""


class Note(NamedTuple):
    """A key that goes down and up again; onset and duration in the unit of the piece's steps."""

    onset: float
    duration: float
    pitch: int


def holds_notes(table: Table) -> bool:
    """Whether a table has the columns piece, onset, duration and pitch."""
    return set(NOTE_COLUMNS) <= {name.lower() for name in table.names}


def require_notes(table: Table) -> None:
    """Refuse a table that lacks one of the columns of notes.

    Raises:
        DataError: the first that is missing is named.
    """
    lowered = {name.lower() for name in table.names}
    missing = [name for name in NOTE_COLUMNS if name not in lowered]
    if missing:
        raise DataError(
            f"There is no column {missing[0]!r}.",
            where=table.path,
            expected=f"notes, in the columns {listed(NOTE_COLUMNS)}",
            next_step=f"head -2 {quoted(table.path)}",
        )


def choose_step(table: Table) -> float:
    """The longest step that divides all onsets and durations, rounded to 1/96.

    Raises:
        DataError: a cell is no number.
    """
    names = {name.lower(): name for name in table.names}
    times = numbers_of(table, [names["onset"], names["duration"]]).astype(np.float64)
    parts = np.round(times * FINEST).astype(np.int64)
    parts[:, 0] -= parts[:, 0].min()
    return max(1, gcd(*parts.reshape(-1).tolist())) / FINEST


def rolls_of(table: Table, step: float) -> list[Roll]:
    """One piece for each value of the column "piece", cut into steps of one length.

    A key is down at each step of which a note of its pitch fills more than a tenth, and at one at
    least. A piece begins with its first note.

    Args:
        table: with the columns piece, onset, duration and pitch (of MIDI, 21 to 108).
        step: the length of a step, in the unit of the onsets.

    Raises:
        DataError: a cell is no number, a pitch is not on a piano, a duration is not above 0, or a
            piece has too many steps, or one alone.
    """
    names = {name.lower(): name for name in table.names}
    piece, *columns = (names[name] for name in NOTE_COLUMNS)
    notes = numbers_of(table, columns).astype(np.float64)
    _check(table, columns[2], notes[:, 2], _off_the_piano(notes[:, 2]), "a pitch from 21 to 108")
    _check(table, columns[1], notes[:, 1], notes[:, 1] <= 0, "a duration above 0")
    return [
        Roll(_roll(table, name, notes[places], step), table.numbers[places[0]], name)
        for name, places in rows_by(table, piece).items()
    ]


def notes_of(frames: NDArray[np.uint8], step: float) -> list[Note]:
    """The notes of a piece, in the order of their onsets; a key that stays down is one note.

    Args:
        frames: [T, 88] 1 where a key is down, 0 elsewhere.
        step: the length of a step, in the unit of the onsets.

    Example:
        >>> frames = np.zeros((3, 88), dtype=np.uint8)
        >>> frames[1:, 39] = 1
        >>> notes_of(frames, 0.5)
        [Note(onset=0.5, duration=1.0, pitch=60)]
    """
    edges = np.diff(frames.astype(np.int8), axis=0, prepend=0, append=0)
    notes = [
        (int(first), pitch, int(end))
        for pitch, column in enumerate(edges.T, LOWEST_PITCH)
        for first, end in zip(np.flatnonzero(column > 0), np.flatnonzero(column < 0), strict=True)
    ]
    return [Note(first * step, (end - first) * step, pitch) for first, pitch, end in sorted(notes)]


def written_notes(name: str, frames: NDArray[np.uint8], step: float) -> str:
    """A piece as a table of notes (CSV) that `rolls_of` reads again, silence at its ends apart.

    Args:
        name: of the piece.
        frames: [T, 88] 1 where a key is down, 0 elsewhere.
        step: the length of a step, in the unit of the onsets.
    """
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(NOTE_COLUMNS)
    for note in notes_of(frames, step):
        writer.writerow((name, f"{note.onset:.10g}", f"{note.duration:.10g}", note.pitch))
    return table.getvalue().rstrip("\n")


def _roll(table: Table, name: str, notes: NDArray[np.float64], step: float) -> NDArray[np.uint8]:
    onsets = (notes[:, 0] - notes[:, 0].min()) / step
    firsts = np.floor(onsets + TOUCH).astype(np.int64)
    ends = np.ceil(onsets + notes[:, 1] / step - TOUCH).astype(np.int64)
    ends = np.maximum(ends, firsts + 1)
    length = int(ends.max())
    if not 2 <= length <= MOST_STEPS:
        raise DataError(
            f"The piece {shown(name)} has {counted(length, 'step')} of length {step:g}.",
            where=table.path,
            expected=f"2 to {MOST_STEPS:,} steps in each piece",
            next_step=command(table.path, "--frame", "LENGTH") + ", in the unit of the onsets",
        )
    frames = np.zeros((length, KEYS), dtype=np.uint8)
    for first, end, pitch in zip(firsts, ends, notes[:, 2], strict=True):
        frames[first:end, int(pitch) - LOWEST_PITCH] = 1
    return frames


def _off_the_piano(pitches: NDArray[np.float64]) -> NDArray[np.bool_]:
    keys = np.arange(LOWEST_PITCH, LOWEST_PITCH + KEYS)
    return ~np.isin(pitches, keys)


def _check(
    table: Table,
    column: str,
    values: NDArray[np.float64],
    wrong: NDArray[np.bool_],
    expected: str,
) -> None:
    places: Sequence[int] = np.flatnonzero(wrong).tolist()
    if places:
        raise DataError(
            f"The {column} is {values[places[0]]:g}{in_all(len(places), 'such row')}.",
            where=f"{table.path}:{table.numbers[places[0]]}, column {column!r}",
            expected=expected,
            next_step=f"correct the row in {quoted(table.path)}",
        )
