"""Windows over series: what a forecast looks back on, and what came after.

A window belongs to the part in which all of its steps to come lie; it may look back into the parts
before. So no part shows a model anything of a later one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elman.data.examples import Series
from elman.data.series.scaling import SeriesScaling


@dataclass(frozen=True)
class WindowBatch:
    """Some windows, in scaled units.

    Attributes:
        past: [B, L] the values looked back on; a gap holds the value before it.
        known: [B, L + H, K] the covariates of these steps and of those to come.
        series: [B] numbers of the series.
        future: [B, H] the values to come, NaN where there is none.
    """

    past: Tensor
    known: Tensor
    series: Tensor
    future: Tensor


@dataclass(frozen=True)
class Windows:
    """All windows of a part.

    Attributes:
        filled: [N] the values of all series end to end, scaled, gaps filled from before.
        values: [N] the same with NaN in the gaps.
        known: [N, K] covariates, scaled.
        places: [W] where the first step to come of each window is.
        series: [W] the number of its series.
        origins: [W] the same place, counted from the beginning of the series.
        look_back: L.
        horizon: H.
    """

    filled: Tensor
    values: Tensor
    known: Tensor
    places: Tensor
    series: Tensor
    origins: Tensor
    look_back: int
    horizon: int

    def __len__(self) -> int:
        return len(self.places)

    def take(self, chosen: Sequence[int] | Tensor) -> WindowBatch:
        """The windows of these numbers."""
        numbers = torch.as_tensor(chosen, dtype=torch.int64)
        places = self.places[numbers, None]
        past = places + torch.arange(-self.look_back, 0)
        future = places + torch.arange(self.horizon)
        known = self.known[torch.cat([past, future], 1)]
        return WindowBatch(self.filled[past], known, self.series[numbers], self.values[future])


def windows_of(
    series: Sequence[Series],
    ranges: Sequence[tuple[int, int]],
    scaling: SeriesScaling,
    look_back: int,
    horizon: int,
    *,
    gaps: bool = False,
) -> Windows:
    """The windows whose steps to come lie between the two ends of each series' range.

    A window has all its steps to look back on, and at least one value to come.

    Args:
        series: whole.
        ranges: for each series the first step to forecast, and the one after the last.
        scaling: of these series, in their order.
        look_back: L steps.
        horizon: H steps.
        gaps: whether windows of which nothing to come was measured are wanted too.
    """
    starts = np.cumsum([0, *(len(one) for one in series)])
    places, numbers, origins = [], [], []
    for number, (one, (first, end)) in enumerate(zip(series, ranges, strict=True)):
        own = np.arange(max(first, look_back), end - horizon + 1)
        if not gaps:
            measured = np.concatenate([[0], np.cumsum(~np.isnan(one.values))])
            own = own[measured[own + horizon] > measured[own]]
        origins.append(own)
        places.append(own + starts[number])
        numbers.append(np.full(len(own), number))
    numbered = list(enumerate(series))
    return Windows(
        torch.cat([scaling.scaled(filled(one.values), number) for number, one in numbered]).float(),
        torch.cat([scaling.scaled(one.values, number) for number, one in numbered]).float(),
        torch.cat([scaling.scaled_known(one.known[: len(one)]) for one in series]).float(),
        torch.from_numpy(np.concatenate(places)),
        torch.from_numpy(np.concatenate(numbers)),
        torch.from_numpy(np.concatenate(origins)),
        look_back,
        horizon,
    )


def with_future(series: Series, clock_stamps: Sequence[int], horizon: int) -> Series:
    """The series with so many steps without a value after its end, to forecast them.

    Args:
        series: with covariates known for as many steps, or without covariates.
        clock_stamps: [horizon] stamps of the steps to come.
        horizon: H.
    """
    known = series.known if series.known.shape[1] else np.empty((len(series) + horizon, 0))
    return replace(
        series,
        stamps=np.concatenate([series.stamps, np.asarray(clock_stamps, dtype=np.int64)]),
        values=np.concatenate([series.values, np.full(horizon, np.nan)]),
        known=known,
        rows=np.concatenate([series.rows, np.zeros(horizon, dtype=np.int64)]),
    )


def joined(stretches: Sequence[Series]) -> Series:
    """Stretches of one series that follow each other, as one."""
    last = stretches[-1]
    return replace(
        last,
        stamps=np.concatenate([one.stamps for one in stretches]),
        values=np.concatenate([one.values for one in stretches]),
        known=np.concatenate([*(one.known[: len(one)] for one in stretches[:-1]), last.known]),
        rows=np.concatenate([one.rows for one in stretches]),
    )


def filled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The values, each gap filled with the one before it; the first is no gap."""
    there = np.where(np.isnan(values), 0, np.arange(len(values)))
    return values[np.maximum.accumulate(there)]
