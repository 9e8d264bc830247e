"""The naive forecasts, by their definition."""

from __future__ import annotations

import numpy as np
import pytest

from elman.baselines.naive import seasonal_naive
from elman.errors import UsageError


@pytest.mark.parametrize(("horizon", "season"), [(1, 1), (5, 1), (3, 4), (9, 4), (4, 4)])
def test_each_step_repeats_the_last_season_before_the_origin(horizon: int, season: int) -> None:
    values = np.random.default_rng(0).standard_normal(30)
    origins = np.array([season, 17, 30])
    forecast = seasonal_naive(values, origins, horizon, season)
    for row, origin in zip(forecast, origins, strict=True):
        for step in range(horizon):
            place = origin + step
            while place >= origin:
                place -= season
            assert row[step] == values[place]


def test_a_step_without_a_season_before_it_is_refused() -> None:
    with pytest.raises(UsageError, match="no whole season of 4 steps"):
        seasonal_naive(np.zeros(9), np.array([5, 3]), 2, 4)
    assert seasonal_naive(np.zeros(9), np.array([], dtype=np.int64), 2, 4).shape == (0, 2)
