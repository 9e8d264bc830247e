"""Every fault that a Parquet file can have."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from elman.data.load import load_dataset
from elman.data.options import DataOptions
from elman.errors import DataError
from tests.hostile.refusal import GOOD, refused, refused_file


def test_malformed_parquet(tmp_path: Path) -> None:
    good = tmp_path / "good.parquet"
    texts, labels = zip(*GOOD, strict=True)
    pq.write_table(pa.table({"text": texts, "label": labels}), good)
    content = good.read_bytes()
    path = tmp_path / "bad.parquet"
    for bad in (b"PAR1", b"not Parquet at all", content[:-9], content[:50], content[4:]):
        assert "no valid Parquet" in refused_file(path, bad).what
    assert "empty" in refused_file(path, b"").what


def test_no_byte_of_parquet_can_do_worse_than_be_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    texts, labels = zip(*GOOD, strict=True)
    pq.write_table(pa.table({"text": texts, "label": labels}), path, compression="NONE")
    content = path.read_bytes()
    refusals = 0
    for place in range(0, len(content), 3):
        broken = bytearray(content)
        broken[place] ^= 0xFF
        path.write_bytes(broken)
        try:
            load_dataset(DataOptions(str(path)))
        except DataError:
            refusals += 1
    assert refusals > len(content) // 12


@pytest.mark.parametrize(
    ("column", "what"),
    [
        (pa.array([["x"]] * 12), "holds a list (12 such rows in all)"),
        (pa.array([{"x": 1}] * 12), "Parquet type struct<"),
        (pa.array([b"x"] * 12), "Parquet type binary"),
        (pa.array(["x"] * 11 + [None]), "text is empty"),
        (pa.array(["x"] * 11 + ["\0"]), "NUL"),
        (pa.array([b"x"] * 11 + [b"\xff"]).view(pa.string()), "not valid UTF-8"),
    ],
)
def test_columns_of_parquet_that_are_no_text(tmp_path: Path, column: pa.Array, what: str) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": column, "label": [mark for _, mark in GOOD]}), path)
    error = refused(DataOptions(str(path), text="text", label="label"))
    assert what in error.what
    row = 1 if "Parquet" in what or "12 such rows" in what else 12
    assert error.where == f"{path}:{row}, column 'text'"


def test_numbers_in_parquet_are_texts(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    columns = {"text": list(range(12)), "label": [mark for _, mark in GOOD]}
    pq.write_table(pa.table(columns), path)
    dataset = load_dataset(DataOptions(str(path)))
    assert {example.text for example in (*dataset.train, *dataset.validation, *dataset.test)} == {
        str(number) for number in range(12)
    }


def test_parquet_names_that_stand_twice_and_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    twice = pa.Table.from_arrays([pa.array(["x"]), pa.array(["y"])], names=["text", "text"])
    pq.write_table(twice, path)
    assert "'text' stands more than once" in refused(DataOptions(str(path))).what
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), path)
    assert "no rows" in refused(DataOptions(str(path))).what
