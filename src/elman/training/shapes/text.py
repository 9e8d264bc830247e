"""What the shapes that read text have in common."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import torch

from elman.data.files.word_vectors import Vectors, read_vectors
from elman.data.texts.tokens import as_known, iterate
from elman.data.texts.vocabulary import Vocabulary
from elman.data.wording import quoted, shown
from elman.errors import DataError
from elman.models.embedding import TokenEncoding
from elman.training.config import RecurrentConfig, TextConfig


def text_vocabulary(config: TextConfig, texts: Iterable[str]) -> tuple[Vocabulary, Vectors | None]:
    """The tokens of the training part's texts, and the vectors that some of them begin with."""
    tokens = chain.from_iterable(iterate(text, config.unit, config.lowercase) for text in texts)
    return token_vocabulary(config, tokens)


def token_vocabulary(
    config: TextConfig, tokens: Iterable[str]
) -> tuple[Vocabulary, Vectors | None]:
    """The same of tokens that the source itself has divided.

    With pre-trained vectors, their words are known too, so that words of new texts that training
    never saw have a vector: however rare in the training part, and beyond it the first ones of the
    file, as many as the vocabulary may have.

    Raises:
        DataError: the file of vectors cannot be read, or has none of the tokens.
    """
    most = config.max_vocabulary
    tokens = tokens if config.vectors is None else list(tokens)
    vocabulary = Vocabulary.of_tokens(tokens, config.unit, config.lowercase, config.min_count, most)
    if config.vectors is None:
        return vocabulary, None
    seen = {as_known(token, config.lowercase) for token in tokens}
    room = max(0, most + 2 - len(vocabulary))
    vectors = read_vectors(Path(config.vectors), seen, room, config.lowercase)
    if seen.isdisjoint(vectors.words):
        raise DataError(
            "No token of the training part has a vector.",
            where=config.vectors,
            expected=f"vectors of {config.unit}, such as {shown(next(iter(seen), ''))}",
            next_step=f"head -n 3 {quoted(config.vectors)} | cut -c1-200",
        )
    return vocabulary.extended(vectors.words, most), vectors


def begin_with(vectors: Vectors | None, embedding: TokenEncoding, vocabulary: Vocabulary) -> None:
    """Let an embedding begin with pre-trained vectors, where there are any."""
    if vectors is not None:
        numbers = torch.tensor(vocabulary.numbers(vectors.words), dtype=torch.int64)
        known = numbers != vocabulary.unknown_id
        embedding.begin_with(numbers[known], torch.from_numpy(vectors.rows)[known])


def layers(config: RecurrentConfig) -> str:
    """A model's recurrent layers in a few words, such as "1 x lstm, 192 units"."""
    return f"{config.num_layers} x {config.cell}, {config.hidden_size} units"


def layers_and_tokens(config: RecurrentConfig, vocabulary: Vocabulary) -> str:
    """The same, and how many tokens the model knows."""
    return f"{layers(config)}, {len(vocabulary):,} tokens"
