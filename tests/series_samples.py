"""Small series for the tests of forecasting."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from elman.data.examples import Series
from elman.data.series.clock import Clock
from elman.data.series.dataset import series_dataset
from elman.data.series.table import SeriesTable
from elman.data.series.time_split import SeriesDataset
from elman.training.shapes.forecaster.config import ForecasterConfig
from elman.training.shapes.forecaster.task import ForecasterTask

COUNTER = Clock("numbers", 1, "numbers")


def series_of(
    values: Sequence[float], name: str = "y", start: int = 0, known: Sequence[Sequence[float]] = ()
) -> Series:
    """A series whose steps are numbered from `start`, and its rows from 2."""
    steps = np.arange(len(values))
    covariates = np.array(known, dtype=np.float64) if known else np.empty((len(values), 0))
    return Series(name, start + steps, np.array(values, dtype=np.float64), covariates, steps + 2)


def wave(length: int, period: int = 6, phase: float = 0.0) -> list[float]:
    """A rising wave."""
    return [
        5 + 0.05 * step + math.sin(2 * math.pi * (step + phase) / period) for step in range(length)
    ]


def waves(parts: str = "60/20/20", length: int = 100) -> SeriesDataset:
    """Two waves, the second of them with a gap in the training part and one in the test part."""
    other = wave(length, phase=2.0)
    other[10] = other[length - 8] = math.nan
    table = SeriesTable((series_of(wave(length), "a"), series_of(other, "b")), COUNTER, (), ())
    return series_dataset("waves.csv", table, "two waves", parts)


FORECASTER: dict[str, Any] = {
    "data": "waves.csv", "shape": "forecaster", "season": 6, "look_back": 12, "horizon": 6,
    "segment": 1, "forecast": "quantiles", "decoding": "direct", "normalise": "last",
    "highway": True, "transform": "none", "hidden_size": 4, "dropout": 0.0, "epochs": 3,
    "batch_size": 16, "learning_rate": 0.01, "weight_decay": 0.01,
}  # fmt: skip


def forecaster_config(**changes: Any) -> ForecasterConfig:
    return ForecasterConfig.checked(FORECASTER | changes)


def forecaster_task(
    data: SeriesDataset | None = None, init_seed: int = 0, **changes: Any
) -> ForecasterTask:
    torch.manual_seed(init_seed)
    task = ForecasterTask(forecaster_config(**changes), data or waves())
    with torch.no_grad():  # as if trained: nothing is 0 by its initialisation
        for weight in task.model.parameters():
            weight.add_(torch.randn_like(weight) / 4)
        task.model.series.weight[0] = 0
    return task
