"""The answer to one text: its tokens with their tags, told so that they stand aligned."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from elman.data.texts.tag_schemes import Scheme, entities
from elman.data.texts.tokens import detokenise
from elman.data.texts.units import Unit
from elman.training.shapes.answers import on_one_line

Piece = tuple[str, str]
"""A piece of a text and its tag."""

_GAP = "  "
_LINE = 100


@dataclass(frozen=True)
class Tagging:
    """The tags of one text.

    Attributes:
        tokens: of the text.
        tags: one for each token.
        probabilities: for each token that of every tag, whatever the tags of the other tokens.
        scheme: how the tags mark entities.
        unit: what a token is.
    """

    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    probabilities: tuple[Mapping[str, float], ...]
    scheme: Scheme
    unit: Unit

    def line(self, top: int, item: str | None) -> str:
        """Tokens with their tags below; without an item the tags alone, a space between two.

        With more than one answer asked for, a token a line, with its likeliest tags.
        """
        if top > 1:
            return "\n".join(
                "\t".join([on_one_line(token), *_told(shares, top)])
                for token, shares in zip(self.tokens, self.probabilities, strict=True)
            )
        if item is None:
            return " ".join(map(on_one_line, self.tags))
        pieces = [(on_one_line(piece), on_one_line(tag)) for piece, tag in self._pieces()]
        return "".join(
            f"{_row([piece for piece, _ in few], few)}\n{_row([tag for _, tag in few], few)}\n"
            for few in _rows(pieces)
        )

    def facts(self, top: int) -> dict[str, Any]:
        """Tokens, tags and probabilities, and entities where the tags mark them."""
        told: dict[str, Any] = {
            "tokens": list(self.tokens),
            "tags": list(self.tags),
            "probabilities": [
                shares[tag] for shares, tag in zip(self.probabilities, self.tags, strict=True)
            ],
        }
        if self.scheme != "plain":
            told["entities"] = [
                {
                    "kind": entity.kind,
                    "text": detokenise(self.tokens[entity.start : entity.end], self.unit),
                    "start": entity.start,
                    "end": entity.end,
                }
                for entity in entities(self.tags)
            ]
        if top > 1:
            told["top"] = [_ranked(shares, top) for shares in self.probabilities]
        return told

    def _pieces(self) -> list[Piece]:
        """Tokens with their tags; of characters those side by side that have one tag."""
        pairs = list(zip(self.tokens, self.tags, strict=True))
        if self.unit == "words":
            return pairs
        runs = groupby(pairs, key=lambda pair: pair[1])
        return [("".join(token for token, _ in run), tag) for tag, run in runs]


def _ranked(shares: Mapping[str, float], top: int) -> dict[str, float]:
    return dict(sorted(shares.items(), key=lambda pair: -pair[1])[:top])


def _told(shares: Mapping[str, float], top: int) -> Sequence[str]:
    return [f"{on_one_line(tag)} {share:.3f}" for tag, share in _ranked(shares, top).items()]


def _rows(pieces: Sequence[Piece]) -> Iterator[Sequence[Piece]]:
    """As many pieces at a time as stand side by side on a line."""
    few: list[Piece] = []
    used = 0
    for piece in pieces:
        width = max(map(_width, piece)) + len(_GAP)
        if few and used + width > _LINE:
            yield few
            few, used = [], 0
        few.append(piece)
        used += width
    if few:
        yield few


def _row(cells: Sequence[str], pieces: Sequence[Piece]) -> str:
    """Cells in columns as wide as the wider of each piece and its tag."""
    widths = [max(map(_width, piece)) for piece in pieces]
    padded = (
        cell + " " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True)
    )
    return _GAP.join(padded).rstrip()


def _width(text: str) -> int:
    """How many columns of a terminal a text takes.

    Example:
        >>> _width("東京"), _width("é")
        (4, 1)
    """
    wide = sum(unicodedata.east_asian_width(sign) in "WF" for sign in text)
    unseen = sum(unicodedata.category(sign) in ("Mn", "Me", "Cf") for sign in text)
    return len(text) + wide - unseen
