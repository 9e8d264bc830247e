"""The cheapest rival of what writes texts: the answer to the most similar training example."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import log
from typing import Self

import torch
from torch import Tensor

from elman.baselines.ngram_classifier import ngrams
from elman.data.texts.units import Unit
from elman.errors import UsageError

_CHUNK = 256
"""Vectors compared at once, so that memory stays bounded."""


class NearestText:
    """The training text that shares the most n-grams with another, rare ones counting more.

        similarity(a, b) = x_a · x_b / (|x_a| |x_b|),   x_g = log(texts / texts with g)

    for each n-gram g in a text (words: 1 and 2; characters: 1 to 4), 0 for the others. Of equally
    similar texts the first is taken.

    Source: Manning, Raghavan, Schütze (2008), "Introduction to information retrieval", sections
    6.2 and 6.3, with n-grams present or absent.

    Example:
        >>> NearestText("words").fit(["good film", "bad book"]).nearest(["a bad film", "books"])
        [0, 0]
    """

    def __init__(self, unit: Unit) -> None:
        self.unit: Unit = unit
        self._having: dict[str, Tensor] = {}  # n-gram to the places of the texts that have it
        self._rarity: dict[str, float] = {}  # n-gram to its x
        self._lengths = torch.empty(0)  # [texts] |x| of each

    def fit(self, texts: Sequence[str]) -> Self:
        """Learn the texts to choose from.

        Raises:
            UsageError: there is none.
        """
        if not texts:
            raise UsageError("there is no text to be near to", expected="at least one text")
        places: defaultdict[str, list[int]] = defaultdict(list)
        for place, text in enumerate(texts):
            for gram in ngrams(text, self.unit):
                places[gram].append(place)
        self._having = {gram: torch.tensor(found) for gram, found in places.items()}
        self._rarity = {gram: log(len(texts) / len(found)) for gram, found in places.items()}
        squares = torch.zeros(len(texts), dtype=torch.float64)
        for gram, having in self._having.items():
            squares[having] += self._rarity[gram] ** 2
        self._lengths = squares.sqrt().clamp(min=1e-12)
        return self

    def nearest(self, texts: Sequence[str]) -> list[int]:
        """The place of the nearest training text for each text."""
        return [int(self._products(text).div(self._lengths).argmax()) for text in texts]

    def _products(self, text: str) -> Tensor:
        """The product of a text's vector with that of each training text, [texts]."""
        products = torch.zeros_like(self._lengths)
        for gram in ngrams(text, self.unit):
            if gram in self._having:
                products[self._having[gram]] += self._rarity[gram] ** 2
        return products


def nearest_vectors(known: Tensor, asked: Tensor) -> list[int]:
    """The row of the nearest known vector for each that is asked for, by Euclidean distance.

    Args:
        known: [N, F].
        asked: [M, F].

    Example:
        >>> nearest_vectors(torch.tensor([[0.0], [9.0]]), torch.tensor([[4.0], [5.0]]))
        [0, 1]
    """
    found: list[int] = []
    for rows in asked.split(_CHUNK):
        found += [int(place) for place in torch.cdist(rows, known).argmin(1)]
    return found
