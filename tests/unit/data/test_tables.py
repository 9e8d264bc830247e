"""The readers of tables: what they accept, what it becomes, and that the way of writing it down
changes nothing."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from elman.data.files.formats import read_table
from elman.data.files.tables import Table, Unusable, canonical

ROWS = [("so good", "5"), ("not, bad", "3"), ('he said "no"', "1")]
PLAIN = 'text,stars\nso good,5\n"not, bad",3\n"he said ""no""",1\n'


def no_digest(content: bytes) -> None:
    del content


def read(path: Path, content: bytes | str) -> Table:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_table(path, no_digest)


def rows(table: Table) -> list[tuple[object, ...]]:
    return list(zip(*(table.cells(name) for name in table.names), strict=True))


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["no mark", "byte-order mark"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("last", [True, False], ids=["last end", "no last end"])
def test_a_mark_and_the_line_ends_change_nothing(
    tmp_path: Path, mark: bytes, end: str, last: bool
) -> None:
    content = PLAIN if last else PLAIN.removesuffix("\n")
    table = read(tmp_path / "a.csv", mark + content.replace("\n", end).encode())
    assert table.names == ("text", "stars")
    assert rows(table) == ROWS
    assert list(table.numbers) == [2, 3, 4]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_quoted_fields_hold_newlines_and_rows_are_numbered_by_their_first_line(
    tmp_path: Path, end: str
) -> None:
    content = 'text,stars\n"one\ntwo\n\nfour",1\n\nfive,2\n'.replace("\n", end)
    table = read(tmp_path / "a.csv", content)
    assert rows(table) == [("one\ntwo\n\nfour", "1"), ("five", "2")]
    assert list(table.numbers) == [2, 7]


def test_a_line_end_on_the_edge_of_a_chunk_is_one_line_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = PLAIN.replace("\n", "\r\n").encode()
    for size in range(1, len(content) + 1):
        monkeypatch.setattr("elman.data.files.source.CHUNK_BYTES", size)
        table = read(tmp_path / "a.csv", content)
        assert rows(table) == ROWS, size
        assert list(table.numbers) == [2, 3, 4], size


def test_every_format_gives_the_same_rows(tmp_path: Path) -> None:
    texts, stars = zip(*ROWS, strict=True)
    arrow = pa.table({"text": texts, "stars": [int(star) for star in stars]})
    pq.write_table(arrow, tmp_path / "a.parquet")
    with (tmp_path / "a.tsv").open("w", newline="") as stream:
        csv.writer(stream, delimiter="\t").writerows([("text", "stars"), *ROWS])
    objects = [json.dumps({"text": text, "stars": int(star)}) for text, star in ROWS]
    (tmp_path / "a.jsonl").write_text("\n".join(objects))
    (tmp_path / "a.csv").write_text(PLAIN)
    for ending in ("csv", "tsv", "jsonl", "parquet"):
        table = read_table(tmp_path / f"a.{ending}", no_digest)
        assert table.names == ("text", "stars"), ending
        assert rows(table) == ROWS, ending
    assert list(read_table(tmp_path / "a.jsonl", no_digest).numbers) == [1, 2, 3]
    assert list(read_table(tmp_path / "a.parquet", no_digest).numbers) == [1, 2, 3]


def test_semicolons_separate_where_the_header_has_no_comma(tmp_path: Path) -> None:
    table = read(tmp_path / "a.csv", "text;stars\nso, so;3\n")
    assert rows(table) == [("so, so", "3")]
    assert table.notes == ("fields are separated by ';'",)


def test_a_nameless_column_is_called_by_its_place(tmp_path: Path) -> None:
    assert read(tmp_path / "a.csv", ",text\n0,good\n").names == ("column 1", "text")


def test_the_limit_of_the_csv_module_is_left_as_it_was(tmp_path: Path) -> None:
    before = csv.field_size_limit()
    table = read(tmp_path / "a.csv", f"text\n{'x' * (before + 1)}\n")
    assert len(rows(table)[0][0]) == before + 1  # type: ignore[arg-type]
    assert csv.field_size_limit() == before


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("five", "five"),
        (None, ""),
        (True, "true"),
        (False, "false"),
        (5, "5"),
        (5.0, "5"),
        (2.5, "2.5"),
        (1e300, "1e+300"),
        (float("nan"), ""),
        (float("inf"), "inf"),
        (Decimal("5.00"), "5"),
        (Decimal("2.50"), "2.5"),
    ],
)
def test_one_spelling_for_one_value(value: object, text: str) -> None:
    assert canonical(value) == text


def test_json_keys_may_be_missing_or_nested_where_they_are_not_read(tmp_path: Path) -> None:
    table = read(tmp_path / "a.jsonl", '{"a": "x", "b": [1]}\n\n{"b": {}, "c": null}\n')
    assert table.names == ("a", "b", "c")
    assert table.cells("a") == ["x", Unusable("is missing: the object has no key 'a'")]
    assert table.cells("b") == [Unusable("holds a list", ("1",)), Unusable("holds an object")]
    assert table.cells("c") == [Unusable("is missing: the object has no key 'c'"), ""]
    assert list(table.numbers) == [1, 3]


def test_parquet_types_become_texts(tmp_path: Path) -> None:
    columns = {
        "dictionary": pa.array(["x", "y", None]).dictionary_encode(),
        "large": pa.array(["x", "y", "z"], pa.large_string()),
        "float": pa.array([1.0, None, 2.5]),
        "bool": pa.array([True, False, None]),
        "decimal": pa.array([Decimal("1.50"), None, Decimal("2.00")]),
        "list": pa.array([[1], [2], [3]]),
        "__index_level_0__": pa.array([0, 1, 2]),
    }
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    table = read_table(tmp_path / "a.parquet", no_digest)
    assert table.names == ("dictionary", "large", "float", "bool", "decimal", "list")
    assert table.cells("dictionary") == ["x", "y", ""]
    assert table.cells("large") == ["x", "y", "z"]
    assert table.cells("float") == ["1", "", "2.5"]
    assert table.cells("bool") == ["true", "false", ""]
    assert table.cells("decimal") == ["1.5", "", "2"]
    assert table.cells("list") == [Unusable("holds a list", (str(n),)) for n in (1, 2, 3)]


def test_lists_of_parquet_with_text_that_is_not_utf8(tmp_path: Path) -> None:
    texts = pa.array([b"fine", b"br\xffken"], pa.binary()).view(pa.string())
    lists = pa.ListArray.from_arrays(pa.array([0, 1, 2]), texts)
    pq.write_table(pa.table({"text": lists}), tmp_path / "a.parquet")
    cells = read_table(tmp_path / "a.parquet", no_digest).cells("text")
    assert cells == [Unusable("holds a list, and text in it that is not valid UTF-8")] * 2


def test_a_parquet_text_that_is_not_utf8_is_named_alone(tmp_path: Path) -> None:
    raw = pa.array([b"fine", b"br\xffken", None], pa.binary()).view(pa.string())
    pq.write_table(pa.table({"text": raw}), tmp_path / "a.parquet")
    cells = read_table(tmp_path / "a.parquet", no_digest).cells("text")
    assert cells == ["fine", Unusable("is not valid UTF-8 at its byte 2"), ""]
