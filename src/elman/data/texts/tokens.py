"""From text to tokens and back, for every script.

A character is what a reader takes for one: a grapheme cluster, base and marks together; a code
point is what it is put together from, such as a letter or a mark. A word is
a run of word characters, marks and joiners included, with its inner apostrophes and hyphens.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

import regex

from elman.data.texts.units import Unit

_CHARACTER = regex.compile(r"\X")
# A word; or a line break; or a run of one same sign. A sign is a whole grapheme cluster, except
# for those that would draw the next character in, white space included (U+0600 and its like).
_WORD = regex.compile(
    r"\w+(?:['’\-‐‑]\w+)*+|\n|((?=[^\w\s])(?:\p{Grapheme_Cluster_Break=Prepend}|\X))\1*+"
)
_UNSPACED = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}]+"
)

_OPENING_SIGNS = frozenset("¿¡#@$£€¥")
_LOOSE_SIGNS = frozenset("&*†‡§¶")
_TIGHT_SIGNS = frozenset("/\\\n")
_STRAIGHT_QUOTES = frozenset("\"'")


def normalise(text: str) -> str:
    """The text in Unicode's normal form C, in which equal characters are equal code points."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def tokenise(text: str, unit: Unit, lowercase: bool = False) -> list[str]:
    r"""The tokens of a text.

    Args:
        text: any text.
        unit: "characters" gives grapheme clusters, "codepoints" what they are put together
            from. "words" gives words, runs of one same sign,
            and "\n" for each line break; other white space only separates.
        lowercase: whether to lowercase the text first.

    Example:
        >>> tokenise("It's a well-known film...", "words")
        ["It's", 'a', 'well-known', 'film', '...']
    """
    return list(iterate(text, unit, lowercase))


def as_known(text: str, lowercase: bool) -> str:
    """The text in the form in which vocabularies hold it.

    Example:
        >>> as_known("Film", lowercase=True)
        'film'
    """
    text = normalise(text)
    return normalise(text.lower()) if lowercase else text


def iterate(text: str, unit: Unit, lowercase: bool = False) -> Iterator[str]:
    """The tokens of a text, one at a time: see `tokenise`."""
    text = as_known(text, lowercase)
    if unit == "codepoints" or (unit == "characters" and text.isascii() and "\r" not in text):
        return iter(text)
    pattern = _CHARACTER if unit == "characters" else _WORD
    return (match[0] for match in pattern.finditer(text))


def unspaced(text: str) -> int:
    """How many of a text's characters belong to scripts that put no spaces between words.

    Example:
        >>> unspaced("新 film")
        1
    """
    return 0 if text.isascii() else sum(map(len, _UNSPACED.findall(text)))


def detokenise(tokens: Sequence[str], unit: Unit) -> str:
    """Readable text from tokens; for characters exactly what they came from.

    Example:
        >>> detokenise(["Yes", ",", "(", "really", ")", "!"], "words")
        'Yes, (really)!'
    """
    if unit != "words":
        return "".join(tokens)
    pieces: list[str] = []
    open_quotes: set[str] = set()
    glued = True
    for token in tokens:
        left, right = _sides(token, open_quotes)
        if not (glued or left):
            pieces.append(" ")
        pieces.append(token)
        glued = right
    return "".join(pieces)


def _sides(token: str, open_quotes: set[str]) -> tuple[bool, bool]:
    """Whether a token sticks to what stands on its left, and on its right."""
    sign = token[0]
    if sign == "\n":
        open_quotes.clear()
    if sign in _TIGHT_SIGNS:
        return True, True
    if sign in _STRAIGHT_QUOTES:
        open_quotes.symmetric_difference_update(sign)
        return sign not in open_quotes, sign in open_quotes
    category = unicodedata.category(sign)
    if category in ("Ps", "Pi") or sign in _OPENING_SIGNS:
        return _east_asian(sign), True
    if category in ("Pe", "Pf", "Po") and sign not in _LOOSE_SIGNS:
        return True, _east_asian(sign)
    return False, False


def _east_asian(sign: str) -> bool:
    """Whether a sign of punctuation carries its own space: 。 「 （ and their like."""
    return "\u3000" <= sign <= "\u303f" or "\uff00" <= sign <= "\uffef"
