"""The settled configuration of a forecaster, and what it is where nothing was asked for."""

from __future__ import annotations

import math
from typing import Any, Literal

from elman.data.options import Transform
from elman.data.series.scaling import choose_transform
from elman.data.series.season import find_season
from elman.data.series.time_split import SeriesDataset
from elman.models.description import Forecast, ForecastDecoding, Normalise, WindowSteps
from elman.training.choices import Chosen, epochs_for
from elman.training.config import RecurrentConfig, TrainingConfig
from elman.training.options import Positive

_LONGEST_SEASON = 400
_HORIZON_WITHOUT_SEASON = 12
_MANY_WINDOWS = 5000
_MOST_EPOCHS = 30


class ForecasterConfig(RecurrentConfig):
    """Of a forecaster's run."""

    shape: Literal["forecaster"]
    season: Positive
    look_back: WindowSteps
    horizon: WindowSteps
    segment: WindowSteps
    forecast: Forecast
    decoding: ForecastDecoding
    normalise: Normalise
    highway: bool
    transform: Transform


def choose(config: TrainingConfig, dataset: SeriesDataset) -> Chosen:
    """What is left open, chosen from the data."""
    season, season_reason = _season(config, dataset)
    transform, transform_reason = choose_transform(
        [dataset.train, dataset.validation, dataset.test], season
    )
    steps = max(len(one) for one in dataset.train)
    held_out = min(max(map(len, part)) for part in (dataset.validation, dataset.test))
    usual = season if season > 1 else _HORIZON_WITHOUT_SEASON
    horizon = config.horizon or max(1, min(usual, held_out // 2, steps // 4))
    look_back = config.look_back or max(1, min(2 * usual, steps // 2 - horizon))
    windows = sum(max(0, len(one) - look_back - horizon + 1) for one in dataset.train)
    batch_size = config.batch_size or min(256, max(4, 2 ** int(math.log2(max(windows // 16, 1)))))
    many = windows > _MANY_WINDOWS
    choices: dict[str, Any] = {
        "season": season,
        "look_back": look_back,
        "horizon": horizon,
        "segment": season if many and look_back % season == 0 else 1,
        "forecast": "quantiles",
        "decoding": "direct",
        "normalise": "last",
        "highway": True,
        "transform": transform,
        "hidden_size": 256 if many else 64,
        "dropout": 0.5 if many else 0.4,
        "batch_size": batch_size,
        "epochs": min(_MOST_EPOCHS, epochs_for(math.ceil(max(windows, 1) / batch_size), least=12)),
        "learning_rate": (1e-3 if many else 5e-3) if config.optimizer == "adamw" else 0.1,
    }
    reasons = {"season": season_reason}
    if config.transform is None:
        reasons["transform"] = transform_reason
    return choices, reasons


def _season(config: TrainingConfig, dataset: SeriesDataset) -> tuple[int, str]:
    """The season in steps, and how it was found."""
    if config.season is not None:
        return config.season, f"{config.season} steps, as asked for"
    season = find_season([one.values for one in dataset.train], _LONGEST_SEASON)
    if season == 1:
        return 1, "none: the training part does not repeat itself"
    return season, f"{season} steps, after which the training part is most like itself"
