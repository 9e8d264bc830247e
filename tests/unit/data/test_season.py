"""The period after which series repeat."""

from __future__ import annotations

import math

import numpy as np
import pytest

from elman.data.series.season import find_season
from tests.series_samples import wave


@pytest.mark.parametrize("period", [2, 4, 7, 12, 24])
def test_the_period_of_a_rising_wave_is_found(period: int) -> None:
    assert find_season([np.array(wave(120, period, phase=0.5))], 60) == period


def test_gaps_and_noise_hide_no_period() -> None:
    values = np.array(wave(200, 12)) + np.random.default_rng(0).standard_normal(200) / 2
    values[[3, 50, 51, 120]] = math.nan
    assert find_season([values, np.array(wave(150, 12))], 60) == 12


def test_a_short_series_does_not_hide_the_period_of_the_long_ones() -> None:
    assert find_season([np.array(wave(120, 12)), np.array([1.0, 5.0, 2.0])], 60) == 12


def test_where_nothing_repeats_the_season_is_one() -> None:
    draw = np.random.default_rng(0)
    assert find_season([draw.standard_normal(200)], 60) == 1
    assert find_season([draw.standard_normal(200).cumsum()], 60) == 1
    assert find_season([np.arange(50.0)], 20) == 1
    assert find_season([np.array(wave(120, 24))], 10) == 1
    assert find_season([np.array([1.0, 2.0])], 10) == 1
