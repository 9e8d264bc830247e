"""A whole file to measure on: nothing is divided, nothing is held out, rows are the file's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from elman.data.texts.whole_file import read_labelled, read_running
from elman.errors import DataError


def written(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def test_every_labelled_text_with_its_row(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", 'text,stars\ngood film,5\n"two\nlines",1\nbad,1\n')
    found = read_labelled(path, "text", "stars")
    assert [(one.text, one.label, one.row) for one in found] == [
        ("good film", "5", 2), ("two\nlines", "1", 3), ("bad", "1", 5),
    ]  # fmt: skip


def test_columns_are_inferred_where_they_are_not_named(tmp_path: Path) -> None:
    rows = "".join(f"a sentence about number {n},{'ab'[n % 2]}\n" for n in range(12))
    found = read_labelled(written(tmp_path / "a.csv", "review,label\n" + rows), None, None)
    assert len(found) == 12
    assert found[3].text == "a sentence about number 3"
    assert found[3].label == "b"


def test_one_label_is_enough_to_measure_on(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "text,label\none,x\ntwo,x\n")
    assert [one.label for one in read_labelled(path, "text", "label")] == ["x", "x"]


def test_every_document_of_plain_text(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", "First line.\nStill the first.\n\nThe second.\n")
    found = read_running(path, None)
    assert " ".join(one.text for one in found).split() == path.read_text().split()
    assert found[0].row == 1


def test_every_document_of_a_tables_column(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", '{"body": "one", "n": 1}\n{"body": "two", "n": 2}\n')
    assert [(one.text, one.row) for one in read_running(path, "body")] == [("one", 1), ("two", 2)]


@pytest.mark.parametrize(
    ("name", "content", "text", "label", "message"),
    [
        ("a.txt", "plain text\n", None, None, "no labels"),
        ("a.csv", "text,label\nx,y\n", "words", "label", "words"),
        ("a.csv", "text,label\nx,y\n", "text", "stars", "stars"),
        ("a.csv", "", "text", "label", ""),
        ("a.png", "x", "text", "label", "png"),
    ],
)
def test_what_cannot_be_measured_on_is_refused(
    tmp_path: Path, name: str, content: str, text: str | None, label: str | None, message: str
) -> None:
    path = written(tmp_path / name, content)
    with pytest.raises(DataError) as caught:
        read_labelled(path, text, label)
    assert message in str(caught.value)
    assert caught.value.where
    assert caught.value.next_step


def test_a_column_that_is_not_there_is_refused_for_running_text_too(tmp_path: Path) -> None:
    path = written(tmp_path / "a.csv", "text,label\nx,y\n")
    with pytest.raises(DataError, match="words"):
        read_running(path, "words")
    with pytest.raises(DataError):
        read_running(tmp_path / "none.txt", None)
