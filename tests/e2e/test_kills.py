"""Killed at any moment, and in the midst of saving: nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.kills import kill_runs, kill_saves
from tests.e2e.stopping import OPTIONS


@pytest.mark.parametrize("data", OPTIONS)
def test_killed_at_any_moment_and_resumed_a_run_ends_the_same(tmp_path: Path, data: str) -> None:
    counts = kill_runs(tmp_path, data, 3, seed=0)
    assert counts["killed"] == counts["equal"] == 3


def test_killed_while_it_saves_a_run_can_be_read(tmp_path: Path) -> None:
    counts = kill_saves(tmp_path, 40, seed=0)
    assert counts["killed"] == 40
    assert counts["unreadable"] == 0
    assert counts["saved"] > 0
