"""How good forecasts are, in the units of the file and in units that series share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from elman.data.examples import Series


@dataclass(frozen=True)
class Yardsticks:
    """What errors are divided by, for each series, from its training part.

    Args:
        naive: [S] mean distance of neighbouring values: the error of the naive forecast of one
            step; NaN where no two neighbours were measured, or all are the same.
        deviation: [S] standard deviation of the values, 1 where they never change.
    """

    naive: Tensor
    deviation: Tensor

    @classmethod
    def of(cls, series: Sequence[Series]) -> Yardsticks:
        """Those of the training part."""
        apart = [np.abs(np.diff(one.values)) for one in series]
        known = [distances[~np.isnan(distances)] for distances in apart]
        naive = [float(one.mean()) if one.any() else float("nan") for one in known]
        deviation = [float(np.nanstd(one.values)) or 1.0 for one in series]
        return cls(torch.tensor(naive).double(), torch.tensor(deviation).double())


def forecast_metrics(
    forecast: Tensor, truth: Tensor, series: Tensor, yardsticks: Yardsticks
) -> dict[str, float]:
    """Errors over all windows and all steps that were measured.

    MASE divides an absolute error by that of the naive forecast of one step in the training part;
    the scaled errors are those of values with a mean of 0 and a deviation of 1 there.

    Args:
        forecast: [W, H] one value for each step.
        truth: [W, H], NaN where there is none.
        series: [W] numbers of the series.
        yardsticks: of the series.

    Source of MASE: Hyndman, Koehler (2006), "Another look at measures of forecast accuracy",
    section 3.
    """
    error = forecast - truth
    in_naive = error.abs() / yardsticks.naive[series, None]
    scaled = error / yardsticks.deviation[series, None]
    return {
        "mase": mean_of(in_naive),
        "mase_first_step": mean_of(in_naive[:, 0]),
        "mase_last_step": mean_of(in_naive[:, -1]),
        "mean_absolute_error": mean_of(error.abs()),
        "root_mean_squared_error": mean_of(error.square()) ** 0.5,
        "scaled_mse": mean_of(scaled.square()),
        "scaled_mae": mean_of(scaled.abs()),
    }


def mase_by_step(
    forecast: Tensor, truth: Tensor, series: Tensor, yardsticks: Yardsticks
) -> list[float]:
    """[H] MASE of each step to come, as `forecast_metrics` has it of the first and the last."""
    in_naive = (forecast - truth).abs() / yardsticks.naive[series, None]
    return [mean_of(in_naive[:, step]) for step in range(truth.shape[1])]


def coverage(bands: Tensor, truth: Tensor) -> float:
    """The share of values that lie between the first and the last of the levels.

    Args:
        bands: [W, H, P] values at rising levels.
        truth: [W, H], NaN where there is none.
    """
    inside = (bands[..., 0] <= truth) & (truth <= bands[..., -1])
    there = ~torch.isnan(truth)
    return float(inside[there].double().mean())


def mean_of(values: Tensor) -> float:
    """The mean of the values that are not NaN."""
    return float(values.nanmean())
