"""The baselines of a forecaster, from the same origins as the model."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from elman.baselines.naive import seasonal_naive
from elman.data.series.windows import filled
from elman.training.shapes.contract import Rivals
from elman.training.shapes.forecaster.task import ForecasterTask


def rivals(task: ForecasterTask) -> Rivals:
    """The last value, and where there is a season the value one season before."""
    return {name: task.metrics(told, "test") for name, told in naive_forecasts(task).items()}


def naive_forecasts(task: ForecasterTask) -> dict[str, Tensor]:
    """[W, H] what each baseline says from every origin of the test part, by its name."""
    season = task.config.season
    told = {"naive (last value)": _repeated(task, 1)}
    return told | ({f"seasonal naive ({season})": _repeated(task, season)} if season > 1 else {})


def _repeated(task: ForecasterTask, season: int) -> Tensor:
    """The last season of each series, or its last value where it has no whole season yet."""
    windows = task.parts["test"]
    forecast = np.empty((len(windows), windows.horizon))
    numbers, origins = windows.series.numpy(), windows.origins.numpy()
    for number, series in enumerate(task.series):
        for early, period in ((True, 1), (False, season)):
            own = (numbers == number) & ((origins < season) == early)
            values = filled(series.values)
            forecast[own] = seasonal_naive(values, origins[own], windows.horizon, period)
    return torch.from_numpy(forecast)
