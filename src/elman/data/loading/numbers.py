"""Tables of numbers, and tables that name image or sound files, as datasets."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from elman.data.arrays.dataset import ArrayShape, array_dataset
from elman.data.arrays.files import FILE_ENDINGS, choose_file_form, read_labelled_arrays
from elman.data.arrays.labelled import ArrayDataset, TableForm
from elman.data.arrays.labelled_files import column_of_files, listed_files
from elman.data.arrays.numeric_columns import (
    NumericColumns,
    NumericWishes,
    choose_numeric_columns,
    looks_numeric,
)
from elman.data.arrays.numeric_examples import (
    constant_of,
    long_sequences,
    rows_as_sequences,
    rows_by,
    vectors,
)
from elman.data.division import divided
from elman.data.examples import LabelledArray
from elman.data.files.images import IMAGE_ENDINGS, ImageForm
from elman.data.files.tables import Table
from elman.data.files.wav import WAV_ENDINGS
from elman.data.options import DataOptions
from elman.data.splits import PARTS, Part
from elman.data.texts.inference import LABEL_NAMES, require_column, usual_split
from elman.data.wording import command, counted, listed
from elman.errors import DataError

Tables = Mapping[Part, Table]


def recognises_arrays(table: Table, options: DataOptions) -> bool:
    """Whether a table holds labelled numbers, or names labelled images or sounds."""
    if options.columns is not None or options.id is not None:
        return True
    return _labelled_files(table, options) is not None or looks_numeric(table)


def load_arrays(tables: Tables, options: DataOptions, sha256: str) -> ArrayDataset:
    """The dataset of tables of numbers or of file names.

    Raises:
        DataError: a cell is no number, or a file is not there or cannot be read.
    """
    files = _labelled_files(tables["train"], options)
    if files is not None:
        return _load_files(tables, options, files, sha256)
    wishes = NumericWishes(options.columns, options.label, options.id, options.time, options.split)
    columns = choose_numeric_columns(tables["train"], wishes)
    for table in tables.values():
        for name in (*columns.numbers, columns.label, columns.id, columns.time):
            if name is not None:
                require_column(table, name, "columns")
    recurrent = options.shape == "many_to_one" or (columns.id is not None and options.shape is None)
    if not recurrent:
        form = TableForm(columns.numbers)
        what = f"each row is a vector of {counted(len(columns.numbers), 'number')}"
        return _numbers(tables, options, columns, form, "one_to_one", what, sha256)
    if columns.id is None:
        form = TableForm(columns.numbers, "columns")
        what = "each row is a sequence, its columns are the steps"
        return _numbers(tables, options, columns, form, "many_to_one", what, sha256)
    form = TableForm(columns.numbers, "rows", columns.id, columns.time)
    order = f"in the order of column {columns.time!r}" if columns.time else "in their order"
    what = f"the rows of each {columns.id!r} are a sequence, {order}"
    return _numbers(tables, options, columns, form, "many_to_one", what, sha256)


def read_numbers(table: Table, columns: NumericColumns, form: TableForm) -> list[LabelledArray]:
    """The labelled vectors or sequences of a table.

    Raises:
        DataError: a cell is missing or no number.
    """
    if form.steps == "rows" and columns.id is not None:
        return long_sequences(table, columns, columns.id)
    return (rows_as_sequences if form.steps == "columns" else vectors)(table, columns)


def _numbers(
    tables: Tables,
    options: DataOptions,
    columns: NumericColumns,
    form: TableForm,
    shape: ArrayShape,
    what: str,
    sha256: str,
) -> ArrayDataset:
    examples = {part: read_numbers(table, columns, form) for part, table in tables.items()}
    main = tables["train"]
    if form.steps == "rows" and columns.split is not None and columns.id is not None:
        main = one_row_each(main, columns.split, columns.id)
    names = columns.numbers
    return array_dataset(
        options,
        divided(examples, options, main, columns.split),
        form,
        shape,
        f"column {columns.label!r} labels columns {listed(names[:5])}"
        + (f" and {len(names) - 5:,} more" if len(names) > 5 else "")
        + f"; {what}",
        sha256,
        label=columns.label,
        origins={part: tables.get(part, tables["train"]).path for part in PARTS},
        notes=(*main.notes, *columns.notes),
    )


def one_row_each(table: Table, split: str, identity: str) -> Table:
    """A table with a row for each sequence, which says its part.

    Args:
        table: of the rows of sequences.
        split: the column of the parts.
        identity: the column that says which sequence a row belongs to.

    Raises:
        DataError: rows of one sequence are in different parts.
    """
    parts = constant_of(table, split, identity)
    firsts = [places[0] for places in rows_by(table, identity).values()]
    numbers = [table.numbers[first] for first in firsts]
    return Table(table.path, (split,), numbers, lambda _: list(parts.values()), table.notes)


def _labelled_files(table: Table, options: DataOptions) -> tuple[str, str] | None:
    """The columns of files and of their labels, where a table has both."""
    column = column_of_files(table, FILE_ENDINGS)
    usual = [name for name in table.names if name.lower() in LABEL_NAMES]
    label = options.label or next(iter(usual), None)
    return (column, label) if column is not None and label is not None else None


def _load_files(
    tables: Tables, options: DataOptions, columns: tuple[str, str], sha256: str
) -> ArrayDataset:
    column, label = columns
    for table in tables.values():
        require_column(table, column, "columns")
        require_column(table, label, "label")
    listed_by_part = {part: listed_files(table, *columns) for part, table in tables.items()}
    paths = [file.path for files in listed_by_part.values() for file in files]
    kinds = {path.suffix.lower() in IMAGE_ENDINGS for path in paths}
    main = tables["train"]
    if len(kinds) > 1:
        raise DataError(
            f"The column {column!r} names images and sounds.",
            where=main.path,
            expected=f"files of one kind: {listed(IMAGE_ENDINGS)}, or {listed(WAV_ENDINGS)}",
            next_step=command(main.path) + " with a table for each kind",
        )
    form = choose_file_form(paths)
    digest = hashlib.sha256(sha256.encode())
    examples = {
        part: read_labelled_arrays(files, form, digest.update)
        for part, files in listed_by_part.items()
    }
    split = options.split or usual_split(main, columns)
    image = isinstance(form, ImageForm)
    return array_dataset(
        options,
        divided(examples, options, main, split),
        form,
        "one_to_one" if image else "many_to_one",
        f"column {label!r} labels the {'images' if image else 'sounds'} of column {column!r}",
        digest.hexdigest(),
        label=label,
        origins={part: str(Path(tables.get(part, main).path).parent) for part in PARTS},
        notes=main.notes,
    )
