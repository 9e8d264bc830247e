"""CSV and TSV: the first line names the columns; quoted fields may hold newlines."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from elman.data.files.source import MAX_LINE_BYTES, Digest, empty, read_lines, too_long
from elman.data.files.tables import Cell, Table, checked_names, without_rows
from elman.data.wording import counted, in_all, quoted
from elman.errors import DataError

Row = tuple[int, list[str]]


def read_delimited(path: Path, digest: Digest) -> Table:
    """Read a CSV or TSV file; a `.csv` whose first line has no comma may use semicolons or tabs.

    Raises:
        DataError: no rows, a row with missing or extra fields, a name that stands twice,
            a quote that is never closed, or lines that cannot be text.
    """
    return delimited(str(path), read_lines(path, digest), tabs=path.suffix.lower() == ".tsv")


def delimited(name: str, source: Iterable[str], *, tabs: bool = False) -> Table:
    """The table in lines of text.

    Args:
        name: of the source, for messages.
        source: the lines, without their ends.
        tabs: whether fields are separated by tabs, whatever the first line looks like.

    Raises:
        DataError: as `read_delimited`.
    """
    lines = (line + "\n" for line in source)
    first = next((line for line in lines), None)
    if first is None:
        raise empty(name)
    delimiter = "\t" if tabs else _delimiter(first)
    with _long_fields():
        rows = _rows(name, _chain(first, lines), delimiter)
        start, header = next(rows, (0, []))
        if not header:
            raise empty(name)
        names = checked_names(name, header, f"{name}:{start}")
        table = _whole_rows(name, len(names), rows)
    if not table:
        raise without_rows(name)

    def cells(column: str) -> list[Cell]:
        place = names.index(column)
        return [fields[place] for _, fields in table]

    notes = () if delimiter in ",\t" else (f"fields are separated by {delimiter!r}",)
    return Table(name, names, [number for number, _ in table], cells, notes)


def _delimiter(header: str) -> str:
    if "," in header:
        return ","
    return next((mark for mark in ";\t" if mark in header), ",")


def _chain(first: str, rest: Iterable[str]) -> Iterator[str]:
    yield first
    yield from rest


@contextmanager
def _long_fields() -> Iterator[None]:
    """Let the csv module take fields up to our own limit, which it keeps for the process."""
    before = csv.field_size_limit(MAX_LINE_BYTES)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _rows(name: str, lines: Iterable[str], delimiter: str) -> Iterator[Row]:
    """The rows that are not blank, each with the line where it starts."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        start = reader.line_num + 1
        try:
            fields = next(reader, None)
        except csv.Error as error:
            if "field limit" in str(error):
                raise too_long(f"{name}:{start}") from error
            raise DataError(
                f"The quotes of a row do not match: {error}.",
                where=f"{name}:{start}",
                expected='a closing quote for each opening one, and "" for a quote inside',
                next_step=f"sed -n '{start},{reader.line_num}p' {quoted(name)} | cut -c1-200",
            ) from error
        if fields is None:
            return
        if fields:
            yield start, fields


def _whole_rows(name: str, expected: int, rows: Iterable[Row]) -> list[Row]:
    whole: list[Row] = []
    odd: list[tuple[int, int]] = []
    for number, fields in rows:
        if len(fields) == expected:
            whole.append((number, fields))
        else:
            odd.append((number, len(fields)))
    if odd:
        number, got = odd[0]
        raise DataError(
            f"A row has {counted(got, 'field')}{in_all(len(odd), 'such row')}.",
            where=f"{name}:{number}",
            expected=f"{counted(expected, 'field')}, got {got}",
            next_step=f"sed -n '1p;{number}p' {quoted(name)}, "
            "then put fields that hold a separator in quotes",
        )
    return whole
