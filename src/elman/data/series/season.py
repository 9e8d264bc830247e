"""The period after which series repeat, found in their own values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

_LEAST_PEAK: Final = 0.3
_NEARLY: Final = 0.9
_ROUNDING: Final = 1e-20  # what is left of a straight line, as a share of its power


def find_season(series: Sequence[Numbers], longest: int) -> int:
    """The period after which series repeat most; 1 where none does.

    The autocorrelation of each series without its straight line, averaged over the series; of its
    peaks the highest from 0.3 on, or an earlier one that is nearly as high, because the double of
    a period is one too.

    Args:
        series: [T] each, NaN in gaps.
        longest: period to look for.

    Example:
        >>> find_season([np.sin(np.arange(60) * 2 * np.pi / 7)], 20)
        7
    """
    most = max(map(len, series))
    series = [values for values in series if 2 * len(values) >= most]  # others tell little of it
    longest = min(longest, *(len(values) // 3 for values in series))
    if longest < 2:
        return 1
    together = np.mean([_autocorrelation(values, longest + 1) for values in series], axis=0)
    inner = together[1:-1]
    peaks = np.flatnonzero((inner > together[:-2]) & (inner >= together[2:])) + 1
    peaks = peaks[(peaks >= 2) & (together[peaks] >= _LEAST_PEAK)]
    if not len(peaks):
        return 1
    high = peaks[together[peaks] >= _NEARLY * together[peaks].max()]
    return int(high[0])


def _autocorrelation(values: Numbers, lags: int) -> Numbers:
    """[lags + 1] of a series without its straight line, gaps counting as its mean."""
    time = np.arange(len(values))
    there = ~np.isnan(values)
    line = np.polyfit(time[there], values[there], 1) if there.sum() > 2 else np.zeros(2)
    rest = np.where(there, values - np.polyval(line, time), 0.0)
    power = float((rest**2).sum())
    if power <= _ROUNDING * float((values[there] ** 2).sum()):
        return np.zeros(lags + 1)
    return np.array(
        [(rest[lag:] * rest[: len(rest) - lag]).sum() / power for lag in range(lags + 1)]
    )
