"""English prose for experiments: the sentences and paragraphs of Python's own help texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from elman.data.batches import ragged
from elman.data.built_in import pydocs
from elman.data.texts.tokens import tokenise
from elman.sequences import Ragged

_SENTENCE_ENDS = re.compile(r"(?<=[.!?])\s+|\n\n")
_PARAGRAPH_ENDS = re.compile(r"\n\n+")

Words = list[str]


def sentences(part: str, shortest: int, longest: int) -> list[Words]:
    """The sentences of a part, as words in lower case without signs.

    Args:
        part: "train", "validation" or "test".
        shortest: words that a sentence must have.
        longest: words that it may have.
    """
    found = _pieces(part, _SENTENCE_ENDS)
    return [words for words in found if shortest <= len(words) <= longest]


def paragraphs(part: str) -> list[Words]:
    """The paragraphs of a part, likewise, whatever their length."""
    return [words for words in _pieces(part, _PARAGRAPH_ENDS) if words]


def _pieces(part: str, ends: re.Pattern[str]) -> Iterable[Words]:
    for document in getattr(pydocs.load(0), part):
        for piece in ends.split(document.text):
            words = tokenise(piece, "words", lowercase=True)
            yield [word for word in words if any(map(str.isalnum, word))]


class Numbering:
    """Words as numbers; 0 for those that occur once, or never.

    Args:
        texts: to learn the words from.
    """

    def __init__(self, texts: Iterable[Words]) -> None:
        counts = Counter(word for words in texts for word in words)
        known = [word for word, count in counts.items() if count > 1]
        self._numbers = {word: number for number, word in enumerate(known, start=1)}

    def __len__(self) -> int:
        return 1 + len(self._numbers)

    def batch(self, texts: Sequence[Words]) -> Ragged:
        """Texts as a batch, values [N] (int64)."""
        return ragged([[self._numbers.get(word, 0) for word in words] for words in texts])
