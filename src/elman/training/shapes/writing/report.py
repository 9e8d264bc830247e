"""What the report of a model that writes shows: texts right and wrong, and what was attended to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from elman.data.texts.tokens import detokenise
from elman.models.search import Search
from elman.pages.alignment import alignment_map
from elman.pages.document import Section
from elman.pages.text import Html, element, fragment
from elman.training.report.content import ExampleRow
from elman.training.shapes.writing.task import WritingTask
from elman.training.shapes.writing.writer import Writing

_SHOWN = 12
_MAPS = 4
_WIDEST, _TALLEST = 48, 32
"""Tokens beyond which a map of attention is no longer looked at."""

_END = "·"


def report(task: WritingTask) -> dict[str, Any]:
    """The fields of `ReportContent` that are common to shapes that write."""
    search = Search(task.config.beams, task.config.length_penalty)
    ranked = task.written("test", search, lambda: None)
    best = [texts[0] for texts in ranked]
    right, wrong = right_and_wrong(task, best)
    mapped = [*right[:2], *wrong[:2], *right[2:], *wrong[2:]]  # of both kinds, if there are both
    return {
        "data": {"Vocabulary": f"{len(task.writer.vocabulary):,} {task.steps} to write"},
        "right": [_row(task, place, best[place]) for place in right[:_SHOWN]],
        "wrong": [_row(task, place, best[place]) for place in wrong[:_SHOWN]],
        "item": task.parts["test"].item,
        "sections": [Section("attention", "What it looked at", attention_maps(task, best, mapped))],
    }


def right_and_wrong(task: WritingTask, best: Sequence[Writing]) -> tuple[list[int], list[int]]:
    """The places of examples written rightly, spread over the test part, and the surest wrong."""
    references = task.parts["test"].references
    exact = [list(one.tokens) == list(wanted)
             for one, wanted in zip(best, references, strict=True)]  # fmt: skip
    right = [place for place, is_right in enumerate(exact) if is_right]
    wrong = [place for place, is_right in enumerate(exact) if not is_right]
    stride = max(1, len(right) // _SHOWN)
    return right[::stride], sorted(wrong, key=lambda place: -best[place].score)


def attention_maps(task: WritingTask, best: Sequence[Writing], places: Sequence[int]) -> Html:
    """Maps of the first of these examples that are small enough to be looked at."""
    data = task.parts["test"]
    maps: list[Html] = []
    for place in places if data.copies else ():
        read, written = (data.copies or ())[place], best[place].tokens
        weights = task.writer.attention(data.inputs[place], best[place].numbers)
        if weights is None or len(read) > _WIDEST or len(written) >= _TALLEST:
            continue
        maps.append(alignment_map(data.shown[place], read, [*written, _END], weights.tolist()))
        if len(maps) == _MAPS:
            break
    if not maps:
        return fragment()
    note = element(
        "p",
        "Columns: what was read. Rows: what was written, the end as a point. The fuller the "
        "colour, the more of that row's attention went there.",
        class_="note",
    )
    return fragment(note, *maps)


def _row(task: WritingTask, place: int, writing: Writing) -> ExampleRow:
    data = task.parts["test"]
    return ExampleRow(
        data.shown[place],
        detokenise(data.references[place], task.writer.vocabulary.unit),
        writing.text,
        writing.probability,
    )
