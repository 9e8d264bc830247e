"""Datasets in numbers, counted by hand."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from elman.data.examples import Dataset, Document, LabelledArray, LabelledText, Roll, TaggedSentence
from elman.data.examples import TextPair as Pair
from elman.data.statistics import padding_share, statistics_of
from tests.series_samples import waves

TARGETS = {"aligned": "tags", "encoder_decoder": "text", "one_to_many": "text"}


def counted(train: list[Any], validation: list[Any], test: list[Any], shape: Any) -> Any:
    parts = (tuple(train), tuple(validation), tuple(test))
    target: Any = {"aligned": "tags", "encoder_decoder": "text", "one_to_many": "text"}.get(
        shape, "class"
    )
    data: Dataset[Any] = Dataset("d", shape, "why", target, *parts, "", "0" * 64, ())
    told = statistics_of(data)
    json.dumps(told.facts())
    return told


def test_padding_is_counted_batch_by_batch() -> None:
    assert padding_share([5, 5, 5]) == 0
    assert padding_share([10, 5], batch=2) == 0.25
    assert padding_share([10, 5], batch=1) == 0
    assert padding_share([1] * 31 + [9] + [2]) == 1 - 42 / (32 * 9 + 2)
    assert padding_share([]) == 0
    assert padding_share([0, 0]) == 0


def test_texts_with_labels() -> None:
    train = [
        LabelledText("one two three four five", "a", 1),
        LabelledText("one two six ten", "b", 2),
    ]
    told = counted(train, [LabelledText("one new", "a", 3)], train[:1], "many_to_one")
    assert told.units == {"text": "words"}
    lengths = told.lengths["text"]
    assert (lengths["train"].examples, lengths["train"].steps) == (2, 9)
    assert (lengths["train"].shortest, lengths["train"].middle, lengths["train"].longest) == (
        4,
        4.5,
        5,
    )
    assert lengths["train"].padding == pytest.approx(0.1)
    assert lengths["train"].unknown == 0
    assert lengths["validation"].unknown == 0.5
    assert told.vocabulary["text"]["tokens"] == 7
    assert told.vocabulary["text"]["once"] == 5
    assert told.vocabulary["text"]["commonest"]["one"] == 2
    assert told.classes["train"] == {"a": 1, "b": 1}
    assert told.repeated["test in train"] == 1
    assert told.repeated["in train"] == 0


def test_tags_pairs_and_running_text() -> None:
    tagged = [TaggedSentence(("New", "York"), ("B-x", "I-x"), 1)]
    told = counted(tagged, tagged, tagged, "aligned")
    assert told.classes["train"] == {"B-x": 1, "I-x": 1}
    assert told.lengths["tokens"]["train"].steps == 2
    told = counted(
        [Pair("ab", "cde", 1), Pair("ab", "fg", 2)], [], [Pair("x", "y", 3)], "encoder_decoder"
    )
    assert told.lengths["target"]["train"].steps == 5
    assert "validation" not in told.lengths["text"]
    assert told.classes == {}
    assert told.repeated["in train"] == 1
    told = counted([Document("one two three four", 1)], [], [], "language_model")
    assert told.lengths["text"]["train"].steps == 4


def test_arrays_and_series_have_no_tokens() -> None:
    frames = [LabelledArray(np.zeros((3, 2), np.float32), "a", 1)]
    rolls = [Roll(np.zeros((7, 88), np.uint8), 1, "fugue")]
    assert counted(rolls, [], [], "language_model").lengths["values"]["train"].steps == 7
    image = [LabelledArray(np.zeros((1, 8, 8), np.float32), "a", 1)]
    assert counted(frames, [], [], "many_to_one").lengths["values"]["train"].steps == 3
    told = counted(image, [], [], "one_to_one")
    assert told.lengths["values"]["train"].steps == 1
    assert told.lengths["values"]["train"].unknown is None
    assert counted(image, [], [], "one_to_many").lengths["label"]["train"].steps == 1
    assert told.vocabulary == {}
    assert statistics_of(waves()).lengths["values"]["train"].longest == 60
