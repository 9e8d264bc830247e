"""JSON Lines: one object a line, its keys the names of the columns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NoReturn

from elman.data.files.source import Digest, empty, read_lines
from elman.data.files.tables import Cell, Table, Unusable, canonical, checked_names
from elman.data.wording import quoted, shown
from elman.errors import DataError

Record = dict[str, object]
KINDS = {
    list: "a list",
    str: "a string",
    bool: "a truth value",
    int: "a number",
    float: "a number",
    type(None): "null",
}


def read_json_lines(path: Path, digest: Digest) -> Table:
    """Read a JSON Lines file; blank lines are passed over.

    Raises:
        DataError: a line is not valid JSON, is no object or is nested too deeply, or the lines
            cannot be text.
    """
    name = str(path)
    numbers: list[int] = []
    records: list[Record] = []
    for number, line in enumerate(read_lines(path, digest), start=1):
        if line.strip():
            numbers.append(number)
            records.append(_record(name, number, line))
    if not records:
        raise empty(name)
    keys = list(dict.fromkeys(key for record in records for key in record))
    if not keys:
        raise DataError(
            "The objects have no keys.",
            where=f"{name}:{numbers[0]}",
            expected='objects such as {"text": "...", "label": "..."}',
            next_step=f"head -n 1 {quoted(name)}",
        )
    names = checked_names(name, keys, name)
    by_name = dict(zip(names, keys, strict=True))

    def cells(column: str) -> list[Cell]:
        key = by_name[column]
        missing = Unusable(f"is missing: the object has no key {shown(key)}")
        return [canonical(record[key]) if key in record else missing for record in records]

    return Table(name, names, numbers, cells)


def _record(name: str, number: int, line: str) -> Record:
    try:
        value = json.loads(line, parse_constant=_refuse, object_pairs_hook=_object)
    except RecursionError as error:
        raise _invalid(name, number, "it is nested too deeply") from error
    except ValueError as error:
        raise _invalid(name, number, str(error)) from error
    if not isinstance(value, dict):
        whole_list = isinstance(value, list)
        raise DataError(
            f"The line holds {KINDS[type(value)]}, not an object.",
            where=f"{name}:{number}",
            expected='an object such as {"text": "...", "label": "..."} on each line',
            next_step=f"jq -c '.[]' {quoted(name)} > one-object-a-line.jsonl"
            if whole_list
            else f"sed -n {number}p {quoted(name)}",
        )
    return value


def _object(pairs: list[tuple[str, object]]) -> Record:
    record: Record = {}
    for key, value in pairs:
        if key in record:
            raise ValueError(f"the key {shown(key)} stands twice in one object")
        record[key] = value
    return record


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no value of JSON")


def _invalid(name: str, number: int, reason: str) -> DataError:
    return DataError(
        f"The line is not valid JSON: {reason}.",
        where=f"{name}:{number}",
        expected='an object such as {"text": "...", "label": "..."} on each line',
        next_step=f"sed -n {number}p {quoted(name)} | cut -c1-200",
    )
