"""Numbers to predict for: files, folders, rows of a table, or numbers as they are typed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from elman.data.arrays.files import FileForm, read_array, read_labelled_arrays
from elman.data.arrays.labelled import Form, TableForm, rows_of_image
from elman.data.arrays.labelled_files import column_of_files, files_in, labelled_files, listed_files
from elman.data.arrays.numbers import number_of
from elman.data.arrays.numeric_columns import NumericColumns, label_column
from elman.data.examples import LabelledArray
from elman.data.files.formats import read_table
from elman.data.files.images import IMAGE_ENDINGS, ImageForm
from elman.data.files.source import STANDARD_INPUT, check_file, decoded_lines, empty
from elman.data.files.tables import Table
from elman.data.files.wav import WAV_ENDINGS
from elman.data.loading.numbers import read_numbers
from elman.data.texts.extraction import texts_of
from elman.data.texts.inference import require_column
from elman.data.wording import counted, listed, quoted, shown
from elman.errors import DataError


def read_array_items(
    form: Form, by_rows: bool, words: Sequence[str], file: Path | None, column: str | None
) -> list[LabelledArray]:
    """What to predict for.

    Args:
        form: of what the model reads.
        by_rows: whether images are read row by row.
        words: paths of files and of folders; or numbers, "1,2,3", where the model reads a table:
            white space separates the steps of a sequence. The lines of standard input where there
            are none, and no file.
        file: a table, a folder, or a file of the kind that the model reads.
        column: of the table, which names the files.

    Raises:
        DataError: a file cannot be read, or a word is no number.
    """
    if file is not None and _is_table(file, form):
        check_file(file)
        items = _of_table(read_table(file, _undigested), form, column)
    else:
        said = [str(file)] if file is not None else list(words) or _lines()
        if isinstance(form, TableForm):
            items = [_typed(word, form, row) for row, word in enumerate(said, 1)]
        else:
            items = _of_paths([Path(word) for word in said], form)
    return _by_rows(items) if by_rows and isinstance(form, ImageForm) else items


def _is_table(file: Path, form: Form) -> bool:
    if isinstance(form, TableForm):
        return True
    return not file.is_dir() and file.suffix.lower() not in _endings(form)


def read_labelled_items(
    path: Path, form: Form, by_rows: bool, label: str | None, file_names: str | None
) -> list[LabelledArray]:
    """Labelled numbers to measure a model on: of a folder, or of a table.

    Args:
        path: of either.
        form: of what the model reads.
        by_rows: whether images are read row by row.
        label: the column of the labels; None to infer it.
        file_names: a pattern of the names of a folder's files, which tells their labels.

    Raises:
        DataError: it cannot be read, or has no labels.
    """
    if not isinstance(form, TableForm) and path.is_dir():
        files = labelled_files(path, _endings(form), file_names)
    else:
        check_file(path)
        table = read_table(path, _undigested)
        said = label_column(table, label)
        if isinstance(form, TableForm):
            return _rows(table, form, said)
        files = listed_files(table, _file_column(table, form, None), said)
    items = read_labelled_arrays(files, form, _undigested)
    return _by_rows(items) if by_rows and isinstance(form, ImageForm) else items


def _by_rows(items: Sequence[LabelledArray]) -> list[LabelledArray]:
    return [replace(one, values=rows_of_image(one.values)) for one in items]


def _of_table(table: Table, form: Form, column: str | None) -> list[LabelledArray]:
    if isinstance(form, TableForm):
        return _rows(table, form, None)
    column = _file_column(table, form, column)
    names = texts_of(table, column, "file name")
    return _of_paths([Path(table.path).parent / name.strip() for name in names], form)


def _rows(table: Table, form: TableForm, label: str | None) -> list[LabelledArray]:
    for name in (*form.names, form.id, form.time):
        if name is not None:
            require_column(table, name, "columns", f"elman predict RUN --file {quoted(table.path)}")
    columns = NumericColumns(form.names, label, form.id, form.time, None, ())
    return read_numbers(table, columns, form)


def _file_column(table: Table, form: FileForm, column: str | None) -> str:
    if column is not None:
        require_column(table, column, "text", f"elman predict RUN --file {quoted(table.path)}")
        return column
    found = column_of_files(table, _endings(form))
    if found is None:
        raise DataError(
            f"No column names files that end in {' or '.join(_endings(form))}.",
            where=table.path,
            expected=f"a column of such names; the columns are {listed(table.names)}",
            next_step=f"head -2 {quoted(table.path)}",
        )
    return found


def _of_paths(paths: Sequence[Path], form: FileForm) -> list[LabelledArray]:
    items: list[LabelledArray] = []
    for path in paths:
        inside = files_in(path, _endings(form)) if path.is_dir() else [path]
        if not inside:
            raise DataError(
                f"The folder holds no file that ends in {' or '.join(_endings(form))}.",
                where=str(path),
                expected="files of the kind that the model reads",
                next_step=f"ls -R {quoted(path)}",
            )
        for one in inside:
            values = read_array(one, form, _undigested)
            items.append(LabelledArray(values, "", len(items) + 1, str(one)))
    return items


def _typed(word: str, form: TableForm, row: int) -> LabelledArray:
    """Numbers as they are typed: steps separated by white space, numbers of a step by commas."""
    width = 1 if form.steps == "columns" else len(form.names)
    steps = [[number_of(cell) for cell in step.split(",")] for step in word.split()]
    numbers = [one for step in steps for one in step if one is not None and one == one]
    whole = bool(steps) and len(numbers) == width * len(steps)
    if not whole or any(len(step) != width for step in steps) or (not form.steps and steps[1:]):
        example = ",".join(["0.5"] * min(width, 5)) + (",..." if width > 5 else "")
        many = f"; white space separates steps: {example} {example}" if form.steps else ""
        raise DataError(
            f"These are no {counted(width, 'number')}: {shown(word)}.",
            where=f"item {row}",
            expected=f"{counted(width, 'number')}, such as {example}{many}",
            next_step="elman predict RUN --file TABLE, for the rows of a table",
        )
    values = np.array(numbers, dtype=np.float32).reshape(len(steps), width)
    return LabelledArray(values if form.steps else values[0], "", row, word)


def _lines() -> list[str]:
    lines = [line.strip() for line in decoded_lines(sys.stdin.buffer, STANDARD_INPUT, _undigested)]
    if not any(lines):
        raise empty(STANDARD_INPUT)
    return [line for line in lines if line]


def _endings(form: Form) -> tuple[str, ...]:
    """Of the files that a model reads; none where it reads tables."""
    if isinstance(form, TableForm):
        return ()
    return IMAGE_ENDINGS if isinstance(form, ImageForm) else WAV_ENDINGS


def _undigested(content: bytes) -> None:
    """Predictions leave no record of the bytes they were made from."""
