"""Text with the tag of each piece below it, and the truth where the tag is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from elman.pages.style import TAG_COLOURS
from elman.pages.text import Html, element

PLAIN = "O"
"""The tag that stands for nothing, and has no colour."""


class Tagged(NamedTuple):
    """A piece of text, the tag that it was given, and the tag that is true."""

    text: str
    tag: str
    truth: str


def tag_key(tags: Sequence[str]) -> Html:
    """The legend: every tag on its ground; and how a wrong one is marked."""
    shown = [element("span", tag, class_=_ground(tag, tags)) for tag in tags]
    return element(
        "p", *shown, "A wrong tag has the true one behind it.", class_="note tag-key"
    )  # fmt: skip


def tagged_text(pieces: Sequence[Tagged], tags: Sequence[str], *, joined: bool) -> Html:
    """Pieces side by side, each on the ground of its tag.

    Args:
        pieces: of the text, in order.
        tags: all tags, by whose order the grounds are chosen.
        joined: whether neighbours with one tag are one piece, as for characters; otherwise there
            is a space between two.
    """
    if joined:
        pieces = [
            Tagged("".join(piece.text for piece in run), tag, truth)
            for (tag, truth), run in groupby(pieces, key=lambda piece: piece[1:])
        ]
    return element("p", *(_piece(piece, tags) for piece in pieces), class_="tagged", dir="auto")


def _piece(piece: Tagged, tags: Sequence[str]) -> Html:
    wrong = piece.tag != piece.truth
    below = element("small", f"{piece.tag} ≠ {piece.truth}" if wrong else piece.tag)
    ground = _ground(piece.tag, tags) + " wrong" * wrong
    return element("span", element("bdi", piece.text), below, class_=ground)


def _ground(tag: str, tags: Sequence[str]) -> str:
    """The class of a tag's ground; entities of one kind share theirs."""
    kinds = list(dict.fromkeys(_kind(one) for one in tags if one != PLAIN))
    return "t" if tag not in tags or tag == PLAIN else f"t t{kinds.index(_kind(tag)) % TAG_COLOURS}"


def _kind(tag: str) -> str:
    prefix, _, kind = tag.partition("-")
    return kind if kind and prefix in ("B", "I", "E", "S") else tag
