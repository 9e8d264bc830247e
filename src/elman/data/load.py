"""From what the user typed after `elman train` to a dataset."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from elman.data.built_in import is_built_in, load_built_in
from elman.data.examples import AnyDataset, Dataset, Document, Example, LabelledText, Shape
from elman.data.extraction import by_part, documents_of, labelled_texts
from elman.data.formats import check_ending, is_text, read_table
from elman.data.inference import Columns, Wishes, choose_columns, require_column
from elman.data.labels import check_classes, target_of, with_known_labels
from elman.data.plain_text import Piece, read_documents
from elman.data.source import check_file
from elman.data.splits import GIVEN_FILE, PARTS, Part, Parts, divide
from elman.data.tables import Table
from elman.data.wording import command, counted
from elman.errors import DataError, UsageError


@dataclass(frozen=True)
class DataOptions:
    """What to read, and how.

    Args:
        data: the path of a file, or the name of a built-in source.
        shape: the shape of model; None to infer it.
        text: the column of the texts; None to infer it.
        label: the column of the labels; None to infer it.
        split: the column that names the part of each row; None to infer it.
        validation: the path of a file with the validation part.
        test: the path of a file with the test part.
        seed: draws the parts that the data does not fix.
    """

    data: str
    shape: Shape | None = None
    text: str | None = None
    label: str | None = None
    split: str | None = None
    validation: str | None = None
    test: str | None = None
    seed: int = 0


def load_dataset(options: DataOptions) -> AnyDataset:
    """Read, understand and divide a file or a built-in source.

    Raises:
        DataError: the data cannot be read or used; the message names file and row.
        UsageError: the options contradict each other.
    """
    if is_built_in(options.data) or not _like_a_path(options.data):
        return _built_in(options)
    files = _files(options)
    for path in files.values():
        check_file(path)
        check_ending(path)
    if len({is_text(path) for path in files.values()}) > 1:
        raise DataError(
            "Plain text and tables cannot be mixed.",
            where=", ".join(map(str, files.values())),
            expected="files of one kind for training, validation and test",
            next_step=f"give files that are like {files['train'].name}",
        )
    return _plain_text(files, options) if is_text(files["train"]) else _table(files, options)


def _like_a_path(data: str) -> bool:
    path = Path(data)
    return bool(path.suffix) or len(path.parts) != 1 or os.path.exists(path)


def _files(options: DataOptions) -> dict[Part, Path]:
    named: dict[Part, str | None] = {
        "train": options.data,
        "validation": options.validation,
        "test": options.test,
    }
    return {part: Path(name) for part, name in named.items() if name is not None}


def _built_in(options: DataOptions) -> AnyDataset:
    dataset = load_built_in(options.data, options.seed)
    given = {
        name: getattr(options, name)
        for name in ("text", "label", "split", "validation", "test")
        if getattr(options, name) is not None
    }
    if options.shape not in (None, dataset.shape):
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


def _plain_text(files: Mapping[Part, Path], options: DataOptions) -> Dataset[Document]:
    path = str(files["train"])
    columns = options.text or options.label or options.split
    if columns is not None or options.shape == "many_to_one":
        raise DataError(
            "Plain text has no columns and no labels.",
            where=path,
            expected="a table (.csv, .tsv, .jsonl or .parquet) with a text and a label column",
            next_step=f"{command(path)}, for a language model",
        )
    digest = hashlib.sha256()
    piece: Piece | None = None
    examples: dict[Part, list[Document]] = {}
    for part, file in files.items():
        examples[part], piece = read_documents(file, digest.update, piece)
    parts = _divided(examples, options)
    total = sum(map(len, examples.values()))
    return Dataset(
        name=files["train"].name,
        shape="language_model",
        shape_reason=f"language model: plain text, {counted(total, str(piece))}",
        target="next token",
        train=tuple(parts.train),
        validation=tuple(parts.validation),
        test=tuple(parts.test),
        split_reason=parts.reason,
        sha256=digest.hexdigest(),
        notes=_repeated(parts),
    )


def _table(files: Mapping[Part, Path], options: DataOptions) -> AnyDataset:
    digest = hashlib.sha256()
    tables = {part: read_table(path, digest.update) for part, path in files.items()}
    main = tables["train"]
    wishes = Wishes(options.shape, options.text, options.label, options.split)
    columns = choose_columns(main, wishes)
    for table in tables.values():
        require_column(table, columns.text, "text")
        if columns.label is not None:
            require_column(table, columns.label, "label")
    if columns.label is None:
        return _running(tables, columns, options, digest.hexdigest())
    return _labelled(tables, columns, columns.label, options, digest.hexdigest())


def _running(
    tables: Mapping[Part, Table], columns: Columns, options: DataOptions, sha256: str
) -> Dataset[Document]:
    examples = {part: documents_of(table, columns.text) for part, table in tables.items()}
    parts = _divided(examples, options, tables["train"], columns.split)
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
        notes=(*tables["train"].notes, *_repeated(parts)),
    )


def _labelled(
    tables: Mapping[Part, Table], columns: Columns, label: str, options: DataOptions, sha256: str
) -> Dataset[LabelledText]:
    examples = {part: labelled_texts(table, columns.text, label) for part, table in tables.items()}
    everything = [example for part in examples.values() for example in part]
    check_classes(everything, options.data, label)
    divided = _divided(examples, options, tables["train"], columns.split)
    origins = {part: tables.get(part, tables["train"]).path for part in PARTS}
    parts, moved = with_known_labels(divided, origins)
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
        notes=(*tables["train"].notes, *moved, *_repeated(parts)),
    )


def _divided(
    examples: Mapping[Part, list[Example]],
    options: DataOptions,
    table: Table | None = None,
    split: str | None = None,
) -> Parts[Example]:
    """The three parts, from the split column of the main table, the given files and the seed."""
    main = examples["train"]
    given: dict[Part, list[Example]] = {"train": main}
    if table is not None and split is not None:
        given = by_part(table, split, main)
    sources: dict[Part, str] = {part: f"column {split!r}" for part in given if part != "train"}
    for part in examples:
        if part == "train":
            continue
        if part in given:
            raise DataError(
                f"The {part} part is given twice: by column {split!r} and by a file.",
                where=f"--{part} {getattr(options, part)}",
                expected="one source for each part",
                next_step=f"leave out --{part}, or take the rows of that part out of the table",
            )
        given[part], sources[part] = examples[part], GIVEN_FILE
    return divide(given, sources, options.seed, options.data)


def _repeated(parts: Parts[Example]) -> tuple[str, ...]:
    """A note on the test texts that a model has already seen in training, if there are any."""
    seen = {example.text for example in parts.train}
    number = sum(example.text in seen for example in parts.test)
    verb = "occurs" if number == 1 else "occur"
    return (f"{counted(number, 'text')} of the test part also {verb} in train",) if number else ()
