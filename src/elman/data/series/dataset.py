"""From series to a dataset: divided in time, with a fingerprint and the reasons."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from elman.data.examples import Series
from elman.data.files.tables import Table
from elman.data.series.columns import SeriesWishes, choose_series_columns
from elman.data.series.table import SeriesTable, series_of
from elman.data.series.time_split import SeriesDataset, split_in_time
from elman.data.wording import counted


def table_dataset(table: Table, wishes: SeriesWishes, parts: str, sha256: str) -> SeriesDataset:
    """The dataset of a table of series.

    Args:
        table: with a column of times.
        wishes: columns that the user named.
        parts: shares or numbers of steps of train, validation and test.
        sha256: of the file.

    Raises:
        DataError: the table cannot be used; the message names file and row.
        UsageError: the parts make no sense.
    """
    columns = choose_series_columns(table, wishes)
    read = series_of(table, columns)
    if columns.id:
        what = f"{counted(len(read.series), 'series')} of column {columns.id!r}"
        what = what.replace("seriess", "series")
    else:
        names = ", ".join(map(repr, columns.columns[:5]))
        what = f"column{'s' * (len(columns.columns) > 1)} {names}"
        what += f" and {len(columns.columns) - 5} more" * (len(columns.columns) > 5)
    why = f"{what} over the time in column {columns.time!r}, a step is {read.clock.words()}"
    found = SeriesWishes(columns.columns, columns.id, columns.time, columns.known)
    return series_dataset(
        Path(table.path).name, read, why, parts, found, sha256, table.path, table.notes
    )


def series_dataset(
    name: str,
    read: SeriesTable,
    why: str,
    parts: str,
    columns: SeriesWishes | None = None,
    sha256: str = "",
    path: str = "",
    notes: Sequence[str] = (),
) -> SeriesDataset:
    """The dataset of series that have been read.

    Args:
        name: of the source.
        read: the series, and what was odd about them.
        why: what they are, for the sentence on the shape.
        parts: shares or numbers of steps of train, validation and test.
        columns: which column of the source is what, where it has columns.
        sha256: of the file; of the numbers themselves when empty.
        path: of the file, for messages; the name when empty.
        notes: facts of the reading.
    """
    split = split_in_time(read.series, read.clock, parts, path or name)
    return SeriesDataset(
        name=name,
        shape="forecaster",
        shape_reason=f"forecaster: {why}",
        target="values to come",
        train=split.train,
        validation=split.validation,
        test=split.test,
        split_reason=split.reason,
        sha256=sha256 or _sha256(read.series),
        notes=(*notes, *read.notes, *split.notes),
        clock=read.clock,
        known=read.known,
        columns=columns or SeriesWishes(),
    )


def _sha256(series: Sequence[Series]) -> str:
    """Of the names, and of the stamps and values as little-endian numbers of 64 bits."""
    digest = hashlib.sha256()
    for one in series:
        digest.update(one.name.encode() + b"\n")
        digest.update(one.stamps.astype("<i8").tobytes() + one.values.astype("<f8").tobytes())
    return digest.hexdigest()
