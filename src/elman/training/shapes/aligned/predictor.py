"""A trained aligned model, ready to use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, model_validator

from elman.data.texts.items import read_items
from elman.data.texts.tag_schemes import Scheme
from elman.data.texts.tagged import read_tagged, read_tokens
from elman.data.texts.tokens import tokenise
from elman.data.texts.units import Unit
from elman.data.texts.vocabulary import Vocabulary
from elman.models.aligned import Aligned
from elman.models.description import AlignedDescription
from elman.training.config import SettledConfig
from elman.training.shapes.aligned.decoding import (
    allowed_tags,
    measured,
    predicted,
    tag_numbers,
)
from elman.training.shapes.aligned.reading import Reading
from elman.training.shapes.aligned.scores import tag_metrics
from elman.training.shapes.aligned.tagging import Tagging
from elman.training.shapes.answers import refuse_single
from elman.training.shapes.contract import Metrics
from elman.training.shapes.model_file import content_of, require_sizes, restored


class Tokens(tuple[str, ...]):
    """Tokens that are taken as they are; as a text they have a space between two."""

    __slots__ = ()

    def __str__(self) -> str:
        return " ".join(self)


class Words(BaseModel):
    """The content of vocabulary.json."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    text: dict[str, Any]
    characters: dict[str, Any] | None
    tags: list[str]
    scheme: Scheme

    @model_validator(mode="after")
    def _tags_are_tags(self) -> Self:
        if len(set(self.tags)) < len(self.tags):
            raise ValueError("tags: one stands twice")
        return self


class Tagger:
    """A trained aligned model.

    Args:
        model: with its weights, in evaluation mode.
        reading: the vocabularies of its tokens.
        tags: in the order of its scores.
        scheme: how the tags mark entities.
    """

    def __init__(
        self, model: Aligned, reading: Reading, tags: Sequence[str], scheme: Scheme
    ) -> None:
        self.model = model
        self.reading = reading
        self.tags = tuple(tags)
        self.scheme = scheme

    def read(
        self, words: Sequence[str], file: Path | None, column: str | None
    ) -> Sequence[str | Tokens]:
        """Texts; or the sentences of a file that has divided them, as their tokens."""
        divided = None if words or file is None else read_tokens(file, column)
        if divided is not None:
            return [Tokens(tokens) for tokens in divided]
        return words or read_items(file, column)

    def predict(self, items: Sequence[str | Sequence[str]]) -> list[Tagging]:
        """The tags of each text, or of each sequence of tokens, in their order."""
        refuse_single(items)
        unit = self.reading.words.unit
        tokens = [_tokens(one, unit) for one in items]
        found = predicted(self.model, self.reading, [self.reading.encode(one) for one in tokens])
        return [
            Tagging(
                tokens=tuple(one),
                tags=tuple(self.tags[number] for number in answer.tags),
                probabilities=tuple(
                    dict(zip(self.tags, row, strict=True)) for row in answer.probabilities.tolist()
                ),
                scheme=self.scheme,
                unit=unit,
            )
            for one, answer in zip(tokens, found, strict=True)
        ]

    def evaluate(self, path: Path, config: SettledConfig) -> tuple[int, Metrics]:
        """How many sentences a file has, and what the answers to them are worth.

        Raises:
            DataError: the file cannot be used.
        """
        examples = read_tagged(path, config.text, config.label, self.scheme)
        truth = tag_numbers(examples, self.tags)
        encoded = [self.reading.encode(one.tokens) for one in examples]
        found, loss = measured(self.model, self.reading, encoded, truth)
        said = [[self.tags[number] for number in numbers] for numbers in found]
        metrics = tag_metrics([one.tags for one in examples], said, self.scheme)
        return len(examples), metrics | {"loss": loss}


def _tokens(item: str | Sequence[str], unit: Unit) -> list[str]:
    """The tokens of an item; the breaks of lines in a text are no words."""
    if not isinstance(item, str):
        return list(item)
    tokens = tokenise(item, unit)
    return tokens if unit == "characters" else [token for token in tokens if token != "\n"]


def predictor(description: AlignedDescription, vocabulary: bytes, weights: bytes) -> Tagger:
    """The model of a generation's files.

    Raises:
        CorruptRunError: the files are damaged, or do not belong together.
    """
    words = content_of(Words, vocabulary, "vocabulary.json")
    text = Vocabulary.from_json(words.text)
    characters = None if words.characters is None else Vocabulary.from_json(words.characters)
    spelling = description.spelling
    require_sizes(
        {
            "tokens": len(text),
            "characters": len(characters) if characters is not None else 0,
            "tags": len(words.tags),
        },
        {
            "tokens": description.vocabulary_size,
            "characters": spelling.vocabulary_size if spelling is not None else 0,
            "tags": description.tags,
        },
    )
    allowed = allowed_tags(words.tags, words.scheme)
    model = restored(lambda: Aligned(description, allowed), weights)
    return Tagger(model, Reading(text, characters), words.tags, words.scheme)
