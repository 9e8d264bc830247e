"""Tables of images or vectors, each with a text to write, as datasets for one to many."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from elman.data.arrays.dataset import form_notes
from elman.data.arrays.files import choose_file_form, read_labelled_arrays
from elman.data.arrays.labelled import ArrayDataset, Form, TableForm
from elman.data.arrays.labelled_files import column_of_files, listed_files
from elman.data.arrays.numeric_columns import NumericColumns, NumericWishes, choose_numeric_columns
from elman.data.arrays.numeric_examples import vectors
from elman.data.division import divided
from elman.data.examples import LabelledArray
from elman.data.files.formats import read_table
from elman.data.files.images import IMAGE_ENDINGS, ImageForm
from elman.data.files.source import check_file
from elman.data.files.tables import Table
from elman.data.options import DataOptions
from elman.data.splits import Part
from elman.data.texts.inference import require_column, usual_split
from elman.data.wording import command, counted, listed, quoted
from elman.errors import DataError

CAPTION_NAMES: Final = ("caption", "captions")

Tables = Mapping[Part, Table]
Examples = dict[Part, list[LabelledArray]]


def recognises(table: Table, options: DataOptions) -> bool:
    """Whether a table names images, and a column is called a caption or asked for as a target."""
    captioned = options.target is not None or _caption(table) is not None
    return captioned and options.label is None and column_of_files(table, IMAGE_ENDINGS) is not None


def load_captions(tables: Tables, options: DataOptions, sha256: str) -> ArrayDataset:
    """Images or vectors, and a text for each.

    Raises:
        DataError: no column holds the texts, or an image cannot be read, or a cell is no number.
    """
    main = tables["train"]
    target = _target(main, options.target)
    for table in tables.values():
        require_column(table, target, "target")
    column = column_of_files(main, IMAGE_ENDINGS)
    if column is None:
        split, form, examples, what = _vectors(tables, options, target)
    else:
        split = options.split or usual_split(main, (column, target))
        form, examples, sha256 = _images(tables, column, target, sha256)
        what = f"the images of column {column!r}"
    parts = divided(examples, options, main, split)
    return ArrayDataset(
        name=Path(options.data).name,
        shape="one_to_many",
        shape_reason=f"one to many: column {target!r} is to be written for {what}",
        target="text",
        train=tuple(parts.train),
        validation=tuple(parts.validation),
        test=tuple(parts.test),
        split_reason=parts.reason,
        sha256=sha256,
        notes=(*main.notes, *form_notes(form)),
        form=form,
    )


def _images(tables: Tables, column: str, target: str, sha256: str) -> tuple[Form, Examples, str]:
    for table in tables.values():
        require_column(table, column, "columns")
    files = {part: listed_files(table, column, target) for part, table in tables.items()}
    form = choose_file_form([file.path for part in files.values() for file in part])
    digest = hashlib.sha256(sha256.encode())
    examples = {
        part: read_labelled_arrays(listing, form, digest.update) for part, listing in files.items()
    }
    return form, examples, digest.hexdigest()


def _vectors(
    tables: Tables, options: DataOptions, target: str
) -> tuple[str | None, Form, Examples, str]:
    wishes = NumericWishes(None, target, None, None, options.split)
    columns = choose_numeric_columns(tables["train"], wishes)
    for table in tables.values():
        for name in columns.numbers:
            require_column(table, name, "columns")
    examples = {part: vectors(table, columns) for part, table in tables.items()}
    what = f"each row's {counted(len(columns.numbers), 'number')}"
    return columns.split, TableForm(columns.numbers), examples, what


def read_captioned(path: Path, form: Form, target: str | None) -> list[LabelledArray]:
    """Images or vectors of a table, and their texts, to measure a model on.

    Args:
        path: of the table.
        form: what the model reads.
        target: the column of the texts; None to find it.

    Raises:
        DataError: it cannot be read, or has no texts.
    """
    check_file(path)
    table = read_table(path, _undigested)
    target = _target(table, target)
    require_column(table, target, "target")
    if isinstance(form, TableForm):
        for name in form.names:
            require_column(table, name, "columns")
        return vectors(table, NumericColumns(form.names, target, None, None, None, ()))
    column = column_of_files(table, IMAGE_ENDINGS)
    if not isinstance(form, ImageForm) or column is None:
        raise DataError(
            "No column names images.",
            where=str(path),
            expected=f"a column of names that end in {listed(IMAGE_ENDINGS)}",
            next_step=f"head -2 {quoted(path)}",
        )
    return read_labelled_arrays(listed_files(table, column, target), form, _undigested)


def _target(table: Table, wish: str | None) -> str:
    target = wish or _caption(table)
    if target is None:
        raise DataError(
            "No column is called a caption.",
            where=table.path,
            expected=f"the column of the texts to write; the columns are {listed(table.names)}",
            next_step=command(table.path, "--shape", "one_to_many", "--target", table.names[-1]),
        )
    return target


def _undigested(content: bytes) -> None:
    """Measuring leaves no record of the bytes it was done on."""


def _caption(table: Table) -> str | None:
    return next((name for name in table.names if name.lower() in CAPTION_NAMES), None)
