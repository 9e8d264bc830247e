"""Runs of every released format load, answer as they did, and give what resuming needs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import elman
from elman.training.manifest import FORMAT
from elman.training.predictor import predictor_of
from elman.training.preparation import recorded
from elman.training.saved_run import open_run
from tests.shape_samples import SAMPLES, answers

FIXTURES = Path(__file__).parents[2] / "fixtures"
FOLDERS = sorted(FIXTURES.glob("format-*"))
RUNS = [path for folder in FOLDERS for path in sorted(folder.glob("*.zip"))]
TOLERANCE = 1e-5  # relative: kernels of other processors and versions round otherwise


def test_there_is_a_run_of_each_format_and_of_each_shape() -> None:
    assert [folder.name for folder in FOLDERS] == [f"format-{n + 1}" for n in range(FORMAT)]
    newest = [path.stem for path in RUNS if path.parent.name == f"format-{FORMAT}"]
    assert set(newest) == {name.replace(" ", "-") for name in SAMPLES}
    assert sum(path.stat().st_size for path in RUNS) < 200_000


def approximately(value: Any) -> Any:
    """The same value with room for rounding in its numbers."""
    if isinstance(value, float):
        return pytest.approx(value, rel=TOLERANCE, abs=TOLERANCE)
    if isinstance(value, dict):
        return {key: approximately(one) for key, one in value.items()}
    return [approximately(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize("path", RUNS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_run_of_that_time_answers_as_it_did(path: Path, tmp_path: Path) -> None:
    recorded_answers = json.loads((path.parent / "answers.json").read_text(encoding="utf-8"))
    name = path.stem.replace("-", " ")
    found = answers(name, elman.load(path), tmp_path)
    assert found == approximately(recorded_answers[name])


@pytest.mark.parametrize("path", RUNS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_all_that_resuming_and_measuring_need_can_be_read(path: Path) -> None:
    saved = open_run(path)
    assert saved.damage() is None
    assert saved.manifest.results is not None
    assert recorded(saved)[1].shape == SAMPLES[path.stem.replace("-", " ")].shape
    assert saved.metric_lines()
    predictor_of(saved.read(saved.manifest.last))
