"""Tables as datasets: which shape a table is for, and its examples."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from elman.data.arrays.note_events import holds_notes
from elman.data.division import divided, repeated
from elman.data.examples import AnyDataset, Dataset, Document, LabelledText, Shape
from elman.data.files.formats import read_table
from elman.data.files.tables import Table
from elman.data.loading import captions as load_captions
from elman.data.loading import columns as load_columns
from elman.data.loading import pairs as load_pairs
from elman.data.loading import series as load_series
from elman.data.loading.numbers import load_arrays, recognises_arrays
from elman.data.loading.rolls import load_notes
from elman.data.options import DataOptions
from elman.data.splits import PARTS, Part
from elman.data.texts.extraction import documents_of, labelled_texts
from elman.data.texts.inference import Columns, Wishes, choose_columns, require_column
from elman.data.texts.labels import check_classes, target_of, with_known_labels

Tables = Mapping[Part, Table]


@dataclass(frozen=True)
class TableLoader:
    """How tables become the dataset of one shape.

    Attributes:
        recognises: whether a table looks as if it were for this shape, where none is asked for.
        load: from the tables, the options and the digest of all files.
    """

    recognises: Callable[[Table, DataOptions], bool]
    load: Callable[[Tables, DataOptions, str], AnyDataset]


def load_table(files: Mapping[Part, Path], options: DataOptions) -> AnyDataset:
    """Read, understand and divide tables.

    Raises:
        DataError: a table cannot be read or used; the message names file and row.
        UsageError: the options contradict each other.
    """
    digest = hashlib.sha256()
    tables = {part: read_table(path, digest.update) for part, path in files.items()}
    main = tables["train"]
    loader = _LOADERS.get(options.shape) if options.shape else _recognised(main, options)
    return (loader.load if loader else _texts)(tables, options, digest.hexdigest())


def _recognised(table: Table, options: DataOptions) -> TableLoader | None:
    found = (loader for loader in _LOADERS.values() if loader.recognises(table, options))
    return next(found, None)


def _texts(tables: Tables, options: DataOptions, sha256: str) -> AnyDataset:
    """Labelled texts, or running text where nothing labels it."""
    main = tables["train"]
    wishes = Wishes(options.shape, options.text, options.label, options.split)
    columns = choose_columns(main, wishes)
    for table in tables.values():
        require_column(table, columns.text, "text")
        if columns.label is not None:
            require_column(table, columns.label, "label")
    if columns.label is None:
        return _running(tables, columns, options, sha256)
    return _labelled(tables, columns, columns.label, options, sha256)


def _running(
    tables: Tables, columns: Columns, options: DataOptions, sha256: str
) -> Dataset[Document]:
    examples = {part: documents_of(table, columns.text) for part, table in tables.items()}
    parts = divided(examples, options, tables["train"], columns.split)
    asked = options.shape == "language_model"
    reason = "as asked" if asked else "no column labels it"
    return Dataset(
        name=Path(options.data).name,
        shape="language_model",
        shape_reason=f"language model: column {columns.text!r} holds running text, {reason}",
        target="next token",
        train=tuple(parts.train),
        validation=tuple(parts.validation),
        test=tuple(parts.test),
        split_reason=parts.reason,
        sha256=sha256,
        notes=(*tables["train"].notes, *repeated(parts)),
    )


def _labelled(
    tables: Tables, columns: Columns, label: str, options: DataOptions, sha256: str
) -> Dataset[LabelledText]:
    examples = {part: labelled_texts(table, columns.text, label) for part, table in tables.items()}
    everything = [example for part in examples.values() for example in part]
    check_classes(everything, options.data, label)
    drawn = divided(examples, options, tables["train"], columns.split)
    origins = {part: tables.get(part, tables["train"]).path for part in PARTS}
    parts, moved = with_known_labels(drawn, origins)
    labels = {example.label for example in everything}
    return Dataset(
        name=Path(options.data).name,
        shape="many_to_one",
        shape_reason=f"many to one: column {label!r} labels column {columns.text!r} "
        f"({len(labels)} labels)" + (f"; {columns.reason}" if columns.reason else ""),
        target=target_of(labels),
        train=tuple(parts.train),
        validation=tuple(parts.validation),
        test=tuple(parts.test),
        split_reason=parts.reason,
        sha256=sha256,
        notes=(*tables["train"].notes, *moved, *repeated(parts)),
    )


def _sequences(tables: Tables, options: DataOptions, sha256: str) -> AnyDataset:
    """Sequences of numbers where the table has them, else texts."""
    numbers = recognises_arrays(tables["train"], options)
    return (load_arrays if numbers else _texts)(tables, options, sha256)


def _running_or_notes(tables: Tables, options: DataOptions, sha256: str) -> AnyDataset:
    """Piano rolls where the table holds notes, else running text."""
    notes = recognises_notes(tables["train"], options)
    return (load_notes if notes else _texts)(tables, options, sha256)


def _texts_or_notes(tables: Tables, options: DataOptions, sha256: str) -> AnyDataset:
    """Pieces of music where the table holds notes, else texts; both for vectors, or for images."""
    notes = options.target is None and recognises_notes(tables["train"], options)
    return (load_notes if notes else load_captions.load_captions)(tables, options, sha256)


def recognises_notes(table: Table, options: DataOptions) -> bool:
    """Whether a table holds the notes of pieces."""
    return options.text is None and options.label is None and holds_notes(table)


_LOADERS: Mapping[Shape, TableLoader] = {
    "aligned": TableLoader(load_columns.recognises, load_columns.load_tagged_table),
    "encoder_decoder": TableLoader(load_pairs.recognises, load_pairs.load_pair_table),
    "forecaster": TableLoader(load_series.recognises_series, load_series.load_series),
    "language_model": TableLoader(recognises_notes, _running_or_notes),
    "one_to_many": TableLoader(load_captions.recognises, _texts_or_notes),
    "one_to_one": TableLoader(recognises_arrays, load_arrays),
    "many_to_one": TableLoader(recognises_arrays, _sequences),
}
"""Of shapes that do not read texts; asked in this order whether they recognise a table."""
