"""Small data of every shape, for tests that hold each of them to the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from elman.data.examples import Reads, Shape
from elman.training.checkpoint import model_files
from elman.training.config import TrainingConfig
from elman.training.predictor import predictor_of
from elman.training.preparation import Prepared, prepare
from elman.training.shapes.contract import Predictor
from tests.e2e.samples import labelled, story, write
from tests.number_samples import sequences, vectors
from tests.series_samples import wave
from tests.tagged_samples import conll, sentences


@dataclass(frozen=True)
class Sample:
    """Data of a shape.

    Attributes:
        shape: its name.
        file: the name of the data.
        make: writes it.
        options: for a run that is short.
        items: words to predict for; None to predict for the data itself.
        reads: what the shape reads, where there are several models of one shape.
    """

    shape: Shape
    file: str
    make: Callable[[Path], object]
    options: Mapping[str, Any]
    items: tuple[str, ...] | None
    reads: Reads = None


_SMALL = {"hidden_size": 4, "embedding_size": 4, "dropout": 0.0, "batch_size": 5, "epochs": 2}
_PAIRS = [
    {"source": f"{one}{two}", "target": f"{two}{one}"}
    for one in "ab ba abc cab bca aab bba cca aca bcb".split()
    for two in ("ab", "ba", "abc")
]

_WAVE = [{"time": step, "value": round(value, 3)} for step, value in enumerate(wave(70))]
_NUMBERS = {"hidden_size": 4, "dropout": 0.0, "batch_size": 5, "epochs": 2}
_SAID = [{"x": n % 7, "y": -n, "said": f"it is {n % 7}"} for n in range(40)]
_NOTES = [
    {"piece": piece, "onset": step / 2, "duration": 0.5, "pitch": 60 + piece % 9 + step}
    for piece in range(24)
    for step in range(5)
]

_TUNES = [note | {"height": note["piece"] % 9} for note in _NOTES]

SAMPLES: Mapping[str, Sample] = {
    "labels": Sample(
        "many_to_one", "reviews.csv", lambda path: write(path, labelled(41)), _SMALL,
        ("a lovely film", "dull"),
    ),
    "frames": Sample(
        "many_to_one", "walks.csv", sequences, _NUMBERS | {"columns": "x"}, None, "frames"
    ),
    "vectors": Sample(
        "one_to_one", "sums.csv", vectors, _NUMBERS | {"columns": "a,b"}, ("2,1.5", "-2,-1")
    ),
    "running text": Sample(
        "language_model", "story.txt", lambda path: story(path, 13), _SMALL, ("the film", "")
    ),
    "music": Sample(
        "language_model", "scales.csv", lambda path: write(path, _NOTES), _NUMBERS, None, "rolls"
    ),
    "tags": Sample(
        "aligned", "towns.conll", lambda path: path.write_text(conll(sentences(41))),
        _SMALL | {"character_embedding_size": 2, "character_hidden_size": 3},
        ("we met in New York", "Ada left"),
    ),
    "series": Sample(
        "forecaster", "waves.csv", lambda path: write(path, _WAVE),
        _NUMBERS | {"season": 6, "look_back": 6, "horizon": 3}, (),
    ),
    "captions": Sample(
        "one_to_many", "said.csv", lambda path: write(path, _SAID), _SMALL | {"target": "said"},
        ("3,-3", "5,-12"),
    ),
    "tunes": Sample(
        "one_to_many", "tunes.csv", lambda path: write(path, _TUNES), _NUMBERS, ("3", "5.5"),
        "rolls",
    ),
    "pairs": Sample(
        "encoder_decoder", "pairs.csv", lambda path: write(path, _PAIRS), _SMALL, ("abc", "ba")
    ),
}  # fmt: skip
"""Data for each shape there is, by what it is."""


def prepared(name: str, folder: Path, **changes: Any) -> Prepared:
    """The data of a sample, and its model before the first step."""
    sample = SAMPLES[name]
    sample.make(folder / sample.file)
    values = {"data": str(folder / sample.file), "shape": sample.shape, **sample.options}
    return prepare(TrainingConfig.checked(values | changes), ["elman", "train", sample.file])


def answers(name: str, model: Predictor, folder: Path) -> list[dict[str, Any]]:
    """What a model of a sample's shape says to the sample's items, as values of JSON."""
    sample = SAMPLES[name]
    file = folder / sample.file if sample.items is None else None
    if file is not None:
        sample.make(file)
    items = model.read(sample.items or (), file, None)
    said = [answer.facts(1) for answer in model.predict(items)]
    found: list[dict[str, Any]] = json.loads(json.dumps(said[:5]))
    return found


def predictor(name: str, folder: Path, **changes: Any) -> Predictor:
    """A model of a sample with weights none of which is 0 by its initialisation."""
    torch.manual_seed(0)
    found = prepared(name, folder, **changes)
    model = found.task.model
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(torch.randn_like(weight) / 4)
    return predictor_of(model_files(model.description, found.vocabulary, model))  # type: ignore[arg-type]


def item(name: str, folder: Path) -> str:
    """What is explained of a model of a sample: one of its items, or the data itself."""
    items = SAMPLES[name].items
    return str(folder / SAMPLES[name].file) if items is None else (*items, "")[0]
