"""Whatever is not finite is met within one update, and the weights are as they were before it."""

from __future__ import annotations

import random

import pytest

from tests.hostile.nans import TASKS, WHERE, caught


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("name", TASKS)
@pytest.mark.parametrize("seed", range(3))
def test_what_is_not_finite_is_met_at_once(name: str, where: str, seed: int) -> None:
    assert caught(name, where, random.Random(seed))  # noqa: S311
