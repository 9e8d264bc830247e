"""Images, sounds, vectors and sequences of numbers: trained, asked, measured and resumed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.program import Answer, elman, elman_here, refused, trained
from tests.number_samples import image, image_folder, sequences, sound, sound_folder, vectors

TINY = ("--epochs", 4, "--hidden-size", 8, "--batch-size", 4, "--learning-rate", 0.02)


def predicted(run: Path, *words: object, cwd: Path) -> list[dict[str, Any]]:
    answer = elman_here("predict", run, "--json", *words, cwd=cwd)
    assert answer.code == 0, answer.err
    rows: list[dict[str, Any]] = answer.facts()["predictions"]
    return rows


def measured(run: Path, *data: object, cwd: Path) -> dict[str, Any]:
    answer = elman_here("evaluate", run, *data, "--json", cwd=cwd)
    assert answer.code == 0, answer.err
    facts: dict[str, Any] = answer.facts()
    return facts


@pytest.mark.parametrize("by_rows", [False, True])
def test_a_folder_of_images(tmp_path: Path, by_rows: bool) -> None:
    image_folder(tmp_path / "halves")
    answer = trained("halves", *TINY, *["--as-rows"] * by_rows, "--json", cwd=tmp_path)
    facts, run = answer.facts(), tmp_path / "runs" / "halves"
    assert facts["shape"] == ("many_to_one" if by_rows else "one_to_one")
    assert set(facts["baselines"]) == {"majority class", "nearest centroid"}
    assert measured(run, cwd=tmp_path)["metrics"] == pytest.approx(facts["test"])
    image(tmp_path / "new" / "a.png", 100, upper=True)
    image(tmp_path / "new" / "b.png", 101, upper=False)
    by_name = predicted(run, "new/a.png", "new/b.png", cwd=tmp_path)
    assert [row["label"] for row in by_name] == ["up", "down"]
    assert predicted(run, "new", cwd=tmp_path) == by_name
    assert predicted(run, "--file", "new", cwd=tmp_path) == by_name
    (tmp_path / "list.csv").write_text("file,label\nnew/a.png,up\nnew/b.png,down\n")
    listed = predicted(run, "--file", "list.csv", cwd=tmp_path)
    assert [row["label"] for row in listed] == ["up", "down"]
    if not by_rows:
        piped = elman("predict", run, "--json", cwd=tmp_path, stdin="new/a.png\nnew/b.png\n")
        assert piped.facts()["predictions"] == by_name
    assert measured(run, "list.csv", cwd=tmp_path)["metrics"]["accuracy"] == 1
    report = (run / "report.html").read_text()
    assert "data:image/png;base64" in report


def test_sounds_labelled_by_their_names(tmp_path: Path) -> None:
    sound_folder(tmp_path / "tones")
    names = ("--file-names", "{label}_*", "--test", "*[03].wav")
    answer = trained("tones", *TINY, *names, cwd=tmp_path)
    run = tmp_path / "runs" / "tones"
    assert "24 sounds labelled by their names" in answer.err
    assert "log-mel frames of 40 bands" in answer.err
    sound(tmp_path / "a.wav", 100, high=True)
    assert predicted(run, "a.wav", cwd=tmp_path)[0]["label"] == "high"
    facts = measured(run, "tones", cwd=tmp_path)
    assert (facts["examples"], facts["metrics"]["accuracy"]) == (24, 1)


def test_vectors_of_a_table_and_a_number_to_be_told(tmp_path: Path) -> None:
    vectors(tmp_path / "sums.csv")
    facts = trained("sums.csv", *TINY, "--columns", "a,b", "--json", cwd=tmp_path).facts()
    assert facts["shape"] == "one_to_one"
    run = tmp_path / "runs" / "sums"
    for options in ((), ("--top", "2"), ("--",)):
        rows = predicted(run, *options, "2,1.5", "-2,-1", cwd=tmp_path)
        assert [row["label"] for row in rows] == ["yes", "no"]
    mistyped = elman_here("predict", run, "-2,-1", "--topp", "2", cwd=tmp_path)
    assert mistyped.code == 2
    assert "--topp" in mistyped.err
    explained = elman_here("explain", run, "-2,-1", "--out", "below.html", cwd=tmp_path)
    assert explained.code == 0, explained.err
    assert measured(run, "sums.csv", cwd=tmp_path)["examples"] == 40
    words = ("--columns", "a,b", "--label", "sum", "--out", "runs/told", "--json")
    facts = trained("sums.csv", *TINY, *words, cwd=tmp_path).facts()
    assert list(facts["test"]) == ["mean_absolute_error", "r_squared", "loss"]
    assert set(facts["baselines"]) == {"mean", "linear regression"}
    (row,) = predicted(tmp_path / "runs" / "told", "1,1", cwd=tmp_path)
    assert set(row) == {"text", "number"}
    line = elman_here("predict", "runs/told", "1,1", cwd=tmp_path).out
    assert float(line.split("\t")[0]) == pytest.approx(row["number"], rel=1e-4)
    assert "Told worst" in (tmp_path / "runs" / "told" / "report.html").read_text()


def test_rows_that_belong_together_are_a_sequence(tmp_path: Path) -> None:
    sequences(tmp_path / "walks.csv")
    facts = trained("walks.csv", *TINY, "--columns", "x", "--json", cwd=tmp_path).facts()
    assert facts["shape"] == "many_to_one"
    run = tmp_path / "runs" / "walks"
    rows = predicted(run, "0 1 2 3", "0 -1 -2", cwd=tmp_path)
    assert [row["label"] for row in rows] == ["up", "down"]
    by_table = predicted(run, "--file", "walks.csv", cwd=tmp_path)
    assert [row["text"] for row in by_table[:2]] == ["s0", "s1"]
    assert measured(run, "walks.csv", cwd=tmp_path)["examples"] == 30


def test_columns_of_a_row_are_steps_where_many_to_one_is_asked_for(tmp_path: Path) -> None:
    rows = "".join(f"{n % 2},{n % 2 + n % 3},1,{'ab'[n % 2]}\n" for n in range(24))
    (tmp_path / "steps.csv").write_text("t0,t1,t2,label\n" + rows)
    answer = trained("steps.csv", *TINY, "--shape", "many_to_one", cwd=tmp_path)
    assert "its columns are the steps" in answer.err
    assert len(predicted(tmp_path / "runs" / "steps", "0 1", "1 2 1", cwd=tmp_path)) == 2


def asked(words: tuple[object, ...], cwd: Path) -> Answer:
    return elman_here(*words, cwd=cwd)


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    image_folder(tmp_path / "halves", 12)
    (tmp_path / "halves" / "up" / "00.png").write_bytes(b"no image")
    refused(asked(("train", "halves", *TINY), tmp_path), 3, "up/00.png", "PNG", "open")
    sound_folder(tmp_path / "tones", 12)
    whole = (tmp_path / "tones" / "low_01.wav").read_bytes()
    (tmp_path / "tones" / "low_01.wav").write_bytes(whole[:-50])
    names = ("--file-names", "{label}_*")
    refused(asked(("train", "tones", *TINY, *names), tmp_path), 3, "low_01.wav", "cut off")
    refused(asked(("train", "tones", *TINY), tmp_path), 3, "no class folder", "--file-names")
    vectors(tmp_path / "sums.csv")
    with (tmp_path / "sums.csv").open("a") as file:
        file.write("1,?,yes,0\n")
    refused(asked(("train", "sums.csv", *TINY), tmp_path), 3, "sums.csv:42", "missing", "'b'")
    refused(asked(("train", "sums.csv", "--as-rows"), tmp_path), 3, "sums.csv:42")
    assert not (tmp_path / "runs").exists()


def test_options_that_numbers_do_not_have_are_refused(tmp_path: Path) -> None:
    vectors(tmp_path / "sums.csv")
    refused(asked(("train", "sums.csv", "--cell", "gru"), tmp_path), 4, "one_to_one", "cell")
    refused(asked(("train", "sums.csv", "--as-rows"), tmp_path), 2, "Only images", "--as-rows")


def test_items_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    vectors(tmp_path / "sums.csv")
    trained("sums.csv", *TINY, "--columns", "a,b", cwd=tmp_path)
    for word in ("1", "1,2,3", "1,x", "1,2 3,4", ""):
        refused(asked(("predict", "runs/sums", word), tmp_path), 3, "2 numbers", "--file TABLE")
    (tmp_path / "other.csv").write_text("a,c\n1,2\n")
    refused(asked(("predict", "runs/sums", "--file", "other.csv"), tmp_path), 3, "no column 'b'")
