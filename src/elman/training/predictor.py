"""A trained model, ready to use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

import torch
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from torch import Tensor

from elman.data.batches import ragged
from elman.data.examples import Target
from elman.data.labels import is_whole
from elman.data.tokens import detokenise, tokenise
from elman.data.vocabulary import Vocabulary
from elman.errors import ConfigurationError, CorruptRunError, UsageError
from elman.models.decoding import Sampling, generate
from elman.models.description import AnyDescription, LanguageModelDescription, ManyToOneDescription
from elman.models.language_model import LanguageModel
from elman.models.many_to_one import ManyToOne
from elman.training.checkpoint import load_weights, read_json
from elman.training.many_to_one import log_probabilities
from elman.training.run_folder import RunFolder

_DESCRIPTION: TypeAdapter[AnyDescription] = TypeAdapter(AnyDescription)


class _Words(BaseModel):
    """The content of vocabulary.json."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    text: dict[str, Any]
    labels: list[str] = []
    target: Target = "next token"
    max_length: Annotated[int, Field(ge=1)] = 1

    @model_validator(mode="after")
    def _labels_are_labels(self) -> Self:
        if len(set(self.labels)) < len(self.labels):
            raise ValueError("labels: one stands twice")
        if self.target == "rating" and not all(map(is_whole, self.labels)):
            raise ValueError("labels: a rating has whole numbers")
        return self


@dataclass(frozen=True)
class Prediction:
    """The answer to one text.

    Attributes:
        label: the likeliest label.
        probability: the model's probability of it.
        probabilities: of every label.
    """

    label: str
    probability: float
    probabilities: Mapping[str, float]


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

    def predict(self, items: Sequence[str]) -> list[Prediction]:
        """The label of each text, in the order of the texts."""
        _refuse_single(items)
        return [self._prediction(row) for row in self.log_probabilities(items).exp().tolist()]

    def log_probabilities(self, items: Sequence[str]) -> Tensor:
        """[texts, labels] the model's log-probabilities."""
        tokens = [self.vocabulary.encode(item, self.max_length) for item in items]
        return log_probabilities(self.model, tokens)

    def _prediction(self, row: Sequence[float]) -> Prediction:
        best = max(range(len(row)), key=row.__getitem__)
        probabilities = dict(zip(self.labels, row, strict=True))
        return Prediction(self.labels[best], row[best], probabilities)


class Generator:
    """A trained language model.

    Args:
        model: with its weights, in evaluation mode.
        vocabulary: of its texts.
    """

    def __init__(self, model: LanguageModel, vocabulary: Vocabulary) -> None:
        self.model = model
        self.vocabulary = vocabulary

    def generate(
        self, prompt: str = "", length: int = 100, sampling: Sampling | None = None
    ) -> str:
        """A text that begins with the prompt; the same seed gives the same text.

        Args:
            prompt: what to continue; may be empty.
            length: most tokens to draw.
            sampling: temperature, top_k, top_p and seed; the plain distribution by default.
        """
        drawn = self._draw(prompt, length, sampling or Sampling())
        unit = self.vocabulary.unit
        written = [self.vocabulary.tokens[token] for token in drawn]
        return detokenise([*tokenise(prompt, unit), *written], unit)

    @torch.no_grad()
    def predict(self, items: Sequence[str]) -> list[Prediction]:
        """The next token after each text."""
        _refuse_single(items)
        predictions = []
        for item in items:
            tokens = [Vocabulary.end_id, *self.vocabulary.encode(item)]
            row = torch.softmax(self.model(ragged([tokens]))[0][-1], 0).tolist()
            best = max(range(len(row)), key=row.__getitem__)
            names = dict(zip(self.vocabulary.tokens, row, strict=True))
            predictions.append(Prediction(self.vocabulary.tokens[best], row[best], names))
        return predictions

    def _draw(self, prompt: str, length: int, sampling: Sampling) -> Iterator[int]:
        tokens = [Vocabulary.end_id, *self.vocabulary.encode(prompt)]
        for token in generate(self.model, tokens, length, sampling, Vocabulary.unknown_id):
            if token == Vocabulary.end_id:
                return
            yield token


def _refuse_single(items: Sequence[str]) -> None:
    """A string is a sequence of strings too, and never what was meant."""
    if isinstance(items, str):
        raise UsageError(
            "predict was given a single text.",
            expected="a list of texts",
            next_step="predict([text])",
        )


def load(run: str | Path) -> Classifier | Generator:
    """The best generation of a run, ready to predict.

    Args:
        run: the run folder.

    Raises:
        ConfigurationError: there is no such folder.
        CorruptRunError: a file is missing, altered, or of a newer format.
    """
    path = Path(run)
    folder = RunFolder.open(path)
    files = folder.read(folder.manifest.best)
    try:
        description = _DESCRIPTION.validate_json(files["model.json"])
        words = _Words.model_validate(read_json(files["vocabulary.json"], "vocabulary.json"))
    except ValidationError as error:
        raise CorruptRunError(
            "The model file does not describe a model of this version.",
            where=str(path / "generations" / str(folder.manifest.best.number)),
            expected="; ".join(_sentence(dict(fault)) for fault in error.errors()[:3]),
            next_step="copy the run folder again from where it was whole, or train again",
        ) from error
    vocabulary = Vocabulary.from_json(words.text)
    _check_sizes(description, len(vocabulary), words)
    weights = files["weights.safetensors"]
    _check_room(description, weights)
    model = _model(description)
    load_weights(model, weights)
    model.eval()
    if isinstance(model, LanguageModel):
        return Generator(model, vocabulary)
    return Classifier(model, vocabulary, words.labels, words.max_length, words.target)


def _sentence(fault: Mapping[str, Any]) -> str:
    return ".".join(str(part) for part in fault["loc"]) + ": " + str(fault["msg"])


def _check_sizes(
    description: ManyToOneDescription | LanguageModelDescription, tokens: int, words: _Words
) -> None:
    """Refuse files that do not belong together, before anything is allocated."""
    classes = len(words.labels)
    expected = description.classes if isinstance(description, ManyToOneDescription) else 0
    if description.vocabulary_size != tokens or expected != classes:
        raise CorruptRunError(
            "vocabulary.json and model.json do not belong together.",
            where=f"{tokens} tokens and {classes} labels",
            expected=f"{description.vocabulary_size} tokens and {expected} labels",
            next_step="copy the run folder again from where it was whole, or train again",
        )


def _check_room(description: AnyDescription, weights: bytes) -> None:
    """Refuse a description of more weights than the file has, before memory is taken for them."""
    rows = description.cell.gates * description.hidden_size
    embedding = description.vocabulary_size * description.embedding_size
    first_input = rows * description.embedding_size
    recurrent = description.num_layers * rows * description.hidden_size
    least = 4 * (embedding + first_input + recurrent)  # bytes; the rest is of the same order
    if least > len(weights):
        raise CorruptRunError(
            "weights.safetensors is too small for the model that model.json describes.",
            where=f"weights.safetensors: {len(weights):,} bytes",
            expected=f"more than {least:,} bytes",
            next_step="copy the run folder again from where it was whole, or train again",
        )


def _model(description: AnyDescription) -> LanguageModel | ManyToOne:
    """The model described, its weights not yet the saved ones."""
    try:
        if isinstance(description, LanguageModelDescription):
            return LanguageModel(description)
        return ManyToOne(description)
    except ConfigurationError as error:
        raise CorruptRunError(
            "model.json describes a model that cannot be.",
            where=f"model.json: {error.where}",
            expected=error.expected,
            next_step="copy the run folder again from where it was whole, or train again",
        ) from error
