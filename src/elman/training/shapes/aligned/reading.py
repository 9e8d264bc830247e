"""From tokens to what a model reads: their numbers, and how they are spelt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch

from elman.data.batches import ragged
from elman.data.texts.vocabulary import Vocabulary
from elman.models.aligned import Spelt
from elman.sequences import Ragged


class Encoded(NamedTuple):
    """A sentence: the number of each token, and the token itself."""

    numbers: list[int]
    tokens: tuple[str, ...]


class Reading:
    """What a model knows of tokens.

    Args:
        words: the tokens.
        characters: those that tokens are spelt with; None for a model that does not read them.
    """

    def __init__(self, words: Vocabulary, characters: Vocabulary | None) -> None:
        self.words = words
        self.characters = characters
        self._spelt: dict[str, list[int]] = {}

    def encode(self, tokens: Sequence[str]) -> Encoded:
        """A sentence of such tokens."""
        return Encoded(self.words.numbers(tokens), tuple(tokens))

    def batch(self, sentences: Sequence[Encoded]) -> tuple[Ragged, Spelt | None]:
        """Sentences laid end to end, with the spelling of each different token once."""
        numbers = ragged([sentence.numbers for sentence in sentences])
        if self.characters is None:
            return numbers, None
        tokens = [token for sentence in sentences for token in sentence.tokens]
        places = {token: place for place, token in enumerate(dict.fromkeys(tokens))}
        spellings = ragged([self._spelling(token) for token in places])
        of_token = torch.tensor([places[token] for token in tokens], dtype=torch.int64)
        return numbers, Spelt(spellings, of_token)

    def _spelling(self, token: str) -> list[int]:
        if self.characters is None:
            return []
        known = self._spelt.get(token)
        if known is None:
            known = self._spelt[token] = self.characters.encode(token)
        return known
