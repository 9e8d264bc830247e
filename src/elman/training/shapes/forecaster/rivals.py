"""The baselines of a forecaster, from the same origins as the model."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from elman.baselines.naive import seasonal_naive
from elman.data.windows import filled
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
    windows = task.parts["test"]
    forecast = np.empty((len(windows), windows.horizon))
    for number, series in enumerate(task.series):
        own = (windows.series == number).numpy()
        origins = windows.origins.numpy()[own]
        forecast[own] = seasonal_naive(filled(series.values), origins, windows.horizon, season)
    return torch.from_numpy(forecast)
