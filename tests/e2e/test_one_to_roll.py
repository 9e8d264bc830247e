"""Pieces of music for vectors: trained, written, drawn, measured."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.program import elman_here, refused, trained


def tunes(path: Path, pieces: int = 40) -> Path:
    """A chord taken apart, upwards: low or high, its notes short or long, as two numbers say."""
    rows = [
        f"tune {piece},{step * length},{length},{(48, 72)[piece % 2] + key},{piece % 2},{length}"
        for piece in range(pieces)
        for length in (1 + piece // 2 % 2,)
        for step, key in enumerate((0, 4, 7, 12))
    ]
    path.write_text("\n".join(["piece,onset,duration,pitch,height,length", *rows]) + "\n")
    return path


def test_a_piece_is_written_as_its_numbers_ask(tmp_path: Path) -> None:
    tunes(tmp_path / "tunes.csv")
    words = ("tunes.csv", "--shape", "one_to_many")
    answer = trained(*words, cwd=tmp_path)
    facts, run = answer.facts(), tmp_path / "runs" / "tunes"
    assert "columns 'height', 'length' describe 40 pieces of music" in answer.err
    assert facts["shape"] == "one_to_many"
    assert facts["test"]["nll_per_frame"] < 0.1
    assert set(facts["baselines"]) == {"key frequencies", "key transitions"}
    played = elman_here("predict", run, "0,1", "1,2", cwd=tmp_path)
    assert played.lines() == [
        "C3 | E3 | G3 | C4\t0,1",
        "C5 | C5 | E5 | E5 | G5 | G5 | C6 | C6\t1,2",
    ]
    asked = elman_here("predict", run, "1,2", "--json", cwd=tmp_path).facts()
    notes = asked["predictions"][0]["notes"]
    assert notes[0] == {"onset": 0, "duration": 2, "pitch": 72}
    assert [note["pitch"] for note in notes] == [72, 76, 79, 84]
    drawn = elman_here("generate", run, "--prompt", "0,1", "--temperature", 0.5, cwd=tmp_path)
    assert drawn.lines()[:2] == ["piece,onset,duration,pitch", "drawn,0,1,48"]
    measured = elman_here("evaluate", run, "tunes.csv", "--json", cwd=tmp_path).facts()
    assert measured["examples"] == 40
    assert measured["metrics"]["nll_per_frame"] < 0.1
    assert "data:image/png;base64" in (run / "report.html").read_text()


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    tunes(tmp_path / "tunes.csv")
    words = ("tunes.csv", "--shape", "one_to_many", "--epochs", 1, "--hidden-size", 4)
    trained(*words, cwd=tmp_path)
    refused(elman_here("predict", "runs/tunes", "1", cwd=tmp_path), 3, "2 numbers")
    refused(elman_here("generate", "runs/tunes", cwd=tmp_path), 2, "height,length")
    few = ("generate", "runs/tunes", "--prompt", "0,1", "--top-p", 0.5)
    refused(elman_here(*few, cwd=tmp_path), 2, "temperature")
    refused(elman_here("explain", "runs/tunes", "0,1", "--answer", "C4", cwd=tmp_path), 2, "answer")
    beams = ("train", *words, "--beams", 2, "--out", "other")
    refused(elman_here(*beams, cwd=tmp_path), 4, "beams")
