"""From what the user typed after `elman train` to a dataset."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from elman.data.arrays.labelled import row_by_row
from elman.data.built_in.catalogue import is_built_in, load_built_in
from elman.data.examples import AnyDataset
from elman.data.files.formats import Format, format_of
from elman.data.files.source import check_file
from elman.data.loading.columns import load_columns
from elman.data.loading.folder import load_folder
from elman.data.loading.pairs import load_parallel
from elman.data.loading.plain_text import load_plain_text
from elman.data.loading.rolls import load_matlab_rolls
from elman.data.loading.table import load_table
from elman.data.options import DataOptions
from elman.data.splits import Part
from elman.data.wording import command
from elman.errors import DataError, UsageError

Files = Mapping[Part, Path]

_LOADERS: Mapping[Format, Callable[[Files, DataOptions], AnyDataset]] = {
    "plain text": load_plain_text,
    "table": load_table,
    "columns": load_columns,
    "piano rolls": load_matlab_rolls,
}

_OF_FILES = (
    *("text", "label", "source", "target", "target_file", "split", "validation", "test"),
    *("columns", "id", "time", "known", "parts", "label_kind", "file_names", "frame"),
)


def load_dataset(options: DataOptions) -> AnyDataset:
    """Read, understand and divide a file or a built-in source.

    Raises:
        DataError: the data cannot be read or used; the message names file and row.
        UsageError: the options contradict each other.
    """
    dataset = _loaded(options)
    if options.as_rows or (options.shape == "many_to_one" and dataset.shape == "one_to_one"):
        return row_by_row(dataset)
    return dataset


def _loaded(options: DataOptions) -> AnyDataset:
    if is_built_in(options.data) or not _like_a_path(options.data):
        return _built_in(options)
    if options.target_file is not None:
        return load_parallel(options)
    if os.path.isdir(options.data):
        return load_folder(options)
    files = options.files()
    for path in files.values():
        check_file(path)
    main = format_of(files["train"], options.shape)
    # Files beside columns hold columns, whatever their endings are.
    shape = "aligned" if main == "columns" else options.shape
    formats = {part: format_of(path, shape) for part, path in files.items()}
    if len(set(formats.values())) > 1:
        raise DataError(
            "Files of different kinds cannot be mixed.",
            where=", ".join(map(str, files.values())),
            expected="files of one kind for training, validation and test",
            next_step=f"give files that are like {files['train'].name}",
        )
    return _LOADERS[main](files, options)


def _like_a_path(data: str) -> bool:
    path = Path(data)
    return bool(path.suffix) or len(path.parts) != 1 or os.path.exists(path)


def _built_in(options: DataOptions) -> AnyDataset:
    dataset = load_built_in(options.data, options.seed)
    given = {
        name: getattr(options, name) for name in _OF_FILES if getattr(options, name) is not None
    }
    by_rows = options.shape == "many_to_one" and dataset.shape == "one_to_one"
    if options.shape not in (None, dataset.shape) and not by_rows:
        given["shape"] = options.shape
    if given:
        name, value = next(iter(given.items()))
        raise UsageError(
            f"The built-in source {options.data!r} brings its own columns, shape and split.",
            where=f"--{name} {value}",
            expected="these options with a file only",
            next_step=command(options.data),
        )
    return dataset
