"""Which reader belongs to which file ending."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from elman.data.examples import Shape
from elman.data.files.conll import looks_like_columns
from elman.data.files.source import Digest
from elman.data.files.tables import Table
from elman.data.files.treebank import begins_with_trees, read_trees
from elman.data.wording import quoted
from elman.errors import DataError

Format = Literal["table", "plain text", "columns", "piano rolls"]

ENDINGS: Mapping[Format, tuple[str, ...]] = {
    "table": (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet"),
    "plain text": (".txt",),
    "columns": (".conllu", ".conll", ".bio", ".iob", ".iob2", ".bioes"),
    "piano rolls": (".mat",),
}


def format_of(path: Path, shape: Shape | None = None) -> Format:
    """What a file holds, by its ending; a `.tsv` or `.txt` that looks like columns holds columns.

    A `.txt` of labelled trees in brackets is a table of their texts and labels.

    Args:
        path: the file.
        shape: the shape that it is for, if that was asked for: for an aligned model, text and
            files of unknown endings hold columns.

    Raises:
        DataError: the ending is unknown, or the file cannot be read.
    """
    ending = path.suffix.lower()
    if shape == "aligned" and ending not in ENDINGS["table"]:
        return "columns"
    if shape in (None, "aligned") and ending in (".tsv", ".txt") and looks_like_columns(path):
        return "columns"
    if ending == ".txt" and shape in (None, "many_to_one") and begins_with_trees(path):
        return "table"
    for kind, endings in ENDINGS.items():
        if ending in endings:
            return kind
    known = ", ".join(one for endings in ENDINGS.values() for one in endings)
    way = {
        ".json": f"jq -c '.[]' {quoted(path)} > {quoted(path.with_suffix('.jsonl').name)}",
        ".gz": f"gunzip -k {quoted(path)}",
        ".xlsx": "save the sheet as CSV (UTF-8)",
        ".xls": "save the sheet as CSV (UTF-8)",
    }
    raise DataError(
        f"The ending {ending!r} is unknown." if ending else "The file has no ending.",
        where=str(path),
        expected=f"a file that ends in one of {known}",
        next_step=way.get(ending, "give the file the ending of what it holds"),
    )


def read_table(path: Path, digest: Digest) -> Table:
    """Read a table by the reader of its ending.

    Raises:
        DataError: the file cannot be read as such a table.
    """
    ending = path.suffix.lower()
    if ending == ".parquet":
        from elman.data.files.parquet import read_parquet

        return read_parquet(path, digest)
    if ending in (".jsonl", ".ndjson"):
        from elman.data.files.json_lines import read_json_lines

        return read_json_lines(path, digest)
    if ending in ENDINGS["plain text"]:
        return read_trees(path, digest)
    from elman.data.files.delimited import read_delimited

    return read_delimited(path, digest)
