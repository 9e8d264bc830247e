"""The rivals of a forecaster: the last value, and the value one season before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from elman.errors import UsageError

Numbers = NDArray[np.float64]


def seasonal_naive(
    values: Numbers, origins: NDArray[np.int64], horizon: int, season: int
) -> Numbers:
    """[W, H] for each step to come the value at the same place of the last whole season.

        ŷ(o + h) = y(o + h - k m), k the least for which that lies before o

    Season 1 gives the naive forecast: the last value for all steps to come.

    Args:
        values: [T] without gaps.
        origins: [W] the first step to come, each at least one season after the start.
        horizon: H, 1 or more.
        season: m, 1 or more.

    Raises:
        UsageError: an origin that has no season before it.

    Source: Hyndman, Athanasopoulos (2021), "Forecasting: principles and practice", section 5.2.

    Example:
        >>> seasonal_naive(np.array([1.0, 2.0, 3.0, 4.0]), np.array([3, 4]), 3, season=2)
        array([[2., 3., 2.],
               [3., 4., 3.]])
    """
    if len(origins) and int(origins.min()) < season:
        raise UsageError(
            f"The step {int(origins.min())} has no whole season of {season} steps before it.",
            expected=f"origins of {season} and more",
        )
    forecast: Numbers = values[origins[:, None] - season + np.arange(horizon) % season]
    return forecast
