"""Pairs of texts as a dataset for encoder and decoder: of a table, or of parallel files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from elman.data.division import divided
from elman.data.examples import Dataset, TextPair
from elman.data.files.source import check_file
from elman.data.files.tables import Table
from elman.data.options import DataOptions
from elman.data.splits import Part, Parts
from elman.data.texts.inference import require_column, usual_split
from elman.data.texts.pair_columns import choose_pair, usual_pair
from elman.data.texts.pairs import beside, pairs_of, read_parallel
from elman.data.wording import command, counted
from elman.errors import UsageError


def recognises(table: Table, options: DataOptions) -> bool:
    """Whether a table holds pairs: a source is named, or columns are called source and target."""
    if options.source is not None:
        return True
    return options.text is None and options.label is None and usual_pair(table) is not None


def load_pair_table(
    tables: Mapping[Part, Table], options: DataOptions, sha256: str
) -> Dataset[TextPair]:
    """Pairs of two columns.

    Raises:
        DataError: the columns are not there, or a cell of theirs says nothing.
    """
    main = tables["train"]
    columns = choose_pair(main, options.source, options.target)
    for table in tables.values():
        require_column(table, columns.source, "source")
        require_column(table, columns.target, "target")
    split = options.split or usual_split(main, (columns.source, columns.target))
    if split is not None:
        require_column(main, split, "split")
    examples = {
        part: pairs_of(table, columns.source, columns.target) for part, table in tables.items()
    }
    parts = divided(examples, options, main, split)
    found = f"; found {columns.reason}" if columns.reason else ""
    reason = f"column {columns.target!r} is to be written for column {columns.source!r}{found}"
    return _dataset(options, parts, reason, sha256, main.notes)


def load_parallel(options: DataOptions) -> Dataset[TextPair]:
    """Pairs of the lines of two files; for each further part, two more beside each other.

    Raises:
        DataError: a file cannot be read, or its lines do not fit those of the other.
        UsageError: an option asks for columns.
    """
    given = {
        name: getattr(options, name) for name in ("text", "label", "split", "source", "target")
    }
    for name, value in given.items():
        if value is not None:
            raise UsageError(
                "Files whose lines are pairs have no columns.",
                where=f"--{name} {value}",
                expected="a table, or two files without options for columns",
                next_step=command(options.data, "--target-file", str(options.target_file)),
            )
    first = Path(options.data), Path(str(options.target_file))
    both = {part: (path, beside(path, *first)) for part, path in options.files().items()}
    for path in (path for pair in both.values() for path in pair):
        check_file(path)
    digest = hashlib.sha256()
    examples = {part: read_parallel(*pair, digest.update) for part, pair in both.items()}
    parts = divided(examples, options)
    reason = f"the lines of {first[1].name} are to be written for those of {first[0].name}"
    return _dataset(options, parts, reason, digest.hexdigest())


def _dataset(
    options: DataOptions,
    parts: Parts[TextPair],
    reason: str,
    sha256: str,
    notes: tuple[str, ...] = (),
) -> Dataset[TextPair]:
    return Dataset(
        name=Path(options.data).name,
        shape="encoder_decoder",
        shape_reason=f"encoder and decoder: {reason}",
        target="text",
        train=tuple(parts.train),
        validation=tuple(parts.validation),
        test=tuple(parts.test),
        split_reason=parts.reason,
        sha256=sha256,
        notes=(*notes, *_repeated(parts)),
    )


def _repeated(parts: Parts[TextPair]) -> tuple[str, ...]:
    """A note on test pairs that training has too: both sides alike, not the source alone."""
    seen = {(pair.text, pair.target) for pair in parts.train}
    number = sum((pair.text, pair.target) in seen for pair in parts.test)
    verb = "occurs" if number == 1 else "occur"
    return (f"{counted(number, 'pair')} of the test part also {verb} in train",) if number else ()
