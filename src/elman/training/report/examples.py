"""The examples of a report: what is mistaken for what, rights and wrongs, and passages."""

from __future__ import annotations

import math
from collections.abc import Sequence

from elman.pages.heat import heat_map
from elman.pages.passages import surprise_key, surprise_passage
from elman.pages.tables import fold, table
from elman.pages.text import Html, element, fragment, number, percentage, shorten
from elman.training.report.content import ExampleRow, Passage, ReportContent

MOST_LABELS = 48
MOST_CONFUSIONS = 10
LONGEST_TEXT = 280
MOST_SURPRISES = 5

Counts = Sequence[Sequence[int]]


def confusion_section(content: ReportContent) -> Html:
    """The heat map, the most frequent confusions, and each label in numbers."""
    if content.confusion is None or not any(map(any, content.confusion[1])):
        return fragment()
    labels, counts = content.confusion
    shown = _most_confused(counts)
    title = "Truth and prediction on the test part"
    if len(shown) < len(labels):
        title += f": the {len(shown)} of {len(labels)} labels with the most errors"
    picture = heat_map(
        title,
        [labels[index] for index in shown],
        [[counts[truth][predicted] for predicted in shown] for truth in shown],
    )
    return fragment(
        picture, *_frequent(labels, counts), fold("Each label in numbers", _labels(labels, counts))
    )


def _most_confused(counts: Counts) -> list[int]:
    """Labels that fit a readable map, in their order; those with the most errors first chosen."""
    errors = [
        sum(row) + sum(other[index] for other in counts) - 2 * row[index]
        for index, row in enumerate(counts)
    ]
    ranked = sorted(range(len(counts)), key=lambda index: -errors[index])
    return sorted(ranked[:MOST_LABELS])


def _frequent(labels: Sequence[str], counts: Counts) -> list[Html]:
    pairs = [
        (count, truth, predicted)
        for truth, row in enumerate(counts)
        for predicted, count in enumerate(row)
        if truth != predicted and count
    ]
    pairs.sort(key=lambda pair: (-pair[0], pair[1], pair[2]))
    rows = [
        [labels[truth], labels[predicted], number(count), percentage(count / sum(counts[truth]))]
        for count, truth, predicted in pairs[:MOST_CONFUSIONS]
    ]
    if not rows:
        return [element("p", "Every example was told rightly.", class_="note")]
    columns = ["Truth", "Prediction", "Examples", "Of this truth"]
    return [table("Most frequent confusions", columns, rows, numeric=(2, 3))]


def _labels(labels: Sequence[str], counts: Counts) -> Html:
    rows = []
    for index, label in enumerate(labels):
        right, truths = counts[index][index], sum(counts[index])
        answers = sum(row[index] for row in counts)
        rows.append(
            [
                label,
                number(truths),
                percentage(right / truths) if truths else "–",
                percentage(right / answers) if answers else "–",
            ]
        )
    columns = ["Label", "Examples", "Recall", "Precision"]
    return table("Labels of the test part", columns, rows, numeric=(1, 2, 3))


def examples_section(content: ReportContent) -> Html:
    """Wrong answers first: they teach more."""
    wrong = _wrong(content.item, content.wrong) if content.wrong else None
    right = _right(content.item, content.right) if content.right else None
    return fragment(*(part for part in (wrong, right) if part))


def _wrong(item: str, rows: Sequence[ExampleRow]) -> Html:
    return table(
        "Told wrongly",
        [item, "Truth", "Prediction", "Confidence"],
        [
            [
                _shown(row.text),
                row.expected,
                row.predicted,
                percentage(row.confidence),
            ]
            for row in rows
        ],
        numeric=(3,),
    )


def _right(item: str, rows: Sequence[ExampleRow]) -> Html:
    return table(
        "Told rightly",
        [item, "Truth and prediction", "Confidence"],
        [[_shown(row.text), row.expected, percentage(row.confidence)] for row in rows],
        numeric=(2,),
    )


def _shown(example: str) -> str:
    """A text, or its beginning; a picture as it is."""
    return example if isinstance(example, Html) else shorten(example, LONGEST_TEXT)


def passages_section(content: ReportContent) -> Html:
    """Passages coloured by surprise, each with its numbers in words."""
    passages = [passage for passage in content.passages if passage.pieces]
    if not passages:
        return fragment()
    parts = [
        fragment(surprise_passage(passage.pieces), element("p", _spoken(passage), class_="note"))
        for passage in passages
    ]
    return fragment(surprise_key(), *parts)


def _spoken(passage: Passage) -> Html:
    known = [(piece.strip(), bits) for piece, bits in passage.pieces if math.isfinite(bits)]
    if not known:
        return fragment("No surprise was measured here.")
    mean = sum(bits for _, bits in known) / len(known)
    worst = sorted(known, key=lambda pair: -pair[1])[:MOST_SURPRISES]
    named = [
        fragment("“", element("bdi", piece or "line break"), f"” ({number(bits, 3)} bits)")
        for piece, bits in worst
    ]
    joined = [part for name in named for part in (", ", name)][1:]
    return fragment(f"{number(mean, 3)} bits a token on average. Most surprising: ", *joined, ".")
