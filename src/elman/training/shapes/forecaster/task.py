"""The forecasting task: windows over series, the loss of a forecast, and the backtest."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from elman.cells.spec import CellSpec
from elman.data.batches import permutation
from elman.data.series.scaling import SeriesScaling, require_transform
from elman.data.series.time_split import SeriesDataset
from elman.data.series.windows import Windows, joined, windows_of
from elman.data.splits import PARTS, Part
from elman.data.wording import command
from elman.errors import DataError
from elman.models.description import QUANTILES, ForecasterDescription
from elman.models.forecaster import Forecaster
from elman.training.bptt import Carried
from elman.training.shapes.forecaster.config import ForecasterConfig
from elman.training.shapes.forecaster.memory import remembered
from elman.training.shapes.forecaster.metrics import Yardsticks, coverage, forecast_metrics
from elman.training.shapes.forecaster.outputs import bands, losses
from elman.training.share import WHOLE, Share
from elman.training.task import BatchLoss, Check, Metric

_EVALUATION_BATCH = 512
_MIDDLE = len(QUANTILES) // 2


@dataclass(frozen=True)
class Backtest:
    """Forecasts from every origin of a part, in the units of the file.

    Attributes:
        bands: [W, H, 5] at the levels of `QUANTILES`.
        truth: [W, H], NaN where nothing was measured.
        series: [W] numbers of the series.
        origins: [W] the first step to come, counted from the beginning of its series.
        loss: mean, of scaled values.
    """

    bands: Tensor
    truth: Tensor
    series: Tensor
    origins: Tensor
    loss: float

    @property
    def middle(self) -> Tensor:
        """[W, H] the medians."""
        return self.bands[..., _MIDDLE]


class ForecasterTask:
    """Learns to say the next steps of series.

    Args:
        config: of the run.
        dataset: series cut in time.

    Raises:
        DataError: a part has no window, or a value does not have the transform.
    """

    metric = Metric("loss", higher_is_better=False)
    steps = "steps"

    def __init__(self, config: ForecasterConfig, dataset: SeriesDataset) -> None:
        self.config = config
        self.name = dataset.name
        self.clock = dataset.clock
        stretches = list(zip(dataset.train, dataset.validation, dataset.test, strict=True))
        self.series = [joined(one) for one in stretches]
        require_transform(self.series, config.transform, dataset.name)
        self.scaling = SeriesScaling.fit(dataset.train, config.transform)
        self.yardsticks = Yardsticks.of(dataset.train)
        self.parts: dict[Part, Windows] = {}
        starts = [0] * len(stretches)
        for number, part in enumerate(PARTS):
            ends = [start + len(one[number]) for start, one in zip(starts, stretches, strict=True)]
            ranges = list(zip(starts, ends, strict=True))
            self.parts[part] = windows_of(
                self.series, ranges, self.scaling, config.look_back, config.horizon
            )
            if not len(self.parts[part]):
                raise _no_window(part, max(end - start for start, end in ranges), config)
            starts = ends
        self.model = Forecaster(describe(config, len(dataset.known), len(self.series)))
        self._order: tuple[int, list[int]] = (-1, [])

    @property
    def summary(self) -> str:
        """The model in a few words."""
        config = self.config
        return (
            f"{config.num_layers} x {config.cell}, {config.hidden_size} units;"
            f" {config.horizon} steps ahead from {config.look_back}"
            + (f" in segments of {config.segment}" if config.segment > 1 else "")
        )

    def batches(self, epoch: int) -> int:
        """How many batches an epoch has."""
        return math.ceil(len(self.parts["train"]) / self.config.batch_size)

    def sequences(self, epoch: int, batch: int) -> int:
        """How many windows a batch has."""
        return len(self._windows(epoch, batch))

    def carried_shapes(self, epoch: int, batch: int) -> list[tuple[int, ...]]:
        """No state is carried from batch to batch."""
        return []

    def loss(self, epoch: int, batch: int, carried: Carried, share: Share = WHOLE) -> BatchLoss:
        """The mean loss of the steps to come, in scaled units."""
        windows = self.parts["train"].take(share.part(self._windows(epoch, batch)))
        forecast = self.model(windows.past, windows.known, windows.series + 1)
        count = int((~torch.isnan(windows.future)).sum())
        mean = losses(forecast, windows.future, self.config.forecast).sum() / count
        steps = len(windows.past) * (self.config.look_back + self.config.horizon)
        return BatchLoss(mean, count, steps)

    def evaluate(self, part: Part, check: Check) -> Mapping[str, float]:
        """MASE and loss; for the test part every other metric too."""
        test = self.backtest(part, check)
        measured = self.metrics(test.middle, part)
        if part != "test":
            return {"mase": measured["mase"], "loss": test.loss}
        if self.config.forecast != "point":
            measured["coverage"] = coverage(test.bands, test.truth)
        return measured | {"loss": test.loss}

    def metrics(self, forecast: Tensor, part: Part) -> dict[str, float]:
        """What forecasts [W, H] of one value each are worth on a part of the data."""
        windows = self.parts[part]
        return forecast_metrics(forecast, self.truth(part), windows.series, self.yardsticks)

    def truth(self, part: Part) -> Tensor:
        """[W, H] the values to come in the units of the file, NaN where there is none."""
        return true_values(self.parts[part], self.scaling)

    def backtest(self, part: Part, check: Check = lambda: None) -> Backtest:
        """Forecasts from every origin of a part (a rolling-origin backtest)."""
        numbers = range(1, len(self.series) + 1)
        return backtest(self.model, self.parts[part], self.scaling, numbers, check)

    def places(self, epoch: int, batch: int) -> str:
        """The rows of a batch in the user's file."""
        windows = self.parts["train"]
        chosen = self._windows(epoch, batch)
        told = [
            f"{self.series[series].name!r} from row {self.series[series].rows[origin]}"
            for series, origin in zip(
                windows.series[chosen].tolist(), windows.origins[chosen].tolist(), strict=True
            )
        ]
        return f"{self.name}, forecasts of {', '.join(told[:8])}" + (", …" * (len(told) > 8))

    def _windows(self, epoch: int, batch: int) -> list[int]:
        if self._order[0] != epoch:
            order = permutation(len(self.parts["train"]), self.config.seed, epoch)
            self._order = (epoch, order)
        size = self.config.batch_size
        return self._order[1][batch * size : (batch + 1) * size]


@torch.no_grad()
def backtest(
    model: Forecaster,
    windows: Windows,
    scaling: SeriesScaling,
    numbers: Sequence[int],
    check: Check = lambda: None,
) -> Backtest:
    """Forecasts of all windows.

    Args:
        model: in evaluation mode.
        windows: over S series.
        scaling: of these series.
        numbers: [S] by which the model knows the series, 0 for what it has never seen.
        check: called between batches.
    """
    output, known_as = model.description.output, torch.tensor(list(numbers))
    forecasts, total, count = [], 0.0, 0
    for start in range(0, len(windows), _EVALUATION_BATCH):
        check()
        some = windows.take(range(start, min(start + _EVALUATION_BATCH, len(windows))))
        forecast = model(some.past, some.known, known_as[some.series])
        total += float(losses(forecast, some.future, output).double().sum())
        count += int((~torch.isnan(some.future)).sum())
        forecasts.append(bands(forecast, output))
    levels = torch.cat(forecasts) if forecasts else torch.empty(0, windows.horizon, len(QUANTILES))
    return Backtest(
        scaling.restored(levels, windows.series),
        true_values(windows, scaling),
        windows.series,
        windows.origins,
        total / max(count, 1),
    )


def true_values(windows: Windows, scaling: SeriesScaling) -> Tensor:
    """[W, H] the values to come in the units of the file, NaN where there is none."""
    every = windows.take(range(len(windows)))
    return scaling.restored(every.future, every.series)


def describe(config: ForecasterConfig, known: int, series: int) -> ForecasterDescription:
    """The model that a configuration asks for."""
    return ForecasterDescription(
        cell=CellSpec(config.cell, config.nonlinearity, config.reset_after),
        hidden_size=config.hidden_size,
        num_layers=config.num_layers,
        dropout=config.dropout,
        look_back=config.look_back,
        horizon=config.horizon,
        segment=config.segment,
        known=known,
        series=series,
        output=config.forecast,
        decoding=config.decoding,
        normalise=config.normalise,
        highway=config.highway,
    )


def make_task(
    config: ForecasterConfig, dataset: SeriesDataset
) -> tuple[ForecasterTask, dict[str, Any]]:
    """The task, and what vocabulary.json holds."""
    task = ForecasterTask(config, dataset)
    return task, remembered(task.series, task.scaling, task.yardsticks, dataset, config.look_back)


def _no_window(part: Part, steps: int, config: ForecasterConfig) -> DataError:
    first = part == "train"
    needed = config.horizon + (config.look_back if first else 0)
    return DataError(
        f"The {part} part is too short for a forecast: its longest series has {steps} steps.",
        where=config.data,
        expected=f"at least {needed} steps: {config.horizon} to forecast"
        + (f", after {config.look_back} to look back on" if first else ""),
        next_step=command(config.data, "--horizon", str(max(1, min(config.horizon, steps) // 2)))
        + (f" --look-back {max(1, steps // 2)}" if first else ""),
    )
