"""What the report of an aligned run shows: kinds of entities, tags mistaken, whole sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from elman.data.batches import permutation
from elman.data.texts.units import Unit
from elman.pages.document import Section
from elman.pages.tables import table
from elman.pages.tagged_text import Tagged, tag_key, tagged_text
from elman.pages.text import Html, element, fragment, number, percentage
from elman.training.shapes.aligned.scores import entity_counts
from elman.training.shapes.aligned.task import AlignedTask

_SHOWN = 8
_LONGEST = 60


def report(task: AlignedTask) -> dict[str, Any]:
    """The fields of `ReportContent` that are this shape's own."""
    said = task.answers("test")
    truth = [list(one.tags) for one in task.examples["test"]]
    tokens = [one.tokens for one in task.examples["test"]]
    sections = [
        Section("sentences", _title(task.config.unit), _sentences(task, tokens, truth, said))
    ]
    if task.config.scheme != "plain":
        sections.insert(0, Section("entities", "Entities", _entities(truth, said)))
    return {
        "data": {
            "Vocabulary": f"{len(task.reading.words):,} {task.steps}",
            "Tags": ", ".join(task.tags),
        },
        "confusion": _confusion(truth, said),
        "sections": sections,
    }


def _title(unit: Unit) -> str:
    return "Sentences" if unit == "words" else "Texts"


def _confusion(
    truth: Sequence[Sequence[str]], said: Sequence[Sequence[str]]
) -> tuple[list[str], list[list[int]]]:
    """The tags, and how often each truth (row) got each answer (column)."""
    counts = Counter(
        pair for true, own in zip(truth, said, strict=True) for pair in zip(true, own, strict=True)
    )
    tags = sorted({tag for pair in counts for tag in pair})
    return tags, [[counts[true, own] for own in tags] for true in tags]


def _entities(truth: Sequence[Sequence[str]], said: Sequence[Sequence[str]]) -> Html:
    rows = [
        [
            kind,
            number(counts.true),
            number(counts.found),
            percentage(counts.precision),
            percentage(counts.recall),
            percentage(counts.f1),
        ]
        for kind, counts in entity_counts(truth, said).items()
    ]
    columns = ["Kind", "True", "Found", "Precision", "Recall", "F1"]
    return table("Entities of the test part, by kind", columns, rows, numeric=(1, 2, 3, 4, 5))


def _sentences(
    task: AlignedTask,
    tokens: Sequence[Sequence[str]],
    truth: Sequence[Sequence[str]],
    said: Sequence[Sequence[str]],
) -> Html:
    """Some sentences with a wrong tag, then some without, of those that are short enough."""
    wrong: list[Html] = []
    right: list[Html] = []
    joined = task.config.unit == "characters"
    for one in permutation(len(tokens), 0, 0):  # from all over the file
        own, true, answer = tokens[one], truth[one], said[one]
        group = right if true == answer else wrong
        if len(own) <= _LONGEST and len(group) < _SHOWN and (len(set(true)) > 1 or true != answer):
            pieces = [Tagged(*piece) for piece in zip(own, answer, true, strict=True)]
            group.append(tagged_text(pieces, task.tags, joined=joined))
    return fragment(
        tag_key(task.tags),
        *([element("h3", "Told wrongly"), *wrong] if wrong else []),
        *([element("h3", "Told rightly"), *right] if right else []),
    )
