"""What the report of a forecaster shows: errors step by step, and forecasts beside the truth."""

from __future__ import annotations

import math
from itertools import islice
from typing import Any

import torch

from elman.models.description import QUANTILES
from elman.pages.charts import Band, Reference, Series, line_chart
from elman.pages.document import Section
from elman.pages.tables import fold, table
from elman.pages.text import Html, element, fragment, number, percentage
from elman.training.shapes.forecaster.metrics import mase_by_step
from elman.training.shapes.forecaster.outputs import INTERVAL
from elman.training.shapes.forecaster.rivals import naive_forecasts
from elman.training.shapes.forecaster.task import Backtest, ForecasterTask

_SHOWN = 2
_MOST_PAST = 72


def report(task: ForecasterTask) -> dict[str, Any]:
    """The fields of `ReportContent` that are this shape's own."""
    test = task.backtest("test")
    return {
        "data": {
            "Series": f"{len(task.series):,}, in steps of {task.clock.words()}",
            "Forecast": f"{task.config.horizon} steps, from the {task.config.look_back} before",
        },
        "loss_unit": "scaled values",
        "sections": [
            Section("backtest", "Step by step", _by_step(task, test)),
            Section("forecasts", "Forecasts beside the truth", _examples(task, test)),
        ],
    }


def _by_step(task: ForecasterTask, test: Backtest) -> Html:
    """A line of errors for the model and each baseline, and the numbers."""
    steps = range(1, task.config.horizon + 1)
    told = {"this model": test.middle, **naive_forecasts(task)}
    errors = {
        name: mase_by_step(forecast, test.truth, test.series, task.yardsticks)
        for name, forecast in told.items()
    }
    chart = line_chart(
        "MASE on the test part, lower is better",
        [Series(name, list(zip(steps, line, strict=True))) for name, line in errors.items()],
        x_label="steps ahead",
        references=[Reference("one step, naive, training part", 1.0)],
    )
    rows = [
        [str(step), *(number(line[place]) for line in errors.values())]
        for place, step in enumerate(steps)
    ]
    numbers = table(
        "MASE of each step", ["Steps ahead", *errors], rows, numeric=range(len(errors) + 1)
    )
    return fragment(
        element(
            "p",
            f"A rolling-origin backtest: {len(test.origins):,} forecasts, one from each step of"
            " the test part that has the whole horizon after it. Errors are divided by the mean"
            " distance of neighbouring values in the training part (MASE).",
            class_="note",
        ),
        chart,
        fold("Every step in numbers", numbers),
    )


def _examples(task: ForecasterTask, test: Backtest) -> Html:
    """The forecasts with the smallest and the largest errors, and how often the band was right."""
    error = (test.middle - test.truth).abs() / task.yardsticks.naive[test.series, None]
    best, worst = _apart(task, test, error.nanmean(1))
    parts = []
    for heading, chosen in (("Nearest to the truth", best), ("Farthest from it", worst)):
        if chosen:
            charts = [_fan(task, test, one) for one in chosen]
            parts += [element("h3", heading), element("div", *charts, class_="pair plots")]
    return fragment(*_inside(task, test), *parts)


def _inside(task: ForecasterTask, test: Backtest) -> list[Html]:
    if task.config.forecast == "point":
        return []
    there = ~torch.isnan(test.truth)
    inside = (test.bands[..., 0] <= test.truth) & (test.truth <= test.bands[..., -1])
    share = float(inside[there].double().mean())
    return [
        element(
            "p",
            f"The {INTERVAL:.0%} bands hold {percentage(share)} of the values of the test part.",
            class_="note",
        )
    ]


def _apart(
    task: ForecasterTask, test: Backtest, error: torch.Tensor
) -> tuple[list[int], list[int]]:
    """The windows of the smallest and of the largest errors, of which no two share a step."""
    rising = [one for one in torch.argsort(error).tolist() if not math.isnan(float(error[one]))]
    best: list[int] = []
    worst: list[int] = []

    def clear(one: int) -> bool:
        return all(
            test.series[one] != test.series[other]
            or abs(int(test.origins[one] - test.origins[other])) >= task.config.horizon
            for other in best + worst
        )

    for _ in range(_SHOWN):
        for chosen, order in ((best, rising), (worst, rising[::-1])):
            chosen += islice(filter(clear, order), 1)
    return best, worst


def _fan(task: ForecasterTask, test: Backtest, window: int) -> Html:
    """The past, the truth, and the forecast in its bands."""
    series = task.series[int(test.series[window])]
    origin, horizon = int(test.origins[window]), task.config.horizon
    past = min(task.config.look_back, max(_MOST_PAST, horizon))
    truth = [(float(step), float(series.values[origin + step])) for step in range(-past, horizon)]
    bands = test.bands[window].tolist()
    middle = [(float(step), levels[len(levels) // 2]) for step, levels in enumerate(bands)]
    shades = []
    if task.config.forecast != "point":
        pairs = ((0, -1), (1, -2))
        shades = [
            Band(
                f"{QUANTILES[high] - QUANTILES[low]:.0%}",
                [(float(step), levels[low], levels[high]) for step, levels in enumerate(bands)],
            )
            for low, high in pairs
        ]
    return line_chart(
        f"{series.name}, from {task.clock.write(int(series.stamps[origin]))} on",
        [Series("forecast", middle), Series("truth", truth)],
        x_label="steps from the first one forecast",
        bands=shades,
        marked=(0.0, "forecast"),
    )
