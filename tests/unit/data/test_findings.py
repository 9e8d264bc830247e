"""What is suspicious in data that can be used, and where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from elman.data.built_in.catalogue import load_built_in
from elman.data.examples import Dataset, LabelledArray, LabelledText, Roll, TaggedSentence, TextPair
from elman.data.findings import findings
from tests.series_samples import COUNTER, series_of, wave
from tests.series_samples import waves as series


def texts(*pairs: tuple[str, str], first: int = 2) -> list[LabelledText]:
    return [LabelledText(text, label, row) for row, (text, label) in enumerate(pairs, first)]


PLENTY = texts(*[(f"plain text number {n}", "ab"[n % 2]) for n in range(40)], first=100)


def told(
    train: Sequence[Any], validation: Sequence[Any] = (), test: Sequence[Any] = (),
    shape: Any = "many_to_one",
) -> list[str]:  # fmt: skip
    parts = (tuple(train), tuple(validation), tuple(test))
    target: Any = {"aligned": "tags", "encoder_decoder": "text"}.get(shape, "class")
    data: Dataset[Any] = Dataset("d", shape, "", target, *parts, "", "0" * 64, ())
    return [one.sentence() for one in findings(data)]


def test_sound_data_has_nothing_suspicious() -> None:
    assert told(PLENTY, PLENTY[:0], texts(("another", "a"))) == []


def test_what_training_shows_already() -> None:
    held = texts(("plain text number 3", "b"), ("new", "a"), ("plain text number 4", "a"))
    assert told(PLENTY, held) == ["validation part: 2 examples are in train too (rows 2, 4)"]


def test_contradictions() -> None:
    against = texts(("plain text number 3", "a"), ("plain text number 3", "b"))
    assert told([*PLENTY, *against]) == [
        "train part: 1 example with another answer than an earlier one of the same content (row 2)"
    ]
    pairs = [TextPair("eins", "one", 1), TextPair("eins", "1", 2), TextPair("eins", "one", 3)]
    assert "(row 2)" in told(pairs, shape="encoder_decoder")[0]


def test_rare_labels_and_a_label_that_is_nearly_all() -> None:
    few = texts(*[("some", "rare")] * 4)
    assert told([*PLENTY, *few]) == [
        "train part: 1 label of fewer than 5 examples: 'rare' (rows 2, 3, 4, 5)"
    ]
    most = texts(*[(f"text {n}", "a") for n in range(95)], *[(f"more {n}", "b") for n in range(5)])
    assert told(most) == ["train part: 95% of the labels are 'a'"]


def test_rare_tags_are_told_and_common_ones_are_not() -> None:
    sentences = [
        TaggedSentence(("a", str(n)), ("O", "B-x" if n == 3 else "O"), n) for n in range(60)
    ]
    assert told(sentences, shape="aligned") == [
        "train part: 1 label of fewer than 5 examples: 'B-x' (row 3)"
    ]


@pytest.mark.parametrize("text", ["caf\ufffd", "bell\x07", "esc\x1b[31m"])
def test_characters_that_stand_for_lost_ones_or_control(text: str) -> None:
    assert told(PLENTY, (), texts(("fine", "a"), (text, "a"))) == [
        "test part: 1 text with replacement or control characters (row 3)"
    ]


def test_letters_of_any_script_and_line_breaks_are_sound() -> None:
    assert told(PLENTY, (), texts(("naïve\n\tदेश 日本 👍🏽", "a"))) == []


def test_examples_that_are_far_too_long() -> None:
    assert told(PLENTY, texts(("x" * 900, "a"), *[("short", "a")] * 5)) == [
        "validation part: 1 example more than 20 times as long as the middle one (row 2)"
    ]


def test_arrays_are_compared_by_their_numbers() -> None:
    train = [LabelledArray(np.full((3, 2), n, np.float32), "ab"[n % 2], n) for n in range(20)]
    again = [LabelledArray(np.full((3, 2), 7, np.float32), "b", 50)]
    assert told(train, again) == ["validation part: 1 example is in train too (row 50)"]


def test_texts_to_write_and_numbers_are_no_labels() -> None:
    train = [LabelledArray(np.full(4, n, np.float32), f"caption {n}", n) for n in range(30)]
    data: Dataset[Any] = Dataset(
        "d", "one_to_many", "", "text", tuple(train), (), (), "", "0" * 64, ()
    )  # fmt: skip
    assert findings(data) == []


def test_pieces_of_music_are_looked_at_too() -> None:
    rolls = [Roll(np.full((5, 88), n % 2, np.uint8), n, str(n)) for n in range(4)]
    assert told(rolls[:2], rolls[2:3], shape="language_model") == [
        "validation part: 1 example is in train too (row 2)"
    ]


def test_a_value_far_from_both_neighbours() -> None:
    assert findings(series()) == []
    from elman.data.series.dataset import series_dataset
    from elman.data.series.table import SeriesTable

    values = wave(60)
    values[20] = 400.0
    values[30:] = [value + 90 for value in values[30:]]  # a step to another level is none
    table = SeriesTable((series_of(values),), COUNTER, (), ())
    (one,) = findings(series_dataset("s", table, "", "80/10/10"))
    assert one.sentence() == "train part: 'y': 1 value far from both neighbours (row 22)"


@pytest.mark.parametrize("name", ["sunspots", "dates-tags"])
def test_built_in_sources_can_be_looked_at(name: str) -> None:
    for one in findings(load_built_in(name, 0)):
        assert one.sentence()
