"""A forecaster from a table of series: trained, resumed, measured, asked, by the command line."""

from __future__ import annotations

import io
import math
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.e2e.conftest import Trained
from tests.e2e.program import elman_here, refused, trained

TINY = ("--hidden-size", "4", "--epochs", "2", "--quiet")


def table(days: int, gap: int | None = None) -> str:
    lines = [
        f"{date(2024, 1, 1) + timedelta(day)},{9 + math.sin(day * math.pi / 3):.4f},{day % 7}"
        for day in range(days)
        if day != gap
    ]
    return "\n".join(["date,level,visitors", *lines]) + "\n"


@pytest.fixture(scope="module")
def levels_run(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    home = tmp_path_factory.mktemp("levels")
    (home / "levels.csv").write_text(table(120))
    answer = trained("levels.csv", *TINY, cwd=home)
    return Trained(home, home / "runs" / "levels", answer)


def test_a_table_of_times_becomes_a_forecaster(levels_run: Trained) -> None:
    facts = levels_run.answer.facts()
    assert facts["shape"] == "forecaster"
    assert next(iter(facts["test"])) == "mase"
    assert {"mase_first_step", "mase_last_step", "scaled_mse", "coverage"} <= set(facts["test"])
    assert "naive (last value)" in facts["baselines"]
    page = (levels_run.run / "report.html").read_text()
    assert "A rolling-origin backtest" in page
    assert "level, from 2024-" in page


def test_what_was_found_and_chosen_is_said(tmp_path: Path) -> None:
    (tmp_path / "gaps.csv").write_text(table(120, gap=17))
    answer = elman_here("train", "gaps.csv", *TINY[:-1], cwd=tmp_path)
    assert answer.code == 0
    said = " ".join(answer.err.split())
    assert "forecaster: columns 'level', 'visitors' over the time in column 'date'" in said
    assert "note: 1 step of 1 day without a row, before row 19" in said
    assert "season: " in said
    assert "split: 96 train, 12 validation, 12 test; in time shares 80/10/10" in said
    assert "mase first step" in answer.out


def test_the_next_steps_are_forecast_without_any_file(levels_run: Trained, tmp_path: Path) -> None:
    answer = elman_here("predict", levels_run.run, cwd=tmp_path)
    rows = [line.split("\t") for line in answer.lines()]
    assert {row[-1] for row in rows} == {"level", "visitors"}
    assert all(float(low) <= float(value) <= float(high) for _, value, low, high, _ in rows)
    facts = elman_here("predict", levels_run.run, "--json", cwd=tmp_path).facts()
    assert [one["text"] for one in facts["predictions"]] == ["level", "visitors"]
    assert facts["predictions"][0]["forecast"][0]["time"] == rows[0][0]


def test_a_file_and_standard_input_get_the_same_forecast(
    levels_run: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "newer.csv").write_text(table(60))
    by_file = elman_here("predict", levels_run.run, "--file", "newer.csv", cwd=tmp_path)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(table(60).encode())))
    piped = elman_here("predict", levels_run.run, "-", cwd=tmp_path)
    assert by_file.out == piped.out
    assert by_file.code == piped.code == 0


def test_a_run_and_another_file_are_measured(levels_run: Trained, tmp_path: Path) -> None:
    own = elman_here("evaluate", levels_run.run, "--json", cwd=tmp_path).facts()
    assert own["metrics"] == levels_run.answer.facts()["test"]
    (tmp_path / "newer.csv").write_text(table(60))
    other = elman_here("evaluate", levels_run.run, "newer.csv", "--json", cwd=tmp_path).facts()
    assert other["examples"] > 0
    assert set(other["metrics"]) == set(own["metrics"])


def test_a_finished_run_resumes_to_its_results(levels_run: Trained, tmp_path: Path) -> None:
    again = elman_here("resume", levels_run.run, "--json", "--quiet", cwd=tmp_path).facts()
    assert again["test"] == levels_run.answer.facts()["test"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--parts", "80/20"), 2, "not three shares or counts"),
        (("--test", "levels.csv"), 2, "divided in time"),
        (("--look-back", "7", "--segment", "2"), 4, "whole number of segments"),
        (("--horizon", "60"), 3, "too short for a forecast"),
        (("--columns", "levle"), 3, "Did you mean 'level'?"),
        (("--max-length", "5"), 4, "has no option max_length"),
    ],
)
def test_options_that_do_not_fit(
    words: tuple[str, ...], code: int, told: str, tmp_path: Path
) -> None:
    (tmp_path / "levels.csv").write_text(table(120))
    refused(elman_here("train", "levels.csv", *words, cwd=tmp_path), code, told)
    assert not (tmp_path / "runs").exists()
