"""Parquet, by pyarrow, which is imported when the first such file is read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from elman.data.files.source import Digest, read_bytes
from elman.data.files.tables import Cell, Table, Unusable, canonical, checked_names, without_rows
from elman.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

PANDAS_INDEX = "__index_level_"


def read_parquet(path: Path, digest: Digest) -> Table:
    """Read a Parquet file; texts, numbers and truth values can be used, nested columns cannot.

    Raises:
        DataError: the file is malformed, has no rows, or two columns of the same name.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    name = str(path)
    content = read_bytes(path, digest)
    try:
        table = pq.ParquetFile(pa.BufferReader(content)).read()
        table.validate()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise DataError(
            f"The file is no valid Parquet: {str(error).splitlines()[0] if str(error) else error}.",
            where=name,
            expected="a whole Parquet file",
            next_step="write the file again, or convert it to .csv or .jsonl",
        ) from error
    keys = [key for key in table.column_names if not key.startswith(PANDAS_INDEX)]
    names = checked_names(name, keys, name)
    if not names or table.num_rows == 0:
        raise without_rows(name)
    by_name = dict(zip(names, keys, strict=True))

    def cells(column: str) -> list[Cell]:
        return _cells(table.column(by_name[column]))

    return Table(name, names, range(1, table.num_rows + 1), cells)


def _cells(column: Any) -> list[Cell]:
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not _usable(column.type):
        return [Unusable(f"holds the Parquet type {column.type}")] * len(column)
    try:
        return [canonical(value) for value in column.to_pylist()]
    except UnicodeDecodeError:
        if pa.types.is_nested(column.type):
            wrong = Unusable("holds a list, and text in it that is not valid UTF-8")
            return [wrong] * len(column)
        return [_decoded(value) for value in column.cast(pa.binary()).to_pylist()]


def _usable(kind: pa.DataType) -> bool:
    import pyarrow as pa

    tests = (
        pa.types.is_string,
        pa.types.is_large_string,
        pa.types.is_string_view,
        pa.types.is_boolean,
        pa.types.is_integer,
        pa.types.is_floating,
        pa.types.is_decimal,
        pa.types.is_null,
    )
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _usable(kind.value_type)
    return any(test(kind) for test in tests)


def _decoded(value: bytes | None) -> Cell:
    try:
        return "" if value is None else value.decode("utf-8")
    except UnicodeDecodeError as error:
        return Unusable(f"is not valid UTF-8 at its byte {error.start:,}")
