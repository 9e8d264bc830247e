"""The result in a report: the headline, and the model beside its baselines."""

from __future__ import annotations

import math

from elman.pages.bars import Bar, bar_chart
from elman.pages.tables import table
from elman.pages.text import Html, element, fragment, number, percentage
from elman.training.report.content import ReportContent

SHORT_NAME = 20
MOST_BESIDE = 3
"""So many metrics fit beside the bars."""
MOST_COLUMNS = 6
"""So many fit into the page's width."""
_ABBREVIATIONS = {word: word.upper() for word in ("f1", "bleu", "mase", "mse", "mae")}
SHARES = ("accuracy", "f1", "precision", "recall", "coverage")


def metric_name(metric: str) -> str:
    """The metric's name in words."""
    return " ".join(_ABBREVIATIONS.get(word, word) for word in metric.split("_"))


def metric_value(metric: str, value: float) -> str:
    """The metric's value: shares as percentages, others with four digits."""
    if metric.endswith(SHARES) and 0 <= value <= 1:
        return percentage(value)
    return number(value)


def best_baseline(content: ReportContent, metric: str) -> tuple[str, float] | None:
    """Name and value of the strongest baseline by a metric; None where none was measured."""
    measured = [
        (name, values[metric])
        for name, values in content.baselines.items()
        if metric in values and not math.isnan(values[metric])
    ]
    if not measured:
        return None
    choose = max if content.higher_is_better[metric] else min
    return choose(measured, key=lambda pair: pair[1])


def headline(content: ReportContent) -> Html:
    """The sentence that stands first: the test metric, and how it compares, won or lost."""
    if not content.test:
        return _sentence("This run has not been measured on a test part yet.")
    metric, value = next(iter(content.test.items()))
    name = metric_name(metric)
    if math.isnan(value):
        return _sentence(f"The {name} on the test part could not be measured.")
    own = f"{capitalised(name)} {metric_value(metric, value)}"
    best = best_baseline(content, metric)
    if best is None:
        return _sentence(element("b", own), " on the test part. No baseline was measured.")
    rival, other = best
    verdict, behind = _comparison(content, metric, value, other)
    return _sentence(
        element("b", own, class_="behind" if behind else None),
        f" on the test part, {verdict} ",
        element("span", rival, class_="whole" if len(rival) <= SHORT_NAME else None),
        f" ({metric_value(metric, other)}), the best baseline.",
    )


def _sentence(*parts: str) -> Html:
    return element("p", *parts, class_="headline")


def capitalised(words: str) -> str:
    """The words with a capital at the start."""
    return words[:1].upper() + words[1:]


def _comparison(
    content: ReportContent, metric: str, value: float, other: float
) -> tuple[str, bool]:
    """How the model compares, in words that follow a comma, and whether it is behind."""
    if metric_value(metric, value) == metric_value(metric, other):
        return "no better and no worse than", False
    behind = (value > other) != content.higher_is_better[metric]
    verdict = "worse than" if behind else "better than"
    if metric.endswith(SHARES):
        return f"{abs(value - other) * 100:.1f} points {verdict}", behind
    if math.isfinite(value) and math.isfinite(other) and other:
        return f"{percentage(abs(value - other) / abs(other))} {verdict}", behind
    return verdict, behind


def result_section(content: ReportContent) -> Html:
    """The model beside its baselines: the headline metric as bars, all metrics as a table."""
    if not content.test:
        return fragment()
    metric, value = next(iter(content.test.items()))
    better = "higher" if content.higher_is_better[metric] else "lower"
    rivals = [(name, values[metric]) for name, values in content.baselines.items()
              if metric in values]  # fmt: skip
    rivals.sort(key=lambda pair: pair[1], reverse=content.higher_is_better[metric])
    bars = [Bar("This model", value, metric_value(metric, value), emphasised=True)]
    bars += [Bar(name, other, metric_value(metric, other)) for name, other in rivals]
    chart = bar_chart(f"{capitalised(metric_name(metric))} (test part, {better} is better)", bars)
    if len(content.test) == 1:
        return chart
    whole = _all_metrics(content)
    if len(content.test) > MOST_BESIDE:
        return fragment(chart, whole)
    return element("div", chart, whole, class_="pair")


def _all_metrics(content: ReportContent) -> Html:
    names = list(content.test)
    everyone = {"This model": content.test, **content.baselines}
    rows = [
        [who, *(metric_value(m, values[m]) if m in values else "" for m in names)]
        for who, values in everyone.items()
    ]
    headings = ["", *(capitalised(metric_name(name)) for name in names)]
    if len(names) > MOST_COLUMNS:  # metrics below each other, contenders side by side
        headings, *rows = [list(column) for column in zip(headings, *rows, strict=True)]
    return table("All metrics on the test part", headings, rows, numeric=range(1, len(headings)))
