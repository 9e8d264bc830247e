"""Runs that many tests look at, and none may change."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.program import Answer, elman, trained
from tests.e2e.samples import STORY_TINY, TINY, labelled, story, write


@dataclass(frozen=True)
class Trained:
    """A finished run: the folder it was started in, the run folder, and what the program said."""

    home: Path
    run: Path
    answer: Answer


@pytest.fixture(scope="session")
def reviews_run(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Labels learnt from reviews.csv, in a process of its own, every default place and name."""
    home = tmp_path_factory.mktemp("reviews")
    write(home / "reviews.csv", labelled())
    answer = elman("train", "reviews.csv", *TINY, "--json", cwd=home)
    assert answer.code == 0, answer.err
    return Trained(home, home / "runs" / "reviews", answer)


@pytest.fixture(scope="session")
def story_run(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """Next words learnt from story.txt."""
    home = tmp_path_factory.mktemp("story")
    story(home / "story.txt")
    answer = trained("story.txt", *STORY_TINY, cwd=home)
    return Trained(home, home / "runs" / "story", answer)
