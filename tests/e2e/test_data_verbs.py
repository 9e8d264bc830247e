"""`elman data check` and `elman data stats`, as a user types them."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.program import elman_here, refused
from tests.e2e.samples import labelled, write


def test_sound_data_is_told_so(tmp_path: Path) -> None:
    lines = [f"2024-01-{day:02},{day % 7}" for day in range(1, 31)]
    (tmp_path / "levels.csv").write_text("\n".join(["date,level", *lines]))
    answer = elman_here("data", "check", "levels.csv", cwd=tmp_path)
    assert answer.code == 0
    assert answer.lines()[0].startswith("levels.csv: forecaster: column 'level'")
    assert answer.lines()[-1] == "It can be used, and nothing in it is suspicious."
    assert not (tmp_path / "runs").exists()


def test_what_is_suspicious_is_told_with_rows_here_and_before_training(tmp_path: Path) -> None:
    rows = [f"text number {n},{'ab'[n % 2]}" for n in range(40)] + ["caf\ufffd,a"]
    (tmp_path / "odd.csv").write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    checked = elman_here("data", "check", "odd.csv", cwd=tmp_path)
    note = "1 text with replacement or control characters (row 42)"
    assert note in checked.out
    assert checked.lines()[-1] == "It can be used."
    facts = elman_here("data", "check", "odd.csv", "--json", cwd=tmp_path).facts()
    assert facts["usable"] is True
    assert [one["rows"] for one in facts["findings"]] == [[42]]
    words = ("--epochs", "1", "--hidden-size", "2")
    assert note in elman_here("train", "odd.csv", *words, cwd=tmp_path).err


def test_data_that_cannot_be_used_is_refused_with_its_row(tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("text,label\nfine,a\n,b\n")
    answer = elman_here("data", "check", "bad.csv", cwd=tmp_path)
    refused(answer, 3, "bad.csv:3")
    facts = elman_here("data", "check", "bad.csv", "--json", cwd=tmp_path).facts()
    assert (facts["error"], facts["exit_code"]) == ("DataError", 3)
    refused(elman_here("data", "stats", "missing.csv", cwd=tmp_path), 3, "missing.csv")


def test_statistics_and_the_options_that_say_how_data_is_read(tmp_path: Path) -> None:
    write(tmp_path / "reviews.csv", labelled())
    answer = elman_here("data", "stats", "reviews.csv", cwd=tmp_path)
    assert "padding" in answer.lines()[1]
    assert any(line.startswith("classes in train: ") for line in answer.lines())
    assert answer.lines()[-1].startswith("repeated examples: ")
    facts = elman_here("data", "stats", "reviews.csv", "--json", cwd=tmp_path).facts()
    assert facts["shape"] == "many_to_one"
    running = elman_here(
        "data", "stats", "reviews.csv", "--shape", "language_model", "--json", cwd=tmp_path
    )
    assert running.facts()["shape"] == "language_model"
    wrong = elman_here("data", "check", "reviews.csv", "--shape", "many", cwd=tmp_path)
    refused(wrong, 4, "shape")
