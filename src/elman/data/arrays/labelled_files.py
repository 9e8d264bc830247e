"""Files with a label each: of class subfolders, by a pattern of their names, or of a table."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType

from elman.data.files.tables import Table
from elman.data.splits import PART_OF, Part
from elman.data.texts.extraction import texts_of
from elman.data.wording import command, counted, in_all, quoted, shown
from elman.errors import DataError, UsageError

LABEL_FIELD = "{label}"


@dataclass(frozen=True, slots=True)
class LabelledFile:
    """A file and what is known of it.

    Args:
        path: where it is.
        name: its path within the folder, with slashes; or as it stands in the table.
        label: of what it holds.
        row: its place among the files of the folder, or its row in the table, from 1.
        part: the part that the folder's layout puts it in, if it does.
    """

    path: Path
    name: str
    label: str
    row: int
    part: Part | None = None


def files_in(folder: Path, endings: Sequence[str]) -> list[Path]:
    """The files below a folder with one of some endings, in the order of their paths.

    What is hidden (its name begins with a dot) is passed over.

    Raises:
        DataError: a name is no text, which a report and a table cannot hold.
    """
    found = []
    for path in folder.rglob("*"):
        inside = path.relative_to(folder).parts
        hidden = any(part.startswith(".") for part in inside)
        if path.suffix.lower() in endings and not hidden and path.is_file():
            found.append((inside, path))
    paths = [path for _, path in sorted(found)]
    _check_names(folder, paths)
    return paths


def labelled_files(
    folder: Path,
    endings: Sequence[str],
    pattern: str | None = None,
    held_out: Mapping[Part, str] = MappingProxyType({}),
) -> list[LabelledFile]:
    """The files of a folder, each with its label.

    Without a pattern the label is the name of the folder that a file lies in, or of the first of
    the folders above it: `cat/1.png`, `dog/indoors/2.png`. Where the first folders are called
    train, validation and test, they are the parts, and the folders within them the labels.

    Args:
        folder: to look in.
        endings: of the files that are wanted, in lower case.
        pattern: of the files' names, with {label} where the label stands, * for anything, ? for
            any one letter: "{label}_*.wav".
        held_out: for a part that is held out, a pattern of the names of its files.

    Raises:
        DataError: a file has no label, or the folder has no such files; see `files_in`.
        UsageError: the pattern has no {label}, or two.
    """
    paths = files_in(folder, endings)
    if not paths:
        raise DataError(
            f"The folder holds no file that ends in {' or '.join(endings)}.",
            where=str(folder),
            expected="such files, in a folder for each class",
            next_step=f"ls -R {quoted(folder)}",
        )
    insides = [path.relative_to(folder).parts for path in paths]
    parted = all(len(inside) > 1 and inside[0].lower() in PART_OF for inside in insides)
    labels = [
        _matched(pattern, inside[-1]) if pattern else _folder_label(inside[parted:])
        for inside in insides
    ]
    if None in labels:
        raise _without_label(folder, paths[labels.index(None)], labels.count(None), pattern)
    found = []
    for row, (path, inside, label) in enumerate(zip(paths, insides, labels, strict=True), 1):
        parts = [part for part, names in held_out.items() if fnmatchcase(inside[-1], names)]
        layout = PART_OF[inside[0].lower()] if parted else None
        part = parts[0] if parts else layout
        found.append(LabelledFile(path, "/".join(inside), label or "", row, part))
    for part, names in held_out.items():
        if all(one.part != part for one in found):
            raise DataError(
                f"No file of the folder matches {shown(names)}.",
                where=f"--{part} {names}",
                expected=f"a pattern of file names such as {shown('*' + paths[0].suffix)}",
                next_step=f"ls {quoted(folder)}",
            )
    return found


def listed_files(table: Table, column: str, label: str) -> list[LabelledFile]:
    """The files that a table names, relative to its own folder, each with its label.

    Raises:
        DataError: a cell is empty, or a file is not there; the first is named, all are counted.
    """
    names, labels = texts_of(table, column, "file name"), texts_of(table, label, "label")
    folder = Path(table.path).parent
    paths = [folder / name.strip() for name in names]
    missing = [place for place, path in enumerate(paths) if not os.path.isfile(path)]
    if missing:
        first = missing[0]
        raise DataError(
            f"There is no file {str(paths[first])!r}{in_all(len(missing), 'such row')}.",
            where=f"{table.path}:{table.numbers[first]}, column {column!r}",
            expected=f"files that exist, seen from the folder {str(folder)!r}",
            next_step=f"ls {quoted(folder)}, then correct the row in {quoted(table.path)}",
        )
    rows = zip(paths, names, labels, table.numbers, strict=True)
    return [LabelledFile(path, name.strip(), said.strip(), row) for path, name, said, row in rows]


def column_of_files(table: Table, endings: Sequence[str]) -> str | None:
    """The first column whose cells all end as such files do, if there is one."""
    return next((name for name in table.names if _names_files(table, name, endings)), None)


def _names_files(table: Table, column: str, endings: Sequence[str]) -> bool:
    return all(
        isinstance(cell, str) and cell.strip().lower().endswith(tuple(endings))
        for cell in table.cells(column)
    )


def _check_names(folder: Path, paths: Sequence[Path]) -> None:
    """Refuse names that are no text: a disk may hold any bytes."""
    odd = [path for path in paths if not _is_text(path.relative_to(folder))]
    if odd:
        raise DataError(
            f"The name of a file or its folder is not valid UTF-8{in_all(len(odd), 'such file')}.",
            where=str(odd[0]),
            expected="names in UTF-8",
            next_step=f"ls -Rb {quoted(folder)}, then rename what it shows with a backslash and "
            "three digits",
        )


def _is_text(path: Path) -> bool:
    """Whether a path can be written: Python reads bytes that are no UTF-8 as half surrogates."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _folder_label(inside: Sequence[str]) -> str | None:
    return inside[0] if len(inside) > 1 else None


def _matched(pattern: str, name: str) -> str | None:
    """The label in a file's name; None where the name does not match."""
    pieces = pattern.split(LABEL_FIELD)
    if len(pieces) != 2:
        raise UsageError(
            f"The pattern has {counted(len(pieces) - 1, 'label')}.",
            where=f"--file-names {pattern}",
            expected="{label} once, where the label stands in the files' names",
            next_step="--file-names '{label}_*'",
        )
    before, after = (re.escape(piece).replace(r"\*", ".*").replace(r"\?", ".") for piece in pieces)
    found = re.fullmatch(f"{before}(?P<label>.+?){after}", name, re.DOTALL)
    return found["label"].strip() or None if found else None


def _without_label(folder: Path, path: Path, count: int, pattern: str | None) -> DataError:
    if pattern:
        return DataError(
            f"The file's name does not match the pattern{in_all(count, 'such file')}.",
            where=str(path),
            expected=f"names such as {shown(pattern)}, with the label in place of {LABEL_FIELD}",
            next_step=f"ls {quoted(folder)}, then give --file-names another pattern",
        )
    return DataError(
        f"The file lies in no class folder, so that it has no label{in_all(count, 'such file')}.",
        where=str(path),
        expected="a folder for each class, with its files inside",
        next_step=f"{command(str(folder), '--file-names', '{label}_*')}, where the names tell the "
        "labels, or a .csv with the columns file and label",
    )
