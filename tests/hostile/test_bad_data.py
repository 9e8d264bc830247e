"""Every fault that a file can have: refused, named, placed, and with a way on."""

from __future__ import annotations

import json
import os
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from elman.data.load import load_dataset
from elman.data.options import DataOptions
from tests.hostile.refusal import GOOD, refused, refused_file

GOOD_CSV = "text,label\n" + "".join(f"{text},{label}\n" for text, label in GOOD)
GOOD_JSON = "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in GOOD)


CSV_FAULTS = {
    "empty": ("", "", "empty"),
    "only a mark": ("\ufeff", "", "empty"),
    "only blank lines": ("\n\r\n\n", "", "empty"),
    "header only": ("text,label\n", "", "no rows"),
    "one row": ("text,label\ngood,a\n", "", "nothing to tell apart"),
    "two rows": ("text,label\ngood,a\nbad,b\n", "", "only 2 examples"),
    "one class": ("text,label\n" + "good,a\n" * 20, "", "All labels are 'a'"),
    "missing field": (GOOD_CSV + "alone\n", ":14", "1 field"),
    "extra field": (GOOD_CSV + "one,two,three\nx,a\ny\n", ":14", "3 fields (2 such rows in all)"),
    "empty text": (GOOD_CSV + ",a\nx,a\n  ,b\n", ":14", "text is empty (2 such rows in all)"),
    "empty label": (GOOD_CSV + "words, \n", ":14", "label is empty"),
    "duplicate names": ("text,label,text\n" + "x,a,y\n" * 12, ":1", "'text' stands more than"),
    "open quote": (GOOD_CSV + '"never closed,a\nx,b\n', ":14", "quotes"),
    "text after a quote": (GOOD_CSV + '"closed" early,a\n', ":14", "quotes"),
    "field past the limit": (GOOD_CSV + '"' + "words\n" * 200_000, ":14", "longer than"),
    "too many columns": (",".join(map(str, range(1_001))) + "\n", ":1", "1,001 columns"),
    "each label once": (
        "text,label\n" + "".join(f"x,l{number}\n" for number in range(12)),
        "",
        "comes out empty",
    ),
}


@pytest.mark.parametrize(("content", "where", "what"), CSV_FAULTS.values(), ids=CSV_FAULTS)
def test_faults_of_csv(tmp_path: Path, content: str, where: str, what: str) -> None:
    path = tmp_path / "data.csv"
    error = refused_file(path, content)
    assert what in error.what
    place = error.where.removeprefix(str(path))
    assert place.split(",")[0] == where


def test_rows_too_few_to_divide_say_how_many_are_needed(tmp_path: Path) -> None:
    error = refused_file(tmp_path / "a.csv", "text,label\ngood,a\nbad,b\n")
    assert "at least 10 rows" in error.expected
    assert "--validation FILE --test FILE" in error.next_step
    error = refused_file(tmp_path / "a.txt", "only one line\n")
    assert "only 1 example" in error.what


def test_a_row_of_another_width_names_both_numbers(tmp_path: Path) -> None:
    error = refused_file(tmp_path / "a.csv", GOOD_CSV + "one,two,three\n")
    assert error.expected == "2 fields, got 3"


def test_a_row_after_a_long_quoted_field_keeps_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    error = refused_file(path, 'text,label\n"one\ntwo\nthree",a\n\nalone\n')
    assert error.where == f"{path}:6"


BYTE_FAULTS = {
    "invalid UTF-8": (b"caf\xe9,a\n", "not valid UTF-8", ":14, byte {0:,} of the file", 3),
    "cut UTF-8": (b"caf\xc3", "not valid UTF-8", ":14, byte {0:,} of the file", 3),
    "an encoded surrogate": (b"\xed\xa0\x80,a\n", "not valid UTF-8", ":14, byte {0:,}", 0),
    "NUL": (b"x\0y,a\n", "NUL byte", ":14, byte {0:,} of the file", 1),
}


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "txt"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["no mark", "mark"])
@pytest.mark.parametrize(("row", "what", "where", "place"), BYTE_FAULTS.values(), ids=BYTE_FAULTS)
def test_bytes_that_are_no_text(
    tmp_path: Path, row: bytes, what: str, where: str, place: int, mark: bytes, ending: str
) -> None:
    path = tmp_path / f"data.{ending}"
    before = {
        "csv": GOOD_CSV,
        "tsv": GOOD_CSV.replace(",", "\t"),
        "jsonl": "\n" + GOOD_JSON,
        "txt": "fine\n" * 13,
    }[ending]
    before_bytes = mark + before.encode()
    error = refused_file(path, before_bytes + row)
    assert what in error.what
    assert where.format(len(before_bytes) + place) in error.where
    assert "UTF-8" in error.expected


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le"])
def test_utf16_is_recognised(tmp_path: Path, encoding: str) -> None:
    content = GOOD_CSV if encoding == "utf-16" else "\ufeff" + GOOD_CSV
    error = refused_file(tmp_path / "a.csv", content.encode(encoding))
    assert "UTF-16" in error.what
    assert "iconv -f UTF-16" in error.next_step


@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "txt"])
@pytest.mark.parametrize("end", [b"\n", b""])
def test_a_line_of_ten_megabytes_is_refused_before_the_rest_is_read(
    tmp_path: Path, ending: str, end: bytes
) -> None:
    path = tmp_path / f"data.{ending}"
    path.write_bytes(b"text\n" + b"x" * 10_000_000 + end)
    tracemalloc.start()
    begin = time.perf_counter()
    error = refused(DataOptions(str(path)))
    seconds = time.perf_counter() - begin
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seconds < 1
    assert peak < 6_000_000
    if ending != "jsonl":  # whose first line is refused before
        assert "longer than 1,000,000 bytes" in error.what
        assert error.where == f"{path}:2"


def test_the_limit_of_a_line_is_exact(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("x\n" * 9 + "x" * 1_000_000 + "\n")
    assert len(load_dataset(DataOptions(str(path))).train) == 8
    assert refused_file(path, "x\n" * 9 + "x" * 1_000_001 + "\n").where == f"{path}:10"


JSON_FAULTS = {
    "empty": ("", "", "empty"),
    "broken": (GOOD_JSON + '{"text": "x"\n', ":13", "not valid JSON"),
    "a list": (GOOD_JSON + '[{"text": "x", "label": "a"}]\n', ":13", "a list, not an object"),
    "a string": (GOOD_JSON + '"x"\n', ":13", "a string, not an object"),
    "a number": (GOOD_JSON + "5\n", ":13", "a number, not an object"),
    "a truth value": (GOOD_JSON + "true\n", ":13", "a truth value, not an object"),
    "null": (GOOD_JSON + "null\n", ":13", "null, not an object"),
    "missing key": (
        GOOD_JSON + '{"text": "x"}\n{"label": "a"}\n{"text": "y"}\n',
        ":13",
        "The text is missing: the object has no key 'text'",
    ),
    "missing label": (
        GOOD_JSON + '{"text": "x"}\n\n{"text": "y"}\n',
        ":13",
        "no key 'label' (2 such rows in all)",
    ),
    "nested list": (GOOD_JSON + '{"text": ["x"], "label": "a"}\n', ":13", "text holds a list"),
    "nested object": (GOOD_JSON + '{"text": "x", "label": {}}\n', ":13", "label holds an object"),
    "null text": (GOOD_JSON + '{"text": null, "label": "a"}\n', ":13", "text is empty"),
    "deep": (GOOD_JSON + '{"text": ' + "[" * 400_000 + "\n", ":13", "nested too deeply"),
    "lone surrogate": (
        GOOD_JSON + '{"text": "\\ud83d", "label": "a"}\n', ":13", "half a surrogate pair"
    ),
    "lone surrogate label": (
        GOOD_JSON + '{"text": "x", "label": "\\udc00"}\n', ":13", "half a surrogate pair"
    ),
    "escaped NUL": (GOOD_JSON + '{"text": "x\\u0000", "label": "a"}\n', ":13", "NUL"),
    "NaN": (GOOD_JSON + '{"text": "x", "label": NaN}\n', ":13", "NaN is no value of JSON"),
    "huge number": (GOOD_JSON + '{"text": "x", "label": ' + "9" * 5000 + "}\n", ":13", "not valid"),
    "doubled key": (GOOD_JSON + '{"text": "x", "text": "y"}\n', ":13", "stands twice"),
    "no keys": ("{}\n{}\n", ":1", "no keys"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "where", "what"), JSON_FAULTS.values(), ids=JSON_FAULTS)
def test_faults_of_json_lines(tmp_path: Path, content: str, where: str, what: str) -> None:
    path = tmp_path / "data.jsonl"
    first = '{"label": "a"}\n'
    if what.startswith("The text is missing"):
        content = GOOD_JSON + first
    error = refused_file(path, content)
    assert what in error.what
    assert error.where.removeprefix(str(path)).split(",")[0] == where
    str(error).encode()


def test_a_key_with_half_a_surrogate_pair_can_be_printed(tmp_path: Path) -> None:
    row = '{"\\ud800": "x", "b": "y"}\n'
    str(refused_file(tmp_path / "a.jsonl", row * 12, label="none")).encode()


@pytest.mark.parametrize(
    ("name", "make", "what"),
    [
        ("missing.csv", lambda path: None, "no file"),
        ("folder.csv", lambda path: path.mkdir(), "is a folder"),
        ("data.xyz", lambda path: path.write_text("x"), "ending '.xyz' is unknown"),
        ("data.json", lambda path: path.write_text("[]"), "ending '.json' is unknown"),
        ("data", lambda path: path.write_text("x"), "no ending"),
    ],
)
@pytest.mark.parametrize("role", ["data", "validation", "test"])
def test_what_is_no_file_of_data(
    tmp_path: Path, name: str, make: Callable[[Path], object], what: str, role: str
) -> None:
    (tmp_path / "good.csv").write_text(GOOD_CSV)
    make(tmp_path / name)
    paths = {"data": str(tmp_path / "good.csv"), role: str(tmp_path / name)}
    error = refused(DataOptions(**paths))  # type: ignore[arg-type]
    assert what in error.what
    assert error.where == str(tmp_path / name)
    if "ending" in what:
        assert all(ending in error.expected for ending in (".csv", ".jsonl", ".parquet", ".txt"))


@pytest.mark.parametrize("name", ["x" * 5_000 + ".csv", "a\0b.csv"], ids=["long", "NUL"])
def test_a_path_that_no_system_can_open(tmp_path: Path, name: str) -> None:
    assert "cannot be read" in refused(DataOptions(str(tmp_path / name))).what


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_no_file_of_data(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    assert "not a regular file" in refused(DataOptions(str(tmp_path / "pipe.csv"))).what


def test_a_long_sentence_is_a_wrong_name() -> None:
    assert "no built-in source" in refused(DataOptions("I loved this film " * 400)).what


def test_a_file_below_a_file_is_missing(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x")
    assert "no file" in refused(DataOptions(str(tmp_path / "a" / "b.csv"))).what


def test_a_missing_file_offers_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "reviews.csv").write_text(GOOD_CSV)
    assert "'reviews.csv'" in refused(DataOptions(str(tmp_path / "review.csv"))).expected
    nowhere = tmp_path / "no" / "such" / "folder" / "a.csv"
    assert refused(DataOptions(str(nowhere))).next_step == f"ls {tmp_path}"


@pytest.mark.parametrize("name", ["langages", "pydoc"])
def test_a_wrong_name_of_a_built_in(name: str) -> None:
    error = refused(DataOptions(name))
    assert "Did you mean" in error.what
    assert "one of the built-in sources 'languages'" in error.expected
    assert error.next_step in ("elman train languages", "elman train pydocs")


@pytest.mark.parametrize("option", ["text", "label", "split"])
def test_a_column_that_does_not_exist(tmp_path: Path, option: str) -> None:
    error = refused_file(tmp_path / "a.csv", GOOD_CSV, **{option: "lable"})
    assert "'lable'. Did you mean 'label'?" in error.what
    assert error.expected == "one of the columns 'text', 'label'"
    assert error.next_step.endswith(f"--{option} label")


def test_a_column_that_a_given_file_does_not_have(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(GOOD_CSV)
    (tmp_path / "t.csv").write_text("text,labels\nx,a\n")
    error = refused(DataOptions(str(tmp_path / "a.csv"), test=str(tmp_path / "t.csv")))
    assert error.where == str(tmp_path / "t.csv")
    assert "'label'. Did you mean 'labels'?" in error.what


def with_split(parts: list[str]) -> str:
    rows = zip(GOOD, parts, strict=True)
    return "text,label,split\n" + "".join(f"{text},{mark},{part}\n" for (text, mark), part in rows)


SPLIT_FAULTS = {
    "unknown value": (["train"] * 8 + ["dev", "trial", "test", "?"], ":11", "is 'trial'"),
    "empty value": (["train"] * 8 + ["dev", "dev", "", "test"], ":12", "is ''"),
    "no training": (["dev"] * 6 + ["test"] * 6, "", "train part is empty"),
    "too few to draw": (["train"] * 8 + ["test"] * 4, "", "only 8 examples"),
}


@pytest.mark.parametrize(("parts", "where", "what"), SPLIT_FAULTS.values(), ids=SPLIT_FAULTS)
def test_faults_of_a_split_column(tmp_path: Path, parts: list[str], where: str, what: str) -> None:
    path = tmp_path / "a.csv"
    error = refused_file(path, with_split(parts))
    assert what in error.what
    assert error.where.removeprefix(str(path)).split(",")[0] == where


def test_a_column_asked_for_as_the_split_must_name_parts(tmp_path: Path) -> None:
    error = refused_file(tmp_path / "a.csv", GOOD_CSV, split="label", shape="language_model")
    assert "is 'a', which names no part (12 such rows in all)" in error.what
    assert "'train'" in error.expected


def test_a_part_given_twice(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(with_split(["train"] * 8 + ["dev"] * 2 + ["test"] * 2))
    (tmp_path / "t.csv").write_text(GOOD_CSV)
    error = refused(DataOptions(str(tmp_path / "a.csv"), test=str(tmp_path / "t.csv")))
    assert "given twice" in error.what
    assert "--test" in error.where


@pytest.mark.parametrize("part", ["validation", "test"])
def test_a_label_that_training_never_sees(tmp_path: Path, part: str) -> None:
    (tmp_path / "a.csv").write_text(GOOD_CSV)
    held = tmp_path / "held.csv"
    held.write_text("text,label\nx,a\ny,c\nz,d\n")
    error = refused(DataOptions(str(tmp_path / "a.csv"), **{part: str(held)}))  # type: ignore[arg-type]
    assert error.where == f"{held}:3"
    assert "'c'" in error.what
    assert "(2 such rows in all)" in error.what
    column = with_split(["train", "train"] * 5 + ["dev", "test"]).replace(",a,dev", ",c,dev")
    assert refused_file(tmp_path / "b.csv", column).where.endswith("b.csv:12")


def test_text_and_table_do_not_mix(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(GOOD_CSV)
    (tmp_path / "t.txt").write_text("words\n")
    error = refused(DataOptions(str(tmp_path / "a.csv"), test=str(tmp_path / "t.txt")))
    assert "cannot be mixed" in error.what


@pytest.mark.parametrize("options", [{"label": "x"}, {"text": "x"}, {"shape": "many_to_one"}])
def test_plain_text_has_no_labels(tmp_path: Path, options: dict[str, str]) -> None:
    assert "no columns" in refused_file(tmp_path / "a.txt", "line\n" * 20, **options).what


def test_a_message_shows_no_control_characters_and_no_endless_values(tmp_path: Path) -> None:
    content = "text,label\n" + ("x,\x1b[31m" + "a" * 500 + "\n") * 12
    error = refused_file(tmp_path / "a.csv", content)
    assert "\x1b" not in str(error)
    assert len(error.what) < 200
