"""A trained many-to-one model, ready to use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Self

import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator
from torch import Tensor

from elman.data.examples import Target
from elman.data.texts.items import read_items
from elman.data.texts.labels import is_whole
from elman.data.texts.vocabulary import Vocabulary
from elman.data.texts.whole_file import read_labelled
from elman.errors import DataError
from elman.models.description import ManyToOneDescription
from elman.models.many_to_one import ManyToOne
from elman.training.config import SettledConfig
from elman.training.shapes.answers import Prediction, refuse_single
from elman.training.shapes.contract import Metrics
from elman.training.shapes.many_to_one.task import label_metrics, log_probabilities
from elman.training.shapes.model_file import content_of, require_sizes, restored


class Words(BaseModel):
    """The content of vocabulary.json."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    text: dict[str, Any]
    labels: list[str]
    target: Target
    max_length: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _labels_are_labels(self) -> Self:
        if len(set(self.labels)) < len(self.labels):
            raise ValueError("labels: one stands twice")
        if self.target == "rating" and not all(map(is_whole, self.labels)):
            raise ValueError("labels: a rating has whole numbers")
        return self


class Classifier:
    """A trained many-to-one model.

    Args:
        model: with its weights, in evaluation mode.
        vocabulary: of its texts.
        labels: in the order of its classes.
        max_length: texts are cut to so many tokens, as in training.
        target: whether the labels are classes or ratings.
    """

    def __init__(
        self,
        model: ManyToOne,
        vocabulary: Vocabulary,
        labels: Sequence[str],
        max_length: int,
        target: Target,
    ) -> None:
        self.model = model
        self.vocabulary = vocabulary
        self.labels = tuple(labels)
        self.max_length = max_length
        self.target = target

    def read(self, words: Sequence[str], file: Path | None, column: str | None) -> Sequence[str]:
        """Texts: the words, or those of a file, or the lines of standard input."""
        return words or read_items(file, column)

    def predict(self, items: Sequence[str]) -> list[Prediction]:
        """The label of each text, in the order of the texts."""
        refuse_single(items)
        rows = self.log_probabilities(items).exp().tolist()
        return [Prediction.likeliest(self.labels, row) for row in rows]

    def log_probabilities(self, items: Sequence[str]) -> Tensor:
        """[texts, labels] the model's log-probabilities."""
        tokens = [self.vocabulary.encode(item, self.max_length) for item in items]
        return log_probabilities(self.model, tokens)

    def evaluate(self, path: Path, config: SettledConfig) -> tuple[int, Metrics]:
        """How many labelled texts a table has, and what the answers to them are worth.

        Raises:
            DataError: the table cannot be used, or has a label that the model never learnt.
        """
        examples = read_labelled(path, config.text, config.label)
        numbers = {label: number for number, label in enumerate(self.labels)}
        for example in examples:
            if example.label not in numbers:
                raise DataError(
                    f"The model has never learnt the label {example.label!r}.",
                    where=f"{path}:{example.row}",
                    expected="one of " + ", ".join(map(repr, self.labels[:10])),
                    next_step="take the row out, or train again with data that has this label",
                )
        truth = torch.tensor([numbers[example.label] for example in examples])
        answers = self.log_probabilities([example.text for example in examples])
        return len(examples), label_metrics(answers, truth, self.labels, self.target)


def predictor(description: ManyToOneDescription, vocabulary: bytes, weights: bytes) -> Classifier:
    """The model of a generation's files.

    Raises:
        CorruptRunError: the files are damaged, or do not belong together.
    """
    words = content_of(Words, vocabulary, "vocabulary.json")
    text = Vocabulary.from_json(words.text)
    require_sizes(
        {"tokens": len(text), "labels": len(words.labels)},
        {"tokens": description.vocabulary_size, "labels": description.classes},
    )
    model = restored(lambda: ManyToOne(description), weights)
    return Classifier(model, text, words.labels, words.max_length, words.target)
