"""Which models can be explained, and what is explained of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from elman.errors import UsageError
from elman.insight.example import Example
from elman.insight.subjects.arrays import told
from elman.insight.subjects.captioner import captioned
from elman.insight.subjects.classifier import classified
from elman.insight.subjects.composer import composed
from elman.insight.subjects.forecaster import forecast
from elman.insight.subjects.musician import played
from elman.insight.subjects.tagger import tagged
from elman.insight.subjects.translator import translated
from elman.insight.subjects.writer import continued
from elman.training.shapes.aligned.predictor import Tagger
from elman.training.shapes.arrays.predictor import ArrayPredictor
from elman.training.shapes.encoder_decoder.predictor import Translator
from elman.training.shapes.forecaster.predictor import SeriesPredictor
from elman.training.shapes.language_model.predictor import Generator
from elman.training.shapes.many_to_one.predictor import Classifier
from elman.training.shapes.one_to_many.predictor import Captioner
from elman.training.shapes.one_to_roll.predictor import Composer
from elman.training.shapes.piano_rolls.predictor import Musician

SUBJECTS: dict[type, Callable[[Any, str, str | None], Example]] = {
    ArrayPredictor: told,
    Captioner: captioned,
    Classifier: classified,
    Composer: composed,
    Generator: continued,
    Musician: played,
    SeriesPredictor: forecast,
    Tagger: tagged,
    Translator: translated,
}
"""For each kind of predictor what makes an example of a model, an input, and the asked answer."""


def example_of(model: object, text: str, answer: str | None = None) -> Example:
    """What is explained of a model.

    Args:
        model: as `elman.load` gives it.
        text: the input: a text; or for a model that reads no texts numbers, or a file.
        answer: which of the model's answers is explained; the likeliest when missing.

    Raises:
        UsageError: a text without tokens, an answer that the model does not know, or a model that
            cannot be explained.
        DataError: a file cannot be read.
    """
    make = SUBJECTS.get(type(model))
    if make is None:
        raise UsageError(
            f"A model of type {type(model).__name__} cannot be explained.",
            expected="one of type " + ", ".join(kind.__name__ for kind in SUBJECTS),
        )
    return make(model, text, answer)
