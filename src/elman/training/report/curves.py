"""The curves of a report: how the run learned, and how it was optimised."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from elman.pages.charts import Reference, Series, line_chart
from elman.pages.tables import fold, table
from elman.pages.text import Html, element, fragment, number, percentage
from elman.training.report.content import ReportContent
from elman.training.report.result import (
    SHARES,
    best_baseline,
    capitalised,
    metric_name,
    metric_value,
)

WIDE = 20.0
MOST_ROWS = 40

Line = Mapping[str, object]


def _measured(line: Line, key: str) -> float:
    """The line's number under a key; NaN where there is none."""
    value = line.get(key)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    return math.nan


def _validation(line: Line) -> Line:
    values = line.get("validation")
    return values if isinstance(values, Mapping) else {}


def _series(lines: Sequence[Line], name: str, key: str) -> Series:
    return Series(name, [(_measured(line, "step"), _measured(line, key)) for line in lines])


def _values(*series: Series) -> list[float]:
    return [y for line in series for _, y in line.points if math.isfinite(y)]


def _spreads(values: Sequence[float]) -> bool:
    """Whether the values are so far apart that a linear scale would hide most of them."""
    return bool(values) and min(values) > 0 and max(values) / min(values) > WIDE


def curves_section(content: ReportContent) -> Html:
    """Loss and metric, then gradient norm, clipped steps and learning rate, then all as a table."""
    lines = [line for line in content.metric_lines if math.isfinite(_measured(line, "step"))]
    if not lines:
        return fragment()
    learning = [_loss(content, lines), *_metric(content, lines)]
    optimisation, remark = _optimisation(lines)
    return fragment(
        element("div", *learning, class_="pair plots"),
        *([element("h3", "Optimisation")] if optimisation or remark else []),
        *([element("div", *optimisation, class_="triple plots")] if optimisation else []),
        *([element("p", remark, class_="note")] if remark else []),
        fold("Every evaluation in numbers", _evaluations(content, lines)),
    )


def _marked(content: ReportContent, lines: Sequence[Line]) -> tuple[float, str] | None:
    """The kept generation's place; one evaluation needs no mark."""
    steps = {_measured(line, "step") for line in lines}
    return (content.best_step, "kept") if content.best_step in steps and len(steps) > 1 else None


def _loss(content: ReportContent, lines: Sequence[Line]) -> Html:
    series = [
        line
        for line in (
            _series(lines, "validation", "validation_loss"),
            _series(lines, "training", "train_loss"),
        )
        if _values(line)
    ]
    logarithmic = _spreads(_values(*series))
    return line_chart(
        f"Loss ({content.loss_unit})",
        series,
        marked=_marked(content, lines),
        logarithmic=logarithmic,
    )


def _metric(content: ReportContent, lines: Sequence[Line]) -> list[Html]:
    """The headline metric on the validation part, with the best baseline as a level."""
    known = {name for line in lines for name in _validation(line)}
    metric = next((name for name in [*content.test, *sorted(known)] if name in known), None)
    if metric is None:
        return []
    factor, unit = (100, " (%)") if metric.endswith(SHARES) else (1, "")
    points = [
        (_measured(each, "step"), _measured(_validation(each), metric) * factor) for each in lines
    ]
    rival = best_baseline(content, metric) if metric in content.test else None
    references = [Reference(f"{rival[0]} (test part)", rival[1] * factor)] if rival else []
    series = Series("this model (validation part)", points)
    reach = [*_values(series), *(each.value for each in references)]
    return [
        line_chart(
            capitalised(metric_name(metric)) + unit,
            [series],
            references=references,
            marked=_marked(content, lines),
            logarithmic=_spreads(reach),
        )
    ]


def _optimisation(lines: Sequence[Line]) -> tuple[list[Html], str]:
    """Charts of the optimiser's numbers, and a sentence in place of an empty chart."""
    charts, remark = [], ""
    norm = _series(lines, "gradient norm", "gradient_norm")
    if values := _values(norm):
        charts.append(
            line_chart(
                "Gradient norm before clipping", [norm], logarithmic=_spreads(values), small=True
            )
        )
    clipped = _series(lines, "clipped steps", "clipped_share")
    share = [(x, y * 100) for x, y in clipped.points]
    if any(_values(clipped)):
        charts.append(line_chart("Clipped steps (%)", [Series("share", share)], small=True))
    elif _values(clipped):
        remark = "No step's gradient was clipped."
    rate = _series(lines, "learning rate", "learning_rate")
    if _values(rate):
        charts.append(line_chart("Learning rate", [rate], small=True))
    return charts, remark


def _evaluations(content: ReportContent, lines: Sequence[Line]) -> Html:
    """The curves as a table: all lines, or evenly spaced ones with the kept one and the last."""
    stride = -(-len(lines) // MOST_ROWS)
    chosen = [
        line
        for index, line in enumerate(lines)
        if index % stride == 0
        or index == len(lines) - 1
        or _measured(line, "step") == content.best_step
    ]
    metrics = sorted({name for line in lines for name in _validation(line)})
    rows = [
        [
            number(_measured(line, "step")),
            number(_measured(line, "train_loss")),
            number(_measured(line, "validation_loss")),
            *(metric_value(name, _measured(_validation(line), name)) for name in metrics),
            number(_measured(line, "gradient_norm"), 3),
            percentage(_measured(line, "clipped_share")),
            number(_measured(line, "learning_rate"), 3),
            number(_measured(line, "tokens_per_second"), 3),
        ]
        for line in chosen
    ]
    columns = [
        "Step",
        "Training loss",
        "Validation loss",
        *(f"Validation {metric_name(name)}" for name in metrics),
        "Gradient norm",
        "Clipped steps",
        "Learning rate",
        "Tokens a second",
    ]
    left_out = len(lines) - len(chosen)
    caption = "Evaluations" + (f" ({number(left_out)} between them left out)" if left_out else "")
    return table(caption, columns, rows, numeric=range(len(columns)))
