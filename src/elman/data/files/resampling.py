"""Sound at another rate, by band-limited interpolation."""

from __future__ import annotations

import math

import numpy as np

from elman.data.files.wav import Samples

ZERO_CROSSINGS = 16
"""Of the windowed sinc on each side."""

PASSED = 0.95
"""The share of the band that is kept; the filter needs the rest to fall to nothing."""


def resample(samples: Samples, rate: int, new_rate: int) -> Samples:
    """The same sound with another number of samples a second.

        y_j = Σ_k x_k s h(s (j r - k)),   h(t) = c sinc(c t) cos²(π t / 2 Z) for |t| < Z,

    where r = rate / new_rate, s = min(1, 1 / r) lowers the cut-off where the new rate is lower,
    c = 0.95 and Z = 16. Before the first and after the last sample there is silence.

    Args:
        samples: [n].
        rate: of the samples, in Hz.
        new_rate: of the result, in Hz.

    Returns:
        [ceil(n · new_rate / rate)] samples.

    Source: Smith, Gossett (1984), "A flexible sampling-rate conversion method", ICASSP.

    Example:
        >>> resample(np.ones(4, dtype=np.float32), 8000, 16000).shape
        (8,)
    """
    if rate == new_rate:
        return samples
    common = math.gcd(rate, new_rate)
    up, down = new_rate // common, rate // common
    scale = min(1.0, up / down)
    reach = math.ceil(ZERO_CROSSINGS / scale)
    padded = np.pad(samples, reach)
    count = -(-len(samples) * up // down)
    result = np.empty(count, dtype=np.float32)
    taps = np.arange(-reach, reach + 1)
    for phase in range(min(up, count)):  # the outputs of one phase share their weights
        first, rest = divmod(phase * down, up)
        weights = scale * _windowed_sinc(scale * (rest / up - taps))
        places = first + down * np.arange(-(-(count - phase) // up))
        result[phase::up] = padded[places[:, None] + taps + reach] @ weights
    return result


def _windowed_sinc(t: np.ndarray) -> np.ndarray:
    inside = np.abs(t) < ZERO_CROSSINGS
    window = np.cos(np.pi * t / (2 * ZERO_CROSSINGS)) ** 2
    return np.where(inside, PASSED * np.sinc(PASSED * t) * window, 0.0)
