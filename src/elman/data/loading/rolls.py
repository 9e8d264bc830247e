"""Piano rolls as datasets: files of MATLAB, and tables of notes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from elman.data.arrays.note_events import NOTE_COLUMNS, choose_step, require_notes, rolls_of
from elman.data.arrays.piano_rolls import read_matlab_rolls
from elman.data.division import divided
from elman.data.examples import Dataset, Roll
from elman.data.files.tables import Table
from elman.data.loading.numbers import one_row_each
from elman.data.options import DataOptions
from elman.data.splits import Part
from elman.data.texts.inference import usual_split
from elman.data.wording import command, counted
from elman.errors import DataError


@dataclass(frozen=True)
class RollDataset(Dataset[Roll]):
    """Pieces of music, divided.

    Args:
        step: the length of a step in the unit of the notes' onsets; None where the source has
            steps and no notes.
    """

    step: float | None


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
    """Tables of notes.

    Raises:
        DataError: a cell is no number, or a note is not on a piano.
    """
    main = tables["train"]
    for table in tables.values():
        require_notes(table)
    step = options.frame or choose_step(main)
    examples = {part: rolls_of(table, step) for part, table in tables.items()}
    split = options.split or usual_split(main)
    piece = next(name for name in main.names if name.lower() == NOTE_COLUMNS[0])
    pieces = one_row_each(main, split, piece) if split is not None else main
    parts = divided(examples, options, pieces, split)
    by_part: dict[Part, list[Roll]] = {
        "train": parts.train,
        "validation": parts.validation,
        "test": parts.test,
    }
    return _dataset(options, by_part, parts.reason, sha256, step, main.notes)


def _dataset(
    options: DataOptions,
    parts: Mapping[Part, list[Roll]],
    reason: str,
    sha256: str,
    step: float | None,
    notes: tuple[str, ...] = (),
) -> RollDataset:
    pieces = counted(sum(map(len, parts.values())), "piece")
    seen = {roll.frames.tobytes() for roll in parts["train"]}
    again = sum(roll.frames.tobytes() in seen for roll in parts["test"])
    if again:
        verb = "stands" if again == 1 else "stand"
        notes = (*notes, f"{counted(again, 'piece')} of the test part also {verb} in train")
    length = f", a step is {step:g} of the unit of the onsets" if step is not None else ""
    return RollDataset(
        name=Path(options.data).name,
        shape="language_model",
        shape_reason=f"language model: piano rolls, {pieces}{length}",
        target="next keys",
        train=tuple(parts["train"]),
        validation=tuple(parts["validation"]),
        test=tuple(parts["test"]),
        split_reason=reason,
        sha256=sha256,
        notes=notes,
        reads="rolls",
        step=step,
    )
