"""Killed just before, or in the midst of, each single change to the disk: nothing is ever lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e import kill_points
from tests.e2e.program import elman_here, environment
from tests.e2e.stopping import OPTIONS, assert_readable, assert_same_ending, ending, make_data


def killed_everywhere(home: Path, *words: object) -> tuple[int, int]:
    """How many kills there were, and how many of them left a run."""
    command = [sys.executable, str(kill_points.__file__), str(home), "train"]
    done = subprocess.run(
        [*command, *map(str, words), "--out", "run"],
        env=environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    kills = int(done.stdout.splitlines()[-1])
    wanted, begun = ending(home / "0" / "run"), 0
    for number in range(1, kills + 1):
        place = home / str(number)
        if (place / "run").exists():
            begun += 1
            assert_readable(place / "run")
            again: tuple[object, ...] = ("resume", "run")
        else:
            assert all(path.name.startswith(".run.") for path in place.iterdir())
            again = ("train", *words, "--out", "run")
        answer = elman_here(*again, cwd=place)
        assert answer.code == 0, (number, answer.err)
        assert_same_ending(place / "run", wanted)
    return kills, begun


@pytest.fixture
def home(tmp_path: Path) -> Path:
    make_data(tmp_path)
    (tmp_path / "runs").mkdir()
    return tmp_path


def test_at_every_change_of_a_run_with_one_update(home: Path) -> None:
    data = home / "reviews.csv"
    options = (*OPTIONS["reviews.csv"], "--epochs", 1, "--batch-size", 100)
    kills, begun = killed_everywhere(home / "runs", data, *options)
    print(f"{kills} kills, {begun} of them after the run had begun")
    assert kills > 50
    assert begun > 30


@pytest.mark.slow
@pytest.mark.parametrize("data", ["reviews.csv", "story.txt"])
def test_at_every_change_of_a_run_that_saves_after_each_update(home: Path, data: str) -> None:
    options = (*OPTIONS[data], "--epochs", 2, "--batch-size", 12, "--checkpoint-seconds", 0)
    kills, begun = killed_everywhere(home / "runs", home / data, *options)
    print(f"{data}: {kills} kills, {begun} of them after the run had begun")
    assert begun > 200
