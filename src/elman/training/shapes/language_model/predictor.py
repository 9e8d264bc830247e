"""A trained language model, ready to use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict

from elman.data.batches import ragged
from elman.data.texts.items import read_items
from elman.data.texts.tokens import detokenise, tokenise
from elman.data.texts.vocabulary import Vocabulary
from elman.data.texts.whole_file import read_running
from elman.models.decoding import Sampling, generate
from elman.models.description import LanguageModelDescription
from elman.models.language_model import LanguageModel
from elman.training.config import SettledConfig
from elman.training.shapes.answers import Prediction, refuse_single
from elman.training.shapes.contract import Metrics
from elman.training.shapes.language_model.task import (
    document_losses,
    next_token_metrics,
    with_ends,
)
from elman.training.shapes.model_file import content_of, require_sizes, restored


class Words(BaseModel):
    """The content of vocabulary.json."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    text: dict[str, Any]


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

    def read(self, words: Sequence[str], file: Path | None, column: str | None) -> Sequence[str]:
        """Texts: the words, or those of a file, or the lines of standard input."""
        return words or read_items(file, column)

    @torch.no_grad()
    def predict(self, items: Sequence[str]) -> list[Prediction]:
        """The next token after each text."""
        refuse_single(items)
        predictions = []
        for item in items:
            tokens = [Vocabulary.end_id, *self.vocabulary.encode(item)]
            row = torch.softmax(self.model(ragged([tokens]))[0][-1], 0).tolist()
            predictions.append(Prediction.likeliest(self.vocabulary.tokens, row))
        return predictions

    def evaluate(self, path: Path, config: SettledConfig) -> tuple[int, Metrics]:
        """How many documents a file has, and how well their tokens are foretold."""
        documents = read_running(path, config.text)
        losses = document_losses(self.model, with_ends(documents, self.vocabulary))
        return len(documents), next_token_metrics(losses, self.vocabulary.unit)

    def _draw(self, prompt: str, length: int, sampling: Sampling) -> Iterator[int]:
        tokens = [Vocabulary.end_id, *self.vocabulary.encode(prompt)]
        for token in generate(self.model, tokens, length, sampling, Vocabulary.unknown_id):
            if token == Vocabulary.end_id:
                return
            yield token


def predictor(
    description: LanguageModelDescription, vocabulary: bytes, weights: bytes
) -> Generator:
    """The model of a generation's files.

    Raises:
        CorruptRunError: the files are damaged, or do not belong together.
    """
    words = content_of(Words, vocabulary, "vocabulary.json")
    text = Vocabulary.from_json(words.text)
    require_sizes({"tokens": len(text)}, {"tokens": description.vocabulary_size})
    return Generator(restored(lambda: LanguageModel(description), weights), text)
