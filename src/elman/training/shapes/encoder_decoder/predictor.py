"""A trained encoder and decoder, ready to use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from elman.data.batches import ragged
from elman.data.texts.items import read_items
from elman.data.texts.pairs import read_pairs
from elman.data.texts.tokens import tokenise
from elman.data.texts.vocabulary import Vocabulary
from elman.models.decoding import Sampling
from elman.models.description import EncoderDecoderDescription
from elman.models.encoder_decoder import EncoderDecoder
from elman.models.search import Search
from elman.training.config import SettledConfig
from elman.training.shapes.answers import refuse_single
from elman.training.shapes.contract import Metrics
from elman.training.shapes.encoder_decoder.task import examples_of
from elman.training.shapes.model_file import content_of, require_sizes, restored
from elman.training.shapes.writing.answers import WrittenAnswer
from elman.training.shapes.writing.metrics import text_metrics
from elman.training.shapes.writing.options import Beams, Penalty
from elman.training.shapes.writing.task import mean_loss
from elman.training.shapes.writing.writer import Writer


class Words(BaseModel):
    """The content of vocabulary.json."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    source: dict[str, Any]
    target: dict[str, Any]
    longest: Annotated[int, Field(ge=1, le=1_000_000)]
    copy_unknown: bool
    beams: Beams
    length_penalty: Penalty


class Translator:
    """A trained encoder and decoder.

    Args:
        writer: the model, with its weights and in evaluation mode, and what its tokens mean.
        sources: the vocabulary of what it reads.
        search: how its texts are looked for.
    """

    def __init__(self, writer: Writer, sources: Vocabulary, search: Search) -> None:
        self.writer = writer
        self.model = writer.model
        self.sources = sources
        self.search = search

    def read(self, words: Sequence[str], file: Path | None, column: str | None) -> Sequence[str]:
        """Texts: the words, or those of a file, or the lines of standard input."""
        return words or read_items(file, column)

    def predict(self, items: Sequence[str]) -> list[WrittenAnswer]:
        """What is written for each text, in the order of the texts."""
        refuse_single(items)
        numbers = [self.sources.encode(item) for item in items]
        ranked = self.writer.write(numbers, self.search, self._tokens(items))
        return [WrittenAnswer(writings) for writings in ranked]

    def generate(self, prompt: str, length: int = 100, sampling: Sampling | None = None) -> str:
        """A text drawn for a source; the same seed gives the same text.

        Args:
            prompt: the source.
            length: most tokens to draw.
            sampling: temperature, top_k, top_p and seed; the plain distribution by default.
        """
        writer = replace(self.writer, longest=min(length, self.writer.longest))
        numbers = [self.sources.encode(prompt)]
        (drawn,) = writer.draw(numbers, sampling or Sampling(), self._tokens([prompt]))
        return drawn.text

    def evaluate(self, path: Path, config: SettledConfig) -> tuple[int, Metrics]:
        """How many pairs a file has, and what the texts written for its sources are worth.

        Raises:
            DataError: the pairs cannot be read.
        """
        files = None
        if config.target_file is not None:
            files = Path(config.data), Path(config.target_file)
        pairs = read_pairs(path, config.source, config.target, files)
        data = examples_of(pairs, self.sources, self.writer.vocabulary)
        ranked = self.writer.write(data.inputs, self.search, data.copies)
        written = [texts[0].tokens for texts in ranked]
        metrics = text_metrics(written, data.references, self.writer.vocabulary.unit)
        return len(pairs), metrics | {"loss": mean_loss(self.writer, data)}

    def _tokens(self, items: Sequence[str]) -> list[list[str]]:
        return [tokenise(item, self.sources.unit, self.sources.lowercase) for item in items]


def predictor(
    description: EncoderDecoderDescription, vocabulary: bytes, weights: bytes
) -> Translator:
    """The model of a generation's files.

    Raises:
        CorruptRunError: the files are damaged, or do not belong together.
    """
    words = content_of(Words, vocabulary, "vocabulary.json")
    sources, targets = Vocabulary.from_json(words.source), Vocabulary.from_json(words.target)
    require_sizes(
        {"source tokens": len(sources), "target tokens": len(targets)},
        {"source tokens": description.vocabulary_size, "target tokens": description.target_size},
    )
    model = restored(lambda: EncoderDecoder(description), weights)
    writer = Writer(model, ragged, targets, words.longest, words.copy_unknown)
    return Translator(writer, sources, Search(words.beams, words.length_penalty))
