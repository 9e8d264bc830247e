"""Losses, bands and errors of forecasts, against sums by hand."""

from __future__ import annotations

import math
from statistics import NormalDist

import pytest
import torch

from elman.models.description import QUANTILES
from elman.training.shapes.forecaster.metrics import (
    Yardsticks,
    coverage,
    forecast_metrics,
    mase_by_step,
)
from elman.training.shapes.forecaster.outputs import bands, losses
from tests.series_samples import series_of

NAN = math.nan


def test_the_loss_of_one_value_is_its_squared_error_and_gaps_cost_nothing() -> None:
    forecast = torch.tensor([[[1.0], [2.0], [4.0]]])
    truth = torch.tensor([[3.0, NAN, 3.5]])
    assert losses(forecast, truth, "point").tolist() == [[4.0, 0.0, 0.25]]


def test_the_pinball_loss_by_its_definition() -> None:
    forecast = torch.tensor([[[-1.0, 0.0, 0.5, 1.0, 2.0]]])
    for value in (-3.0, 0.25, 0.5, 5.0):
        total = 0.0
        for level, quantile in zip(QUANTILES, forecast[0, 0].tolist(), strict=True):
            apart = value - quantile
            total += level * apart if apart >= 0 else (level - 1) * apart
        (loss,) = losses(forecast, torch.tensor([[value]]), "quantiles")[0].tolist()
        assert loss == pytest.approx(2 * total / len(QUANTILES))


def test_the_loss_of_a_normal_distribution_is_its_surprise() -> None:
    forecast = torch.tensor([[[1.0, 0.5], [0.0, 2.0]]])
    got = losses(forecast, torch.tensor([[1.75, -1.0]]), "gaussian")[0].tolist()
    expected = [-math.log(NormalDist(1, 0.5).pdf(1.75)), -math.log(NormalDist(0, 2).pdf(-1))]
    assert got == pytest.approx(expected)


def test_gaps_leave_no_trace_in_gradients() -> None:
    for output, width in (("point", 1), ("quantiles", 5), ("gaussian", 2)):
        forecast = torch.ones(1, 2, width, requires_grad=True)
        losses(forecast, torch.tensor([[NAN, 0.5]]), output).sum().backward()  # type: ignore[arg-type]
        assert forecast.grad is not None
        assert torch.isfinite(forecast.grad).all()
        assert not forecast.grad[0, 0].any()


def test_bands_rise_and_are_the_quantiles() -> None:
    crossed = torch.tensor([[[3.0, 1.0, 2.0, 5.0, 4.0]]])
    assert bands(crossed, "quantiles").tolist() == [[[1, 2, 3, 4, 5]]]
    assert bands(torch.tensor([[[7.0]]]), "point").tolist() == [[[7.0] * 5]]
    told = bands(torch.tensor([[[10.0, 2.0]]]), "gaussian")[0, 0].tolist()
    assert told == pytest.approx([NormalDist(10, 2).inv_cdf(level) for level in QUANTILES])


def test_errors_by_hand() -> None:
    yardsticks = Yardsticks.of([series_of([0, 2, NAN, 3, 7]), series_of([5, 5, 5], "flat")])
    assert yardsticks.naive.tolist()[0] == (2 + 4) / 2
    assert math.isnan(yardsticks.naive.tolist()[1])
    assert yardsticks.deviation.tolist() == [pytest.approx(math.sqrt(26 / 4)), 1.0]
    forecast = torch.tensor([[1.0, 2.0], [6.0, 5.0]]).double()
    truth = torch.tensor([[4.0, NAN], [5.0, 3.0]]).double()
    series = torch.tensor([0, 1])
    measured = forecast_metrics(forecast, truth, series, yardsticks)
    assert measured["mase"] == 1.0  # of the flat series there is none
    assert measured["mase_first_step"] == 1.0
    assert measured["mean_absolute_error"] == (3 + 1 + 2) / 3
    assert measured["root_mean_squared_error"] == pytest.approx(math.sqrt((9 + 1 + 4) / 3))
    assert measured["scaled_mse"] == pytest.approx((9 / 6.5 + 1 + 4) / 3)
    assert measured["scaled_mae"] == pytest.approx((3 / math.sqrt(6.5) + 1 + 2) / 3)


def test_mase_of_each_step() -> None:
    yardsticks = Yardsticks.of([series_of([0, 2, 4])])
    forecast, truth = torch.tensor([[1.0, 1.0], [1.0, 5.0]]), torch.tensor([[2.0, 5.0], [4.0, 5.0]])
    numbers = torch.tensor([0, 0])
    assert mase_by_step(forecast, truth, numbers, yardsticks) == [1.0, 1.0]
    measured = forecast_metrics(forecast, truth, numbers, yardsticks)
    assert (measured["mase_first_step"], measured["mase_last_step"]) == (1.0, 1.0)


def test_coverage_counts_the_values_between_the_outer_levels() -> None:
    levels = torch.tensor(
        [[[0.0, 1, 2, 3, 4], [0, 1, 2, 3, 4]], [[0, 1, 2, 3, 4], [0, 1, 2, 3, 4]]]
    )
    assert coverage(levels, torch.tensor([[4.0, 5.0], [-1.0, NAN]])) == pytest.approx(1 / 3)
