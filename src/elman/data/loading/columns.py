"""CoNLL columns, or two aligned columns of a table, as tagged sentences for an aligned model."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from elman.data.division import divided, repeated
from elman.data.examples import Dataset, TaggedSentence
from elman.data.files.conll import read_columns
from elman.data.files.tables import Table
from elman.data.options import DataOptions
from elman.data.splits import Part, Parts
from elman.data.texts.inference import require_column, usual_split
from elman.data.texts.tagged import (
    TagColumns,
    choose_tag_columns,
    require_columns,
    scheme_in,
    tagged_sentences,
)
from elman.data.texts.tagged_table import column_file, holds_lists, usual_columns
from elman.data.wording import command, counted, quoted, shown
from elman.errors import DataError


def load_columns(files: Mapping[Part, Path], options: DataOptions) -> Dataset[TaggedSentence]:
    """Read, understand and divide files of columns.

    Raises:
        DataError: a file cannot be read or used, or another shape is asked for.
    """
    _check_shape(options)
    digest = hashlib.sha256()
    read = {part: read_columns(path, digest.update) for part, path in files.items()}
    columns = choose_tag_columns(read["train"], options.text, options.label)
    for file in read.values():
        require_columns(file, columns)
    scheme = options.scheme or scheme_in(read["train"], columns.tag)
    examples = {part: tagged_sentences(file, columns, scheme) for part, file in read.items()}
    reason = f"column {columns.tag!r} tags column {columns.word!r}, a token a line"
    return _dataset(options, divided(examples, options), columns, reason, digest.hexdigest())


def recognises(table: Table, options: DataOptions) -> bool:
    """Whether a table's columns are called tokens and tags, or so, and hold lists."""
    word, tag = (
        asked or usual
        for asked, usual in zip((options.text, options.label), usual_columns(table), strict=True)
    )
    names = (word, tag)
    return all(name in table.names and holds_lists(table, str(name)) for name in names)


def load_tagged_table(
    tables: Mapping[Part, Table], options: DataOptions, sha256: str
) -> Dataset[TaggedSentence]:
    """Sentences whose tokens and tags stand in two columns of a table.

    Raises:
        DataError: a cell or a tag cannot be used.
    """
    read = {part: column_file(table, options.text, options.label) for part, table in tables.items()}
    main, table = read["train"], tables["train"]
    columns = TagColumns(*main.names)
    scheme = options.scheme or scheme_in(main, columns.tag)
    examples = {part: tagged_sentences(file, columns, scheme) for part, file in read.items()}
    split = options.split or usual_split(table, columns)
    if split is not None:
        require_column(table, split, "split")
    reason = f"column {columns.tag!r} tags the tokens of column {columns.word!r}"
    parts = divided(examples, options, table, split)
    return _dataset(options, parts, columns, reason, sha256, table.notes)


def _dataset(
    options: DataOptions,
    parts: Parts[TaggedSentence],
    columns: TagColumns,
    reason: str,
    sha256: str,
    notes: Sequence[str] = (),
) -> Dataset[TaggedSentence]:
    known = {tag for example in parts.train for tag in example.tags}
    _check_tags(known, options.data, columns.tag)
    return Dataset(
        name=Path(options.data).name,
        shape="aligned",
        shape_reason=f"aligned: {reason} ({len(known)} tags)",
        target="tags",
        train=tuple(parts.train),
        validation=tuple(parts.validation),
        test=tuple(parts.test),
        split_reason=parts.reason,
        sha256=sha256,
        notes=(*notes, *_never_learnt(parts, known), *repeated(parts)),
    )


def _check_shape(options: DataOptions) -> None:
    if options.shape not in (None, "aligned") or options.split is not None:
        given = f"--split {options.split}" if options.split else f"--shape {options.shape}"
        raise DataError(
            "Columns of tokens and tags make an aligned model, their parts in files of their own.",
            where=f"{options.data}, {given}",
            expected="no --split, and no other shape than aligned",
            next_step=command(options.data) + ", with --validation FILE and --test FILE",
        )


def _check_tags(tags: set[str], path: str, column: str) -> None:
    if len(tags) == 1:
        raise DataError(
            f"All tags are {shown(next(iter(tags)))}: there is nothing to tell apart.",
            where=f"{path}, column {column!r}",
            expected="at least two different tags",
            next_step=f"add sentences with another tag to {quoted(path)}, "
            "or name another column: --label COLUMN",
        )


def _never_learnt(parts: Parts[TaggedSentence], known: set[str]) -> Sequence[str]:
    """Notes on tags that training lacks, and that no answer can therefore get right."""
    notes = []
    held: dict[Part, list[TaggedSentence]] = {"validation": parts.validation, "test": parts.test}
    for part, examples in held.items():
        strange = [tag for one in examples for tag in one.tags if tag not in known]
        if strange:
            notes.append(
                f"{counted(len(strange), 'token')} of the {part} part with a tag that training "
                f"lacks, such as {shown(strange[0])}, count as wrong"
            )
    return notes
