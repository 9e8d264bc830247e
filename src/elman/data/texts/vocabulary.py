"""Which tokens a model knows, and the numbers they go by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby, islice
from statistics import median
from typing import ClassVar, Final, get_args

from elman.data.texts.tokens import (
    as_known,
    detokenise,
    iterate,
    normalise,
    tokenise,
    unspaced,
)
from elman.data.texts.units import Unit
from elman.errors import CorruptRunError

__all__ = ["Vocabulary", "choose_unit", "detokenise", "normalise", "tokenise"]

UNKNOWN: Final = "<unknown>"
END: Final = "<end>"
MAX_TOKENS = 2_000_000
SHORT_TEXT_WORDS = 3
UNSPACED_LENGTH = 15.0


def choose_unit(texts: Sequence[str]) -> tuple[Unit, str]:
    """Words or characters, and one sentence that says why.

    Characters suit short names, and scripts that put no spaces between words.

    Example:
        >>> choose_unit(["Finland", "Sri Lanka"])
        ('characters', 'characters: half of the texts have at most 3 words')
    """
    pieces = [text.split() for text in texts]
    middle = median(map(len, pieces)) if pieces else 0
    if middle <= SHORT_TEXT_WORDS:
        return "characters", f"characters: half of the texts have at most {SHORT_TEXT_WORDS} words"
    visible = sum(map(len, chain.from_iterable(pieces)))
    if 2 * sum(map(unspaced, texts)) > visible:
        return "characters", "characters: the script puts no spaces between words"
    length = visible / sum(map(len, pieces))
    if length > UNSPACED_LENGTH:
        return "characters", f"characters: {length:.0f} of them between two spaces on average"
    return "words", f"words: {middle:g} of them in the middle text, {length:.1f} characters each"


@dataclass(frozen=True)
class Vocabulary:
    """Tokens and their numbers; the first two stand for unknown tokens and for a document's end.

    Args:
        tokens: every token, at the place of its number.
        unit: what a token is.
        lowercase: whether texts are lowercased before they are looked up.

    Example:
        >>> vocabulary = Vocabulary.build(["so good", "so so"], "words")
        >>> vocabulary.tokens
        ('<unknown>', '<end>', 'so', 'good')
        >>> vocabulary.encode("so bad"), vocabulary.decode([2, 3])
        ([2, 0], 'so good')
    """

    tokens: tuple[str, ...]
    unit: Unit
    lowercase: bool = False
    unknown_id: ClassVar[int] = 0
    end_id: ClassVar[int] = 1
    _numbers: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # A text that spells out a special token must not be able to produce its number.
        known = {token: number for number, token in enumerate(self.tokens) if number > self.end_id}
        object.__setattr__(self, "_numbers", known)

    @classmethod
    def build(
        cls,
        texts: Iterable[str],
        unit: Unit,
        lowercase: bool = False,
        min_count: int = 1,
        max_size: int | None = None,
    ) -> Vocabulary:
        """Count the tokens of the texts; the order is by falling frequency, then by token.

        Args:
            texts: the texts to learn the tokens from: those of the training part.
            unit: words or characters.
            lowercase: whether to lowercase the texts first.
            min_count: a token that is rarer is unknown; 1 or more.
            max_size: at most so many tokens, the two special ones not counted; None for no limit.
        """
        tokens = chain.from_iterable(iterate(text, unit, lowercase) for text in texts)
        return cls._counted(tokens, unit, lowercase, min_count, max_size)

    @classmethod
    def of_tokens(
        cls,
        tokens: Iterable[str],
        unit: Unit,
        lowercase: bool = False,
        min_count: int = 1,
        max_size: int | None = None,
    ) -> Vocabulary:
        """The same of tokens that the source itself has divided.

        Example:
            >>> Vocabulary.of_tokens(["New York", "new york"], "words", lowercase=True).tokens
            ('<unknown>', '<end>', 'new york')
        """
        known = (as_known(token, lowercase) for token in tokens)
        return cls._counted(known, unit, lowercase, min_count, max_size)

    @classmethod
    def _counted(
        cls,
        tokens: Iterable[str],
        unit: Unit,
        lowercase: bool,
        min_count: int,
        max_size: int | None,
    ) -> Vocabulary:
        frequent = [pair for pair in Counter(tokens).items() if pair[1] >= min_count]
        frequent.sort(key=lambda pair: (-pair[1], pair[0]))
        size = MAX_TOKENS - 2 if max_size is None else min(max_size, MAX_TOKENS - 2)
        return cls((UNKNOWN, END, *(token for token, _ in frequent[:size])), unit, lowercase)

    def extended(self, tokens: Iterable[str], max_size: int) -> Vocabulary:
        """The same vocabulary with further tokens at its end, those that it has left out.

        Args:
            tokens: in the form in which the vocabulary holds them.
            max_size: at most so many tokens in all, the two special ones not counted.

        Example:
            >>> Vocabulary.build(["so good"], "words").extended(["so", "bad"], 9).tokens
            ('<unknown>', '<end>', 'good', 'so', 'bad')
        """
        tokens = dict.fromkeys((*self.tokens, *tokens))
        return Vocabulary(tuple(tokens)[: max_size + 2], self.unit, self.lowercase)

    def __len__(self) -> int:
        """Number of tokens, the two special ones included."""
        return len(self.tokens)

    def encode(self, text: str, max_length: int | None = None) -> list[int]:
        """The numbers of a text's tokens, without an end.

        Args:
            text: any text.
            max_length: keep so many tokens from the front; a token is never cut.
        """
        tokens = islice(iterate(text, self.unit, self.lowercase), max_length)
        return [self._numbers.get(token, self.unknown_id) for token in tokens]

    def numbers(self, tokens: Iterable[str]) -> list[int]:
        """The numbers of tokens that the source itself has divided."""
        known = (as_known(token, self.lowercase) for token in tokens)
        return [self._numbers.get(token, self.unknown_id) for token in known]

    def decode(self, numbers: Iterable[int]) -> str:
        """Readable text; an end within becomes a blank line, a last one vanishes."""
        runs = groupby(numbers, key=lambda number: number == self.end_id)
        documents = ([self.tokens[number] for number in run] for ends, run in runs if not ends)
        return "\n\n".join(detokenise(tokens, self.unit) for tokens in documents)

    def to_json(self) -> dict[str, object]:
        """The vocabulary as a value that JSON can hold."""
        return {"unit": self.unit, "lowercase": self.lowercase, "tokens": list(self.tokens)}

    @classmethod
    def from_json(cls, value: object) -> Vocabulary:
        """The vocabulary that `to_json` wrote.

        Raises:
            CorruptRunError: the value is anything else.
        """
        fault = _fault(value)
        if fault or not isinstance(value, Mapping):
            raise CorruptRunError(
                f"The vocabulary is damaged: {fault}.",
                where="vocabulary.json",
                expected="the file as the training wrote it",
                next_step="copy the run folder again, or train again",
            )
        return cls(tuple(value["tokens"]), value["unit"], value["lowercase"])


def _fault(value: object) -> str:
    """What is wrong with a vocabulary read from JSON; empty when nothing is."""
    if not isinstance(value, Mapping) or set(value) != {"unit", "lowercase", "tokens"}:
        return "it has not exactly the keys 'lowercase', 'tokens' and 'unit'"
    tokens = value["tokens"]
    if value["unit"] not in get_args(Unit):
        return "its unit is none of the units that there are"
    if not isinstance(value["lowercase"], bool):
        return "'lowercase' is neither true nor false"
    if not isinstance(tokens, list) or not all(isinstance(token, str) for token in tokens):
        return "'tokens' is not a list of strings"
    if len(tokens) > MAX_TOKENS:
        return f"it has more than {MAX_TOKENS:,} tokens"
    if tokens[:2] != [UNKNOWN, END]:
        return f"its first tokens are not {UNKNOWN!r} and {END!r}"
    if "" in tokens or len(set(tokens)) != len(tokens):
        return "a token is empty or stands twice"
    return ""
