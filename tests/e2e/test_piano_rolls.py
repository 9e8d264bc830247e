"""Pieces of music: trained, asked for the next keys, measured."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.program import elman_here, refused, trained

TINY = ("--epochs", 2, "--hidden-size", 6)


def notes(path: Path, pieces: int = 12) -> Path:
    """Scales up and down from different keys."""
    rows = [
        f"piece {piece},{step / 2},0.5,{60 + piece + (step if piece % 2 else -step)}"
        for piece in range(pieces)
        for step in range(6)
    ]
    path.write_text("\n".join(["piece,onset,duration,pitch", *rows]) + "\n")
    return path


def test_a_table_of_notes(tmp_path: Path) -> None:
    notes(tmp_path / "scales.csv")
    answer = trained("scales.csv", *TINY, cwd=tmp_path)
    facts, run = answer.facts(), tmp_path / "runs" / "scales"
    assert "a step is 0.5 of the unit of the onsets" in answer.err
    assert facts["shape"] == "language_model"
    assert list(facts["test"]) == ["nll_per_frame", "loss"]
    assert set(facts["baselines"]) == {"key frequencies", "key transitions"}
    measured = elman_here("evaluate", run, "scales.csv", "--json", cwd=tmp_path).facts()
    assert measured["examples"] == 12
    asked = elman_here("predict", run, "scales.csv", "--json", "--top", 3, cwd=tmp_path).facts()
    assert asked["predictions"][0]["text"] == "piece 0"
    assert len(asked["predictions"][0]["keys"]) == 3
    assert "data:image/png;base64" in (run / "report.html").read_text()
    words = ("generate", run, "--length", 6, "--seed", 1)
    drawn = elman_here(*words, "--prompt", "scales.csv", cwd=tmp_path)
    assert drawn.lines()[:3] == [
        "piece,onset,duration,pitch",
        "piece 0,0,0.5,60",
        "piece 0,0.5,0.5,59",
    ]
    assert drawn.out == elman_here(*words, "--prompt", "scales.csv", cwd=tmp_path).out
    (tmp_path / "drawn.csv").write_text(drawn.out)
    assert elman_here("predict", run, "drawn.csv", cwd=tmp_path).code == 0
    assert elman_here(*words, cwd=tmp_path).lines()[0] == "piece,onset,duration,pitch"


def test_options_and_files_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    notes(tmp_path / "scales.csv")
    refused(elman_here("train", "scales.csv", "--unit", "words", cwd=tmp_path), 4, "unit")
    trained("scales.csv", *TINY, cwd=tmp_path)
    (tmp_path / "other.csv").write_text("piece,onset,pitch\na,0,60\n")
    refused(elman_here("predict", "runs/scales", "other.csv", cwd=tmp_path), 3, "'duration'")
    wrong = ("generate", "runs/scales", "--prompt", "other.csv")
    refused(elman_here(*wrong, cwd=tmp_path), 3, "'duration'")
    refused(elman_here("generate", "runs/scales", "--top-k", 3, cwd=tmp_path), 2, "temperature")
    (tmp_path / "broken.mat").write_bytes(b"MATLAB")
    refused(elman_here("train", "broken.mat", cwd=tmp_path), 3, "broken.mat", "MATLAB 5")
