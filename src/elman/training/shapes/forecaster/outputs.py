"""What the numbers of a forecast mean: the loss they are trained by, one value, and an interval."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from elman.models.description import QUANTILES, Forecast

INTERVAL = 0.8
"""The share of values that an interval should hold."""
_NORMAL_90 = 1.2815515655446004  # the 90 % quantile of the standard normal distribution


def losses(forecast: Tensor, truth: Tensor, output: Forecast) -> Tensor:
    """[B, H] of each step; 0 where the truth is NaN.

    Args:
        forecast: [B, H, P].
        truth: [B, H].
        output: what the P numbers are: one value (squared error), quantiles (pinball loss, twice
            its mean over the levels, so that it is near the absolute error), or mean and standard
            deviation of a normal distribution (negative log-likelihood).

    Source of the pinball loss: Koenker, Bassett (1978), "Regression quantiles", equation 3.1.
    """
    there = ~torch.isnan(truth)
    value = torch.where(there, truth, 0.0).unsqueeze(2)
    if output == "point":
        loss = (forecast - value).square()
    elif output == "quantiles":
        levels = torch.tensor(QUANTILES, dtype=forecast.dtype)
        above = value - forecast
        loss = 2 * torch.maximum(levels * above, (levels - 1) * above)
    else:
        mean, deviation = forecast.split(1, 2)
        score = (value - mean) / deviation
        loss = 0.5 * score.square() + deviation.log() + 0.5 * math.log(2 * math.pi)
    mean_loss: Tensor = loss.mean(2)
    return torch.where(there, mean_loss, 0.0)


def bands(forecast: Tensor, output: Forecast) -> Tensor:
    """[B, H, 5] the values at the levels of `QUANTILES`, rising.

    Where one value is forecast, it stands at all levels.
    """
    if output == "quantiles":
        return forecast.sort(2).values  # those of one step may have crossed
    if output == "point":
        return forecast.expand(-1, -1, len(QUANTILES))
    mean, deviation = forecast.split(1, 2)
    levels = torch.tensor(QUANTILES, dtype=torch.float64)
    scores = (math.sqrt(2) * torch.erfinv(2 * levels - 1)).to(forecast.dtype)
    spread: Tensor = mean + deviation * scores
    return spread
