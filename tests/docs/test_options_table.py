"""What the documents say of options and figures is what the code and the measurements say."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal

import numpy as np
import pytest

from elman.data.arrays.labelled import ArrayDataset, TableForm
from elman.data.examples import (
    AnyDataset,
    Dataset,
    Document,
    LabelledArray,
    LabelledText,
    Roll,
    TaggedSentence,
    TextPair,
)
from elman.data.loading.rolls import RollDataset
from elman.training.config import TrainingConfig
from elman.training.shapes.registry import settle
from tests.docs.documents import ROOT, rows_under
from tests.docs.generated import GENERATED, cut
from tests.series_samples import waves

RUNS = ROOT / "docs" / "runs.md"
PLAIN = re.compile(r"`([^`]+)`")
SHAPES = (
    *("many to one", "language model", "aligned", "encoder and decoder", "forecaster"),
    *("one to one", "frames", "one to many", "piano rolls", "one to many in music"),
)
WORDS = "five words of running text"


def texts() -> Dataset[LabelledText]:
    train = tuple(LabelledText(WORDS, "ab"[row % 2], row) for row in range(1024))
    facts = ("", "class", train, train, train, "", "", ())
    return Dataset("texts.csv", "many_to_one", *facts)  # type: ignore[arg-type]


def documents() -> Dataset[Document]:
    train = tuple(Document(WORDS * 10, row) for row in range(1000))
    facts = ("", "next token", train, train, train, "", "", ())
    return Dataset("text.txt", "language_model", *facts)  # type: ignore[arg-type]


def tagged() -> Dataset[TaggedSentence]:
    train = tuple(TaggedSentence(("New", "York"), ("B-x", "I-x"), row) for row in range(1024))
    facts = ("", "tags", train, train, train, "", "", ())
    return Dataset("towns.conll", "aligned", *facts)  # type: ignore[arg-type]


def pairs() -> Dataset[TextPair]:
    train = tuple(TextPair(WORDS, WORDS, row) for row in range(4096))
    facts = ("", "text", train, train, train, "", "", ())
    return Dataset("pairs.csv", "encoder_decoder", *facts)  # type: ignore[arg-type]


def arrays(shape: Literal["one_to_one", "many_to_one"]) -> ArrayDataset:
    values = np.zeros((3, 2), dtype=np.float32)
    train = tuple(LabelledArray(values, "ab"[row % 2], row) for row in range(1024))
    facts = ("", "class", train, train, train, "", "", ())
    reads = "frames" if shape == "many_to_one" else None
    return ArrayDataset("walks.csv", shape, *facts, form=TableForm(("x", "y")), reads=reads)  # type: ignore[arg-type]


def rolls() -> RollDataset:
    train = tuple(Roll(np.zeros((5, 88), dtype=np.uint8), row, "") for row in range(20))
    facts = ("", "next keys", train, train, train, "", "", ())
    return RollDataset("notes.csv", "language_model", *facts, step=1.0, reads="rolls")  # type: ignore[arg-type]


def tunes() -> RollDataset:
    vector = np.zeros(2, dtype=np.float32)
    train = tuple(replace(roll, vector=vector) for roll in rolls().train)
    shape: Literal["one_to_many"] = "one_to_many"
    return replace(rolls(), shape=shape, target="piece", train=train, columns=("x", "y"))


def captions() -> ArrayDataset:
    named = tuple(replace(one, label=WORDS) for one in arrays("one_to_one").train)
    shape: Literal["one_to_many"] = "one_to_many"
    return replace(arrays("one_to_one"), shape=shape, target="text", train=named)


@pytest.mark.parametrize("name", GENERATED)
def test_generated_parts_are_up_to_date(name: str) -> None:
    _, part, _ = cut(name)
    assert part == GENERATED[name][1](), "renew it: .venv/bin/python -m tests.docs.generated"


def test_the_table_has_a_row_for_every_key() -> None:
    keys = [row[0].strip("` ") for row in rows_under(RUNS, "## Configuration keys")]
    assert keys == list(TrainingConfig.model_fields)


@pytest.mark.parametrize(
    ("column", "dataset"),
    [
        (1, texts()),
        (2, documents()),
        (3, tagged()),
        (4, pairs()),
        (5, waves()),
        (6, arrays("one_to_one")),
        (7, arrays("many_to_one")),
        (8, captions()),
        (9, rolls()),
        (10, tunes()),
    ],
    ids=SHAPES,
)
def test_what_is_said_to_be_chosen_is_chosen(column: int, dataset: AnyDataset) -> None:
    config, _ = settle(TrainingConfig.checked({"data": "any"}), dataset)
    cells = {row[0].strip("`"): row[column] for row in rows_under(RUNS, "### What is chosen")}
    values = {key: PLAIN.match(cell) for key, cell in cells.items()}
    said = {key: value[1] for key, value in values.items() if value}
    assert len(said) >= 4
    assert said == {key: str(getattr(config, key)).lower() for key in said}


def test_every_key_that_may_be_left_open_is_told() -> None:
    left_open = {key for key, value in TrainingConfig.checked({"data": "any"}) if value is None}
    rows = {row[0].strip("`") for row in rows_under(RUNS, "### What is chosen")}
    named = {"shape", "text", "label", "source", "target", "split"}
    named |= {"columns", "id", "time", "known", "label_kind", "file_names"}
    assert rows == left_open - named - {"target_file", "validation", "test", "vectors"}
