"""Piano rolls as datasets: files of MATLAB, and tables of notes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from elman.data.arrays.described_pieces import choose_vector_columns, vectors_by_piece
from elman.data.arrays.note_events import NOTE_COLUMNS, choose_step, require_notes, rolls_of
from elman.data.arrays.piano_rolls import read_matlab_rolls
from elman.data.division import divided
from elman.data.examples import Dataset, Roll
from elman.data.files.tables import Table
from elman.data.loading.numbers import one_row_each
from elman.data.options import DataOptions
from elman.data.splits import Part
from elman.data.texts.inference import require_column, usual_split
from elman.data.wording import command, counted, listed
from elman.errors import DataError


@dataclass(frozen=True)
class RollDataset(Dataset[Roll]):
    """Pieces of music, divided.

    Args:
        step: the length of a step in the unit of the notes' onsets; None where the source has
            steps and no notes.
        columns: the columns of the vectors that pieces are to be written for; none where each
            piece is to be gone on with.
    """

    step: float | None
    columns: tuple[str, ...] = ()


def load_matlab_rolls(files: Mapping[Part, Path], options: DataOptions) -> RollDataset:
    """A file of MATLAB, which brings its own parts.

    Raises:
        DataError: the file cannot be read, or other files are given for its parts.
    """
    if len(files) > 1:
        raise DataError(
            "A file of MATLAB brings its own parts.",
            where=", ".join(str(path) for part, path in files.items() if part != "train"),
            expected="one file",
            next_step=command(str(files["train"])),
        )
    digest = hashlib.sha256()
    parts = read_matlab_rolls(files["train"], digest.update)
    return _dataset(options, parts, "given parts of the file", digest.hexdigest(), None)


def load_notes(tables: Mapping[Part, Table], options: DataOptions, sha256: str) -> RollDataset:
    """Tables of notes; where one to many is asked for, of pieces that numbers describe.

    Raises:
        DataError: a cell is no number, a note is not on a piano, or nothing describes the pieces.
    """
    main = tables["train"]
    for table in tables.values():
        require_notes(table)
    step = options.frame or choose_step(main)
    split = options.split or usual_split(main)
    columns: tuple[str, ...] = ()
    notes = main.notes
    if options.shape == "one_to_many":
        columns, left_out = choose_vector_columns(main, options.columns, split)
        notes = (*notes, *left_out)
    examples = {part: pieces_of(table, step, columns) for part, table in tables.items()}
    by_piece = one_row_each(main, split, _piece(main)) if split is not None else main
    parts = divided(examples, options, by_piece, split)
    by_part: dict[Part, list[Roll]] = {
        "train": parts.train,
        "validation": parts.validation,
        "test": parts.test,
    }
    return _dataset(options, by_part, parts.reason, sha256, step, notes, columns)


def pieces_of(table: Table, step: float, columns: Sequence[str] = ()) -> list[Roll]:
    """The pieces of a table of notes, with the vectors of those that columns describe.

    Raises:
        DataError: as `load_notes`.
    """
    rolls = rolls_of(table, step)
    if not columns:
        return rolls
    for name in columns:
        require_column(table, name, "columns")
    vectors = vectors_by_piece(table, columns, _piece(table))
    return [replace(roll, vector=vector) for roll, vector in zip(rolls, vectors, strict=True)]


def _piece(table: Table) -> str:
    return next(name for name in table.names if name.lower() == NOTE_COLUMNS[0])


def _dataset(
    options: DataOptions,
    parts: Mapping[Part, list[Roll]],
    reason: str,
    sha256: str,
    step: float | None,
    notes: tuple[str, ...] = (),
    columns: tuple[str, ...] = (),
) -> RollDataset:
    pieces = counted(sum(map(len, parts.values())), "piece")
    seen = {roll.frames.tobytes() for roll in parts["train"]}
    again = sum(roll.frames.tobytes() in seen for roll in parts["test"])
    if again:
        verb = "stands" if again == 1 else "stand"
        notes = (*notes, f"{counted(again, 'piece')} of the test part also {verb} in train")
    length = f", a step is {step:g} of the unit of the onsets" if step is not None else ""
    told = f"language model: piano rolls, {pieces}{length}"
    if columns:
        told = f"one to many: columns {listed(columns)} describe {pieces} of music{length}"
    return RollDataset(
        name=Path(options.data).name,
        shape="one_to_many" if columns else "language_model",
        shape_reason=told,
        target="piece" if columns else "next keys",
        train=tuple(parts["train"]),
        validation=tuple(parts["validation"]),
        test=tuple(parts["test"]),
        split_reason=reason,
        sha256=sha256,
        notes=notes,
        reads="rolls",
        step=step,
        columns=columns,
    )
