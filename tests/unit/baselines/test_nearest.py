from __future__ import annotations

import math
from collections import Counter

import pytest

from elman.baselines.nearest import NearestText
from elman.baselines.ngram_classifier import ngrams
from elman.data.texts.units import Unit
from elman.errors import UsageError

TEXTS = ["6 July 1900", "7 July 1900", "6 juillet 1900", "Friday", "a", "6 July 1900"]


def plainly(texts: list[str], query: str, unit: Unit) -> int:
    """The place of the highest cosine, with dictionaries."""
    bags = [set(ngrams(text, unit)) for text in texts]
    counts = Counter(gram for bag in bags for gram in bag)
    rarity = {gram: math.log(len(texts) / count) for gram, count in counts.items()}

    def product(one: set[str], other: set[str]) -> float:
        return sum(rarity.get(gram, 0.0) ** 2 for gram in one & other)

    asked = set(ngrams(query, unit))
    cosines = [product(asked, bag) / max(math.sqrt(product(bag, bag)), 1e-12) for bag in bags]
    return cosines.index(max(cosines))


@pytest.mark.parametrize("unit", ["words", "characters"])
@pytest.mark.parametrize("query", ["6 July 1900", "8 July 1901", "friday", "juillet", "aaa"])
def test_it_is_the_highest_cosine(unit: Unit, query: str) -> None:
    nearest = NearestText(unit).fit(TEXTS)
    assert nearest.nearest([query]) == [plainly(TEXTS, query, unit)]


def test_of_equally_near_texts_the_first_is_taken() -> None:
    nearest = NearestText("characters").fit(TEXTS)
    assert nearest.nearest(["6 July 1900", "§", ""]) == [0, 0, nearest.nearest([""])[0]]


def test_without_texts_there_is_nothing_to_be_near_to() -> None:
    with pytest.raises(UsageError, match="no text to be near to"):
        NearestText("words").fit([])
