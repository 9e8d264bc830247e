"""From what the user typed to a dataset, for good data."""

from __future__ import annotations

import hashlib
import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from elman.data.examples import AnyDataset, Document, LabelledText
from elman.data.load import load_dataset
from elman.data.options import DataOptions
from elman.data.texts.items import read_items
from elman.errors import DataError, UsageError

STARS = "text,stars\n" + "".join(f"film number {i},{i % 5 + 1}\n" for i in range(50))


def write(path: Path, content: str) -> str:
    path.write_text(content, encoding="utf-8")
    return str(path)


def texts(examples: Sequence[object]) -> list[LabelledText | Document]:
    """The examples, all of which are texts."""
    found = [one for one in examples if isinstance(one, LabelledText | Document)]
    assert len(found) == len(examples)
    return found


def rows(examples: Sequence[object]) -> list[int]:
    return [one.row for one in texts(examples)]


def everything(dataset: AnyDataset) -> list[LabelledText | Document]:
    parts = texts([*dataset.train, *dataset.validation, *dataset.test])
    return sorted(parts, key=lambda example: example.row)


def test_a_table_of_ratings(tmp_path: Path) -> None:
    dataset = load_dataset(DataOptions(write(tmp_path / "r.csv", STARS), seed=4))
    assert (dataset.name, dataset.shape, dataset.target) == ("r.csv", "many_to_one", "rating")
    assert dataset.shape_reason.startswith(
        "many to one: column 'stars' labels column 'text' (5 labels)"
    )
    assert dataset.split_reason == "seeded split 80/10/10 (seed 4)"
    assert dataset.sha256 == hashlib.sha256(STARS.encode()).hexdigest()
    assert dataset.notes == ()
    assert [len(dataset.train), len(dataset.validation), len(dataset.test)] == [40, 5, 5]
    assert everything(dataset)[7] == LabelledText("film number 7", "3", 9)


def test_the_named_columns_alone_make_the_reason(tmp_path: Path) -> None:
    path = write(tmp_path / "r.csv", STARS)
    dataset = load_dataset(DataOptions(path, text="text", label="stars"))
    assert dataset.shape_reason == "many to one: column 'stars' labels column 'text' (5 labels)"


def test_the_way_of_writing_changes_nothing(tmp_path: Path) -> None:
    plain = load_dataset(DataOptions(write(tmp_path / "a.csv", STARS)))
    windows = tmp_path / "b.csv"
    windows.write_bytes(b"\xef\xbb\xbf" + STARS.replace("\n", "\r\n").encode())
    other = load_dataset(DataOptions(str(windows)))
    assert (other.train, other.validation, other.test) == (
        plain.train,
        plain.validation,
        plain.test,
    )
    text = "one\ntwo\n\n" * 12
    first = load_dataset(DataOptions(write(tmp_path / "a.txt", text)))
    (tmp_path / "b.txt").write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    second = load_dataset(DataOptions(str(tmp_path / "b.txt")))
    assert (first.train, first.test) == (second.train, second.test)


def test_a_split_column(tmp_path: Path) -> None:
    lines = [("train", "a"), ("Train", "b"), ("DEV", "a"), ("test", "b"), ("test", "a")]
    content = "text,label,split\n" + "".join(
        f"words {number},{label},{part}\n" for number, (part, label) in enumerate(lines)
    )
    dataset = load_dataset(DataOptions(write(tmp_path / "a.csv", content)))
    assert rows(dataset.train) == [2, 3]
    assert rows(dataset.validation) == [4]
    assert rows(dataset.test) == [5, 6]
    assert dataset.split_reason == "column 'split'"
    assert dataset.target == "class"


def test_given_files_of_other_formats(tmp_path: Path) -> None:
    held = [json.dumps({"stars": star, "text": f"held {star}"}) for star in (1, 5)]
    data = write(tmp_path / "a.csv", STARS)
    validation = write(tmp_path / "v.jsonl", "\n".join(held))
    test = write(tmp_path / "t.tsv", "id\ttext\tstars\n0\tfilm number 7\t3\n")
    dataset = load_dataset(DataOptions(data, validation=validation, test=test))
    assert len(dataset.train) == 50
    assert dataset.validation == (LabelledText("held 1", "1", 1), LabelledText("held 5", "5", 2))
    assert dataset.test == (LabelledText("film number 7", "3", 2),)
    assert dataset.split_reason == "given files"
    assert dataset.notes == ("1 text of the test part also occurs in train",)
    files = b"".join(Path(name).read_bytes() for name in (data, validation, test))
    assert dataset.sha256 == hashlib.sha256(files).hexdigest()


def test_examples_of_a_label_too_rare_to_divide_go_to_training(tmp_path: Path) -> None:
    rare = "".join(f"rare {number},rare {number}\n" for number in range(20))
    content = STARS + rare
    dataset = load_dataset(DataOptions(write(tmp_path / "a.csv", content), label="stars"))
    known = {example.label for example in dataset.train if isinstance(example, LabelledText)}
    assert len(everything(dataset)) == 70
    assert all(
        isinstance(example, LabelledText) and example.label in known
        for example in (*dataset.validation, *dataset.test)
    )
    assert [note for note in dataset.notes if "too rare to be in every part" in note]
    assert rows(dataset.train) == sorted(rows(dataset.train))


@pytest.mark.parametrize(
    ("labels", "target"),
    [
        (["1", "2", "3"], "rating"),
        (["-1", "0", "1"], "rating"),
        ([str(number) for number in range(11)], "rating"),
        ([str(number) for number in range(12)], "class"),
        (["0", "1"], "class"),
        (["1", "2", "three"], "class"),
        (["1.5", "2", "3"], "class"),
    ],
)
def test_whole_numbers_are_ratings(tmp_path: Path, labels: list[str], target: str) -> None:
    rows = "".join(f"text {place},{label}\n" for place, label in enumerate(labels * 20))
    path = write(tmp_path / "a.csv", "text,label\n" + rows)
    assert load_dataset(DataOptions(path)).target == target


def test_numbers_and_truth_values_in_json_are_labels(tmp_path: Path) -> None:
    rows = [{"text": f"words {number}", "label": number % 2 == 0} for number in range(10)]
    path = write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, rows)))
    assert {example.label for example in everything(load_dataset(DataOptions(path)))  # type: ignore[union-attr]
            } == {"true", "false"}  # fmt: skip


@pytest.mark.parametrize(
    ("content", "options"),
    [
        ("anything\n" + "".join(f"row {number}\n" for number in range(10)), {}),
        (STARS, {"shape": "language_model"}),
    ],
)
def test_a_table_as_running_text(tmp_path: Path, content: str, options: dict[str, str]) -> None:
    dataset = load_dataset(DataOptions(write(tmp_path / "a.csv", content), **options))  # type: ignore[arg-type]
    assert (dataset.shape, dataset.target) == ("language_model", "next token")
    assert all(isinstance(example, Document) for example in everything(dataset))
    assert everything(dataset)[0].row == 2


def test_paragraphs_of_plain_text(tmp_path: Path) -> None:
    text = "\n\nfirst\n  line\n\t\n" + "".join(f"p {n}\nq\n\n\n" for n in range(11))
    dataset = load_dataset(DataOptions(write(tmp_path / "a.txt", text)))
    assert dataset.shape_reason == "language model: plain text, 12 paragraphs"
    assert everything(dataset)[:2] == [Document("first\n  line", 3), Document("p 0\nq", 6)]


@pytest.mark.parametrize("text", ["one line\n" * 12, "one\nline\n" * 6 + "\nafter\nblank\n"])
def test_lines_where_there_are_no_paragraphs_to_divide(tmp_path: Path, text: str) -> None:
    dataset = load_dataset(DataOptions(write(tmp_path / "a.txt", text)))
    lines = [line for line in text.splitlines() if line]
    assert dataset.shape_reason == f"language model: plain text, {len(lines)} lines"
    assert [example.text for example in everything(dataset)] == lines


def test_given_text_files_are_cut_like_the_first(tmp_path: Path) -> None:
    data = write(tmp_path / "a.txt", "p\nq\n\n" * 10)
    test = write(tmp_path / "t.txt", "one\ntwo\n")
    dataset = load_dataset(DataOptions(data, test=test))
    assert dataset.test == (Document("one\ntwo", 1),)
    assert len(dataset.train) == 9


def test_a_built_in_wins_over_a_folder_and_takes_no_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pydocs").mkdir()
    monkeypatch.chdir(tmp_path)
    dataset = load_dataset(DataOptions("pydocs"))
    assert dataset.name == "pydocs"
    for options in ({"label": "x"}, {"test": "x.csv"}, {"shape": "many_to_one"}):
        with pytest.raises(UsageError, match="brings its own"):
            load_dataset(DataOptions("pydocs", **options))  # type: ignore[arg-type]


def test_items_of_every_format(tmp_path: Path) -> None:
    assert read_items(Path(write(tmp_path / "a.txt", "one\r\n\ntwo")), None) == ["one", "two"]
    table = Path(write(tmp_path / "a.csv", "id,text,label\n0,one,a\n1,two,b\n"))
    assert read_items(table, None) == ["one", "two"]
    assert read_items(table, "label") == ["a", "b"]
    single = Path(write(tmp_path / "b.jsonl", '{"anything": "one"}\n'))
    assert read_items(single, None) == ["one"]
    with pytest.raises(DataError, match="Did you mean 'text'") as caught:
        read_items(table, "txt")
    assert "'id', 'text', 'label'" in caught.value.expected
    with pytest.raises(DataError, match="no columns"):
        read_items(tmp_path / "a.txt", "text")


def test_items_of_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    def say(content: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(content)))

    say("नमस्ते\n\nhallo".encode())
    assert read_items(None, None) == ["नमस्ते", "hallo"]
    for content, where in [(b"", "standard input"), (b"a\n\xff", "standard input:2")]:
        say(content)
        with pytest.raises(DataError) as caught:
            read_items(None, None)
        assert caught.value.where.startswith(where)
