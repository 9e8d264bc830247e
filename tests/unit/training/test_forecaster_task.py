"""The forecasting task: batches, losses and the backtest against one window after the other."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from elman.cells.spec import CellSpec
from elman.data.splits import PARTS
from elman.errors import DataError
from elman.training.config import TrainingConfig
from elman.training.report.content import ReportContent
from elman.training.report.page import render_report
from elman.training.shapes.forecaster.config import choose
from elman.training.shapes.forecaster.outputs import losses
from elman.training.shapes.forecaster.report import _apart, report
from elman.training.shapes.forecaster.rivals import rivals
from elman.training.shapes.forecaster.task import ForecasterTask, describe
from elman.training.task import METRICS
from tests.markup import parsed, words
from tests.series_samples import forecaster_config, forecaster_task, waves
from tests.tolerances import BATCH_MATES

every_output = pytest.mark.parametrize("forecast", ["point", "quantiles", "gaussian"])


def nothing() -> None:
    return None


@every_output
def test_the_loss_of_a_batch_is_that_of_its_windows(forecast: Any) -> None:
    task = forecaster_task(forecast=forecast)
    windows = task.parts["train"]
    total = count = 0.0
    for one in range(len(windows)):
        batch = windows.take([one])
        told = task.model(batch.past, batch.known, batch.series + 1)
        total += float(losses(told, batch.future, forecast).sum().detach())
        count += int((~torch.isnan(batch.future)).sum())
    outcomes = [task.loss(2, batch, ()) for batch in range(task.batches(2))]
    assert sum(one.count for one in outcomes) == count
    summed = sum(float(one.mean.detach()) * one.count for one in outcomes)
    assert summed == pytest.approx(total, rel=BATCH_MATES)
    assert all(one.carried == () for one in outcomes)
    assert outcomes[0].steps == 16 * (12 + 6)


def test_a_batch_is_a_pure_function_of_epoch_and_number() -> None:
    task = forecaster_task()
    first = [task.places(0, batch) for batch in range(task.batches(0))]
    assert [task.places(0, batch) for batch in (4, 3, 2, 1, 0)] == first[4::-1]
    assert task.places(1, 0) != first[0]
    assert "waves.csv, forecasts of 'a' from row" in " ".join(first)


def test_the_backtest_forecasts_from_every_step_of_the_part() -> None:
    task = forecaster_task()
    task.model.eval()
    test = task.backtest("test")
    assert sorted(set(test.origins.tolist())) == list(range(80, 95))
    for row, origin in enumerate(test.origins.tolist()):
        values = task.series[int(test.series[row])].values[origin : origin + 6]
        np.testing.assert_allclose(test.truth[row].numpy(), values, rtol=1e-6)  # float32 between
    assert math.isnan(float(test.truth[test.series == 1][0].nan_to_num(-9).min())) is False


def test_metrics_are_those_of_the_median_in_the_units_of_the_file() -> None:
    task = forecaster_task()
    task.model.eval()
    windows = task.parts["validation"].take([3])
    forecast = task.model(windows.past, windows.known, windows.series + 1)
    told = forecast.median(2).values
    scale, mean = float(task.scaling.deviation[0]), float(task.scaling.mean[0])
    own = (told[0].detach().double() * scale + mean).numpy()
    np.testing.assert_allclose(task.backtest("validation").middle[3].numpy(), own, rtol=1e-5)
    measured = task.evaluate("validation", nothing)
    assert set(measured) == {"mase", "loss"}


@every_output
def test_every_metric_of_the_test_part_has_a_direction(forecast: Any) -> None:
    task = forecaster_task(forecast=forecast)
    task.model.eval()
    measured = task.evaluate("test", nothing)
    assert set(measured) <= {metric.name for metric in METRICS}
    assert ("coverage" in measured) == (forecast != "point")
    assert all(math.isfinite(value) for value in measured.values())


def test_the_validation_part_does_not_change_with_the_test_part() -> None:
    data, changed = waves(), waves()
    for one in changed.test:
        one.values[:] = 1e6
    first, second = forecaster_task(data), forecaster_task(changed)
    for task in (first, second):
        task.model.eval()
    for part in ("train", "validation"):
        assert first.evaluate(part, nothing) == second.evaluate(part, nothing)
    assert first.evaluate("test", nothing) != second.evaluate("test", nothing)


def test_the_rivals_forecast_from_the_same_origins() -> None:
    task = forecaster_task()
    told = rivals(task)
    assert list(told) == ["naive (last value)", "seasonal naive (6)"]
    # The waves rise by 0.05 a step and repeat after 6: seasonal naive is wrong by 0.3.
    assert told["seasonal naive (6)"]["mean_absolute_error"] == pytest.approx(0.3, abs=0.05)
    assert list(rivals(forecaster_task(season=1))) == ["naive (last value)"]


def test_a_series_without_a_whole_season_repeats_its_last_value() -> None:
    told = rivals(forecaster_task(season=90))
    naive, seasonal = told["naive (last value)"], told["seasonal naive (90)"]
    assert naive != seasonal  # the origins from 90 on have one
    only = rivals(forecaster_task(season=99))
    assert only["seasonal naive (99)"] == only["naive (last value)"]


@pytest.mark.parametrize(
    ("changes", "parts", "what"),
    [
        ({"horizon": 30}, "60/20/20", "The validation part is too short"),
        ({"look_back": 60}, "60/20/20", "The train part is too short"),
    ],
)
def test_a_part_without_a_window_is_refused(changes: dict[str, Any], parts: str, what: str) -> None:
    with pytest.raises(DataError, match=what) as caught:
        forecaster_task(waves(parts), **changes)
    assert "--horizon" in caught.value.next_step
    assert "waves.csv" in caught.value.where


def test_what_is_left_open_is_chosen_from_the_data() -> None:
    asked = TrainingConfig.checked({"data": "waves.csv"})
    chosen, reasons = choose(asked, waves())
    assert (chosen["season"], chosen["horizon"], chosen["look_back"]) == (6, 6, 12)
    assert chosen["segment"] == 1
    assert "6 steps" in reasons["season"]
    many, _ = choose(TrainingConfig.checked({"data": "w", "look_back": 24}), waves(length=5000))
    assert (many["segment"], many["hidden_size"]) == (6, 256)
    asked = TrainingConfig.checked({"data": "w", "season": 4, "transform": "none"})
    assert choose(asked, waves())[1] == {"season": "4 steps, as asked for"}


def test_every_option_of_the_model_reaches_its_description() -> None:
    config = forecaster_config(
        cell="gru", reset_after=False, hidden_size=5, num_layers=2, dropout=0.1, segment=3,
        forecast="gaussian", decoding="recursive", normalise="none", highway=False,
    )  # fmt: skip
    assert describe(config, 2, 7).model_dump() == {
        "cell": vars(CellSpec("gru", reset_after=False)), "hidden_size": 5, "num_layers": 2,
        "dropout": 0.1, "shape": "forecaster", "look_back": 12, "horizon": 6, "segment": 3,
        "known": 2, "series": 7, "output": "gaussian", "decoding": "recursive",
        "normalise": "none", "highway": False,
    }  # fmt: skip


@every_output
def test_the_report_shows_errors_by_step_and_forecasts_beside_the_truth(forecast: Any) -> None:
    task: ForecasterTask = forecaster_task(forecast=forecast)
    task.model.eval()
    page = render_report(ReportContent("waves", "waves", "elman", "0", "now", **report(task)))
    text = words(parsed(page.partition("\n")[2]))
    assert "A rolling-origin backtest: 30 forecasts" in text
    assert "MASE of each step" in text
    assert "Nearest to the truth" in text
    assert "Farthest from it" in text
    assert ("bands hold" in text) == (forecast != "point")
    assert len(PARTS) == 3


def test_the_examples_are_the_nearest_and_the_farthest_and_share_no_step() -> None:
    task = forecaster_task()
    task.model.eval()
    test = task.backtest("test")
    error = torch.arange(float(len(test.origins)))
    best, worst = _apart(task, test, error)
    assert (best[0], worst[0]) == (0, len(error) - 1)
    assert (len(best), len(worst)) == (2, 2)
    for one in best + worst:
        for other in set(best + worst) - {one}:
            near = abs(int(test.origins[one] - test.origins[other])) < 6
            assert test.series[one] != test.series[other] or not near
    assert max(best) < min(worst)
