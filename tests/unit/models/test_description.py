"""Descriptions of models: closed, bounded, and the same after a trip through JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from elman.cells.spec import CellSpec
from elman.models.description import (
    Description,
    EncoderDecoderDescription,
    LanguageModelDescription,
    ManyToOneDescription,
    RecurrentDescription,
)

MANY_TO_ONE = ManyToOneDescription(
    cell=CellSpec("gru", reset_after=False),
    vocabulary_size=50,
    embedding_size=8,
    hidden_size=16,
    num_layers=2,
    dropout=0.25,
    classes=5,
    bidirectional=False,
    pooling="mean",
)
LANGUAGE_MODEL = LanguageModelDescription(
    cell=CellSpec("rnn", "relu"), vocabulary_size=50, embedding_size=8, hidden_size=8, tied=False
)

ENCODER_DECODER = EncoderDecoderDescription(
    cell=CellSpec("lstm"), vocabulary_size=50, target_size=40, embedding_size=8, hidden_size=8,
    attention="additive", input_feeding=True, bidirectional=False,
)  # fmt: skip


@pytest.mark.parametrize("description", [MANY_TO_ONE, LANGUAGE_MODEL, ENCODER_DECODER])
def test_json_brings_the_same_description_back(description: Description) -> None:
    text = json.dumps(description.model_dump(mode="json"))
    again = type(description).model_validate_json(text)
    assert again == description
    assert isinstance(again, RecurrentDescription)
    assert isinstance(again.cell, CellSpec)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"shape": "forecaster"}, "shape"),
        ({"command": "rm"}, "command"),
        ({"cell": {"kind": "lstm", "class": "os.system"}}, "class"),
        ({"cell": {"kind": "transformer"}}, "cell"),
        ({"cell": {"kind": "lstm", "reset_after": False}}, "cell"),
        ({"cell": {"kind": "gru", "peephole": True}}, "cell"),
        ({"vocabulary_size": 2_000_001}, "vocabulary_size"),
        ({"vocabulary_size": 1}, "vocabulary_size"),
        ({"embedding_size": 65_537}, "embedding_size"),
        ({"hidden_size": 65_537}, "hidden_size"),
        ({"hidden_size": 0}, "hidden_size"),
        ({"hidden_size": -1}, "hidden_size"),
        ({"hidden_size": "16"}, "hidden_size"),
        ({"hidden_size": 16.0}, "hidden_size"),
        ({"num_layers": 65}, "num_layers"),
        ({"dropout": 1.0}, "dropout"),
        ({"dropout": float("nan")}, "dropout"),
        ({"classes": 1}, "classes"),
        ({"classes": 1_000_001}, "classes"),
        ({"pooling": "sum"}, "pooling"),
        ({"bidirectional": "yes"}, "bidirectional"),
        ({"tied": True}, "tied"),
    ],
    ids=str,
)
def test_everything_else_is_refused(change: dict[str, Any], place: str) -> None:
    values = MANY_TO_ONE.model_dump(mode="json")
    assert ManyToOneDescription.model_validate_json(json.dumps(values)) == MANY_TO_ONE
    with pytest.raises(ValidationError) as caught:
        ManyToOneDescription.model_validate_json(json.dumps(values | change))
    faults = caught.value.errors()
    assert len(faults) == 1
    assert place in str(faults[0]["loc"])


@pytest.mark.parametrize("missing", ["cell", "vocabulary_size", "hidden_size"])
def test_a_missing_key_is_refused(missing: str) -> None:
    values = LANGUAGE_MODEL.model_dump(mode="json")
    del values[missing]
    with pytest.raises(ValidationError):
        LanguageModelDescription.model_validate_json(json.dumps(values))


def test_a_description_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        MANY_TO_ONE.hidden_size = 3
