"""Bad data and bad places, given to the program itself: an answer for each, and nothing left."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.e2e.program import COMMAND, elman_here, entries, environment, refused, trained
from tests.e2e.samples import TINY, labelled, story, write

GOOD = "text,label\n" + "".join(f"{row['text']},{row['label']}\n" for row in labelled(20))


def with_row(row: bytes) -> bytes:
    return GOOD.encode() + row + b"\na film,pos\n"


FAULTS: dict[str, tuple[str, bytes, list[str]]] = {
    "empty": ("a.csv", b"", ["a.csv", "empty", "rows of data"]),
    "empty text": ("a.txt", b"", ["a.txt", "empty"]),
    "blank text": ("a.txt", b"\n \n\t\n", ["a.txt"]),
    "header only": ("a.csv", b"text,label\n", ["a.csv", "no rows"]),
    "one row": ("a.csv", b"text,label\na film,pos\n", ["a.csv", "two different labels"]),
    "two rows": ("a.csv", b"text,label\na film,pos\nb,neg\n", ["at least 10 rows", "--validation"]),
    "one line": ("a.txt", b"only one line\n", ["only 1 example", "at least 10"]),
    "one class": ("a.csv", b"text,label\n" + b"a film,pos\n" * 20, ["All labels are 'pos'"]),
    "missing field": ("a.csv", with_row(b"alone"), ["a.csv:22", "2 fields, got 1"]),
    "missing key": ("a.jsonl", b'{"text": "x", "label": "a"}\n' * 9 + b'{"text": "x"}\n',
                    ["a.jsonl:10", "label"]),
    "not an object": ("a.jsonl", b'{"text": "x", "label": "a"}\n[1, 2]\n', ["a.jsonl:2"]),
    "deep": ("a.jsonl", b'{"text": ' + b"[" * 400_000 + b"\n", ["a.jsonl:1", "deep"]),
    "invalid UTF-8": ("a.csv", with_row(b"caf\xe9,pos"), ["a.csv:22", "UTF-8", "iconv"]),
    "UTF-16": ("a.csv", GOOD.encode("utf-16"), ["a.csv:1", "UTF-16", "iconv"]),
    "NUL": ("a.txt", b"words\n" * 20 + b"wor\0ds\n", ["a.txt:21", "NUL", "tr -d"]),
    "a line of 10 MB": ("a.txt", b"words\n" * 20 + b"x" * 10_000_000, ["a.txt:21", "1,000,000"]),
    "a field of 10 MB": ("a.csv", with_row(b"x" * 10_000_000 + b",pos"), ["a.csv:22", "1,000,000"]),
    "duplicate names": ("a.csv", GOOD.replace("text,label", "text,text", 1).encode(),
                        ["a.csv:1", "'text' stands more than once"]),
    "an open quote": ("a.csv", with_row(b'"never closed,pos'), ["a.csv:22", "quote"]),
    "no Parquet": ("a.parquet", b"PAR1 and nothing more", ["a.parquet", "Parquet"]),
    "unknown ending": ("a.docx", b"PK", ["a.docx", ".csv", ".jsonl", ".parquet", ".txt"]),
    "no labels recur": ("a.csv", b"text,label\n" + b"".join(b"x,l%d\n" % n for n in range(12)),
                        ["a.csv", "empty"]),
}  # fmt: skip


@pytest.mark.parametrize(("name", "content", "words"), FAULTS.values(), ids=FAULTS)
def test_files_that_cannot_be_used(
    tmp_path: Path, name: str, content: bytes, words: list[str]
) -> None:
    (tmp_path / name).write_bytes(content)
    error = refused(elman_here("train", name, *TINY, cwd=tmp_path), 3, *words)
    assert len(error) < 1500
    assert entries(tmp_path) == [name]


@pytest.mark.parametrize("role", ["data", "--validation", "--test"])
def test_a_missing_file(tmp_path: Path, role: str) -> None:
    write(tmp_path / "reviews.csv", labelled())
    words = ("revews.csv",) if role == "data" else ("reviews.csv", role, "revews.csv")
    refused(elman_here("train", *words, cwd=tmp_path), 3, "revews.csv", "'reviews.csv'", "ls")
    assert entries(tmp_path) == ["reviews.csv"]


@pytest.mark.parametrize("verb", ["predict", "evaluate"])
@pytest.mark.parametrize(
    "fault", ["empty", "invalid UTF-8", "NUL", "a line of 10 MB", "no Parquet"]
)
def test_files_that_other_verbs_refuse(
    trained_run: Path, tmp_path: Path, verb: str, fault: str
) -> None:
    name, content, words = FAULTS[fault]
    (tmp_path / name).write_bytes(content)
    file = ("--file", name) if verb == "predict" else (name,)
    answer = elman_here(verb, trained_run, *file, cwd=tmp_path)
    if fault in ("NUL", "a line of 10 MB") and verb == "evaluate":
        refused(answer, 3, name)  # plain text has no labels, which is said first
    else:
        refused(answer, 3, *words)


@pytest.fixture(scope="module")
def trained_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("trained")
    write(home / "reviews.csv", labelled())
    trained("reviews.csv", *TINY, cwd=home)
    return home / "runs" / "reviews"


def test_marks_and_line_ends_change_nothing(tmp_path: Path) -> None:
    """A byte-order mark, CR LF and CR are read as what they mean."""
    contents = {
        "plain": GOOD,
        "mark": "\ufeff" + GOOD,
        "crlf": GOOD.replace("\n", "\r\n"),
        "cr": GOOD.replace("\n", "\r"),
        "all": "\ufeff" + GOOD.replace("\n", "\r\n").rstrip("\r\n"),
    }
    weights = set()
    for name, content in contents.items():
        (tmp_path / f"{name}.csv").write_bytes(content.encode())
        trained(f"{name}.csv", *TINY, cwd=tmp_path)
        path = tmp_path / "runs" / name / "generations" / "2" / "weights.safetensors"
        weights.add(path.read_bytes())
    assert len(weights) == 1


@pytest.mark.parametrize(
    ("option", "name"), [("--label", "lable"), ("--text", "txet"), ("--split", "splt")]
)
def test_a_column_that_is_not_there(tmp_path: Path, option: str, name: str) -> None:
    rows = [{**row, "split": "train"} for row in labelled()]
    write(tmp_path / "reviews.csv", rows)
    near = {"lable": "label", "txet": "text", "splt": "split"}[name]
    answer = elman_here("train", "reviews.csv", option, name, cwd=tmp_path)
    refused(answer, 3, f"'{name}'", f"Did you mean '{near}'?", f"{option} {near}")
    assert entries(tmp_path) == ["reviews.csv"]


def test_a_wrong_name_of_a_built_in(tmp_path: Path) -> None:
    refused(
        elman_here("train", "langages", cwd=tmp_path), 3, "'languages'", "elman train languages"
    )
    assert entries(tmp_path) == []


def test_labels_that_training_never_sees(tmp_path: Path) -> None:
    write(tmp_path / "train.csv", labelled(20))
    write(tmp_path / "test.csv", [*labelled(5), {"text": "a film", "label": "mixed"}])
    answer = elman_here("train", "train.csv", "--test", "test.csv", cwd=tmp_path)
    refused(answer, 3, "test.csv:7", "'mixed'")


def test_a_file_name_that_is_no_text(tmp_path: Path) -> None:
    """A name of bytes that are no UTF-8 can be trained from, printed and resumed."""
    name = os.fsdecode(b"caf\xe9")
    try:
        (tmp_path / f"{name}.csv").write_text(GOOD)
    except OSError:
        pytest.skip("this file system takes names in UTF-8 only")
    for words in (("train", f"{name}.csv", *TINY), ("resume", f"runs/{name}"),
                  ("evaluate", f"runs/{name}"), ("predict", f"runs/{name}", "a film")):  # fmt: skip
        answer = elman_here(*words, cwd=tmp_path)
        assert answer.code == 0, answer.err
    missing = [*COMMAND, "train", f"no {name}.csv", "--json"]
    done = subprocess.run(missing, cwd=tmp_path, env=environment(), capture_output=True)
    assert done.returncode == json.loads(done.stdout)["exit_code"] == 3
    assert b"Traceback" not in done.stderr


def test_labels_and_texts_with_strange_letters(tmp_path: Path) -> None:
    """Tabs, quotes, markup and letters of every kind stay what they are."""
    marks = ["[bold]x[/bold]", "a\tb", "<b>&amp;</b>", '"quoted"', "‮override", "🏳️‍🌈", "‑"]
    rows = [{"text": f"word{n} {marks[n % 7]} more", "label": marks[n % 7]} for n in range(70)]
    names = ["text", "label"]
    columns = {name: [row[name] for row in rows] for name in names}
    pq.write_table(pa.table(columns), tmp_path / "odd.parquet")
    facts = trained("odd.parquet", *TINY, cwd=tmp_path).facts()
    assert facts["test"]["accuracy"] >= 0
    answer = elman_here("predict", "runs/odd", *marks, "--json", cwd=tmp_path)
    assert {row["label"] for row in answer.facts()["predictions"]} <= set(marks)
    assert elman_here("predict", "runs/odd", *marks, "--top", 7, cwd=tmp_path).code == 0


# --- the place of the run


def test_a_place_that_is_taken(tmp_path: Path) -> None:
    write(tmp_path / "reviews.csv", labelled())
    trained("reviews.csv", *TINY, "--out", "run", cwd=tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    answer = elman_here("train", "reviews.csv", *TINY, "--out", "run", cwd=tmp_path)
    refused(answer, 4, "--out run", "exists already", "elman resume run", "--overwrite")
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    options = ("--seed", 1, "--out", "run", "--overwrite")
    trained("reviews.csv", *TINY, *options, cwd=tmp_path)
    record = json.loads((tmp_path / "run" / "training.json").read_text())
    assert record["config"]["seed"] == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["reviews.csv", "run"]


def test_an_older_run_stands_until_the_new_one_can_be_made(tmp_path: Path) -> None:
    write(tmp_path / "reviews.csv", labelled())
    trained("reviews.csv", *TINY, "--out", "run", cwd=tmp_path)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*")}
    (tmp_path / "bad.csv").write_text("text,label\n")
    refused(elman_here("train", "bad.csv", "--out", "run", "--overwrite", cwd=tmp_path), 3)
    answer = elman_here(
        "train", "reviews.csv", "--pooling", "sum", "--out", "run", "--overwrite", cwd=tmp_path
    )
    refused(answer, 4, "pooling")
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "run").rglob("*")} == before


def folder_of_a_person(place: Path) -> None:
    (place / "thesis").mkdir(parents=True)
    (place / "thesis" / "chapter.txt").write_text("years of work")


def with_a_manifest(place: Path) -> None:
    folder_of_a_person(place)
    (place / "run.json").write_text("{}")


def a_run_with_notes(place: Path) -> None:
    write(place.parent / "data.csv", labelled())
    trained("data.csv", *TINY, "--out", place, cwd=place.parent)
    (place / "notes.txt").write_text("years of work")


def a_link(place: Path) -> None:
    write(place.parent / "data.csv", labelled())
    trained("data.csv", *TINY, "--out", "target", cwd=place.parent)
    place.symlink_to("target")


@pytest.mark.parametrize(
    "make",
    [
        folder_of_a_person,
        with_a_manifest,
        a_run_with_notes,
        a_link,
        Path.mkdir,
        lambda place: place.write_text("x"),
        lambda place: place.symlink_to("nowhere"),
    ],
    ids=["folder", "with run.json", "run and notes", "link", "empty", "file", "dangling link"],
)
def test_what_is_no_run_is_never_overwritten(
    tmp_path: Path, make: Callable[[Path], object]
) -> None:
    write(tmp_path / "reviews.csv", labelled())
    make(tmp_path / "out")
    before = entries(tmp_path)
    for more in ((), ("--overwrite",)):
        answer = elman_here("train", "reviews.csv", *TINY, "--out", "out", *more, cwd=tmp_path)
        refused(answer, 4, "--out out", "exists already")
        assert entries(tmp_path) == before


@pytest.mark.parametrize("out", ["", ".", "..", "x" * 300, "reviews.csv/run"])
def test_places_that_no_run_can_have(tmp_path: Path, out: str) -> None:
    home = tmp_path / "home"
    home.mkdir()
    write(home / "reviews.csv", labelled())
    for more in ((), ("--overwrite",)):
        answer = elman_here("train", "reviews.csv", *TINY, "--out", out, *more, cwd=home)
        refused(answer, 4)
        assert entries(tmp_path) == ["home", "home/reviews.csv"]


def test_a_run_is_not_overwritten_from_inside(tmp_path: Path) -> None:
    write(tmp_path / "reviews.csv", labelled())
    trained("reviews.csv", *TINY, "--out", "run", cwd=tmp_path)
    before = entries(tmp_path)
    words = ("train", "../reviews.csv", *TINY, "--out", ".", "--overwrite")
    refused(elman_here(*words, cwd=tmp_path / "run"), 4, "exists already")
    assert entries(tmp_path) == before


def test_plain_text_goes_with_plain_text(tmp_path: Path) -> None:
    write(tmp_path / "reviews.csv", labelled())
    story(tmp_path / "story.txt")
    answer = elman_here("train", "reviews.csv", "--test", "story.txt", cwd=tmp_path)
    refused(answer, 3, "cannot be mixed")
    answer = elman_here("train", "story.txt", "--label", "stars", cwd=tmp_path)
    refused(answer, 3, "no columns")
    answer = elman_here("train", "languages", "--label", "stars", cwd=tmp_path)
    refused(answer, 2, "--label stars")
    assert entries(tmp_path) == ["reviews.csv", "story.txt"]
