"""One to many from the command line: images of files and the digits, and vectors of a table."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import elman
from elman.training.shapes.one_to_many.predictor import Captioner
from tests.e2e.program import elman_here, refused
from tests.e2e.samples import TINY
from tests.unit.data.test_captions import captioned


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("captions")
    captioned(folder)
    answer = elman_here("train", "captions.csv", *TINY, "--attention", "general", "--json",
                        cwd=folder)  # fmt: skip
    assert answer.code == 0, answer.err
    facts = answer.facts()
    assert facts["shape"] == "one_to_many"
    assert list(facts["test"]) == ["bleu", "chrf", "exact_match", "loss"]
    assert set(facts["baselines"]) == {"nearest training pair"}
    return folder / "runs" / "captions"


def test_images_are_answered_by_their_paths(run: Path) -> None:
    folder = run.parent.parent
    paths = ["images/3.png", "images/7.png"]
    rows = elman_here("predict", run, *paths, "--json", cwd=folder).facts()["predictions"]
    assert [row["text"] for row in rows] == paths
    table = elman_here("predict", run, "--file", "captions.csv", "--json", cwd=folder).facts()
    assert [table["predictions"][number]["written"] for number in (3, 7)] == [
        row["written"] for row in rows
    ]
    model = elman.load(run)
    assert isinstance(model, Captioner)
    refused(elman_here("predict", run, "images/none.png", cwd=folder), 3, "There is no file")


def test_it_is_measured_and_resumed(run: Path) -> None:
    folder = run.parent.parent
    recorded = json.loads((run / "run.json").read_text())["results"]["test"]
    facts = elman_here("evaluate", run, "--json", cwd=folder).facts()
    assert facts["metrics"] == pytest.approx(recorded)
    facts = elman_here("evaluate", run, "captions.csv", "--json", cwd=folder).facts()
    assert facts["examples"] == 12
    assert elman_here("resume", run, "--json", cwd=folder).facts()["test"] == recorded


def test_the_report_shows_the_images(run: Path) -> None:
    report = (run / "report.html").read_text()
    assert "is to be written for the images" in report
    assert "data:image/png" in report


def test_a_vector_has_no_places_to_attend_to(tmp_path: Path) -> None:
    rows = [f"{number},{-number},number {number}" for number in range(12)]
    (tmp_path / "n.csv").write_text("\n".join(["x,y,said", *rows]) + "\n")
    words = ("train", "n.csv", "--shape", "one_to_many", "--target", "said", *TINY)
    refused(elman_here(*words, "--attention", "dot", cwd=tmp_path), 4, "no places to attend to")
    answer = elman_here(*words, "--json", cwd=tmp_path)
    assert answer.code == 0, answer.err
    rows = elman_here("predict", "runs/n", "3,-3", "--json", cwd=tmp_path).facts()["predictions"]
    assert len(rows) == 1
