"""Tables of tokens and tags: lists or texts, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from elman.data.load import load_dataset
from elman.data.options import DataOptions
from elman.data.texts.tagged import read_tagged, read_tokens
from elman.errors import DataError
from tests.hostile.refusal import refused
from tests.tagged_samples import sentences

Rows = Sequence[Mapping[str, object]]
ROWS: Rows = [{"tokens": list(one.tokens), "tags": list(one.tags)} for one in sentences(20)]


def json_lines(path: Path, rows: Rows) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def test_lists_are_known_by_their_names(tmp_path: Path) -> None:
    path = json_lines(tmp_path / "a.jsonl", ROWS)
    dataset = load_dataset(DataOptions(path))
    assert dataset.shape_reason == (
        "aligned: column 'tags' tags the tokens of column 'tokens' (5 tags)"
    )
    everything = sorted(
        (*dataset.train, *dataset.validation, *dataset.test), key=lambda one: one.row
    )
    assert [one.tokens for one in everything] == [one.tokens for one in sentences(20)]
    assert [one.row for one in everything] == list(range(1, 21))
    table = pa.table({name: [row[name] for row in ROWS] for name in ("tokens", "tags")})
    pq.write_table(table, tmp_path / "a.parquet")
    assert load_dataset(DataOptions(str(tmp_path / "a.parquet"))).train == dataset.train


def test_texts_are_divided_at_their_spaces_where_the_shape_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = (f"{' '.join(one.tokens)},{' '.join(one.tags)}\n" for one in sentences(20))
    path.write_text("words,kinds\n" + "".join(rows))
    dataset = load_dataset(DataOptions(str(path), shape="aligned", label="kinds"))
    assert dataset.shape == "aligned"
    expected = {one.tokens for one in sentences(20)}
    assert {one.tokens for one in dataset.train} <= expected  # type: ignore[union-attr]
    assert len(read_tagged(path, None, "kinds", "bio")) == 20
    assert read_tokens(path, None) is None


def test_numbers_are_tags_too_and_a_split_column_divides(tmp_path: Path) -> None:
    parts = ["train"] * 16 + ["dev"] * 2 + ["test"] * 2
    rows = [
        {"tokens": ["a", "b"], "ner_tags": [0, number % 2], "split": part}
        for number, part in enumerate(parts)
    ]
    dataset = load_dataset(DataOptions(json_lines(tmp_path / "a.jsonl", rows)))
    assert [len(part) for part in (dataset.train, dataset.validation, dataset.test)] == [16, 2, 2]
    assert dataset.train[1].tags == ("0", "1")  # type: ignore[union-attr]


def test_tokens_alone_are_read_for_prediction(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    json_lines(path, [{"tokens": ["New York", "is"]}, {"tokens": ["far"]}])
    assert read_tokens(path, None) == [("New York", "is"), ("far",)]
    (tmp_path / "a.txt").write_text("New York is far.\n")
    assert read_tokens(tmp_path / "a.txt", None) is None


FAULTS: dict[str, tuple[Mapping[str, object], str, str]] = {
    "counts": ({"tokens": ["a", "b"], "tags": ["O"]}, ":21", "2 tokens and 1 tag"),
    "empty list": ({"tokens": [], "tags": []}, ":21, column 'tokens'", "is empty"),
    "nothing": ({"tokens": ["a"], "tags": None}, ":21, column 'tags'", "is empty"),
    "lists of lists": ({"tokens": [["a"]], "tags": ["O"]}, ":21, column 'tokens'", "holds a list"),
    "no key": ({"tokens": ["a"]}, ":21, column 'tags'", "is missing"),
    "an empty token": ({"tokens": [""], "tags": ["O"]}, ":21, column 'tokens'", "word is missing"),
    "scheme": ({"tokens": ["a"], "tags": ["I-x"]}, ":21, column 'tags'", "breaks BIO"),
}


@pytest.mark.parametrize(("row", "where", "what"), FAULTS.values(), ids=FAULTS)
def test_faults(tmp_path: Path, row: Mapping[str, object], where: str, what: str) -> None:
    path = json_lines(tmp_path / "a.jsonl", [*ROWS, row])
    error = refused(DataOptions(path))
    assert what in error.what
    assert error.where == f"{path}{where}"


def test_columns_that_are_not_found(tmp_path: Path) -> None:
    path = json_lines(tmp_path / "a.jsonl", [{"x": ["a"], "y": ["O"]}])
    error = refused(DataOptions(path, shape="aligned"))
    assert "No column is called as tokens usually are" in error.what
    with pytest.raises(DataError, match="no column 'z'"):
        load_dataset(DataOptions(path, shape="aligned", text="x", label="z"))
