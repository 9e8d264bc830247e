"""Running text coloured by a number for each token."""

from __future__ import annotations

import math
from collections.abc import Sequence

from elman.pages.text import Html, element, fragment, number

LEVELS = 8
BITS_A_LEVEL = 1.5


def _level(bits: float) -> int:
    if math.isnan(bits):
        return 0
    return int(max(0.0, min(LEVELS, bits / BITS_A_LEVEL)))


def surprise_key() -> Html:
    """The legend of the colours."""
    steps = [
        element("span", f"{number(level * BITS_A_LEVEL)}", class_=f"s{level}")
        for level in range(0, LEVELS + 1, 2)
    ]
    return element(
        "p", "Bits of surprise: ", *steps, "or more. One bit: it had given the token a chance "
        "of one in two; ten bits: one in a thousand.", class_="note key-row"
    )  # fmt: skip


def surprise_passage(pieces: Sequence[tuple[str, float]]) -> Html:
    """Running text, each piece on a ground that is the fuller the more it surprised the model.

    Args:
        pieces: the text as it reads, spacing included, cut into tokens; with the surprise of
            each in bits (NaN where there is none, such as the first token).
    """
    spans = []
    for index, (piece, bits) in enumerate(pieces):
        core = piece.strip() or piece
        before, _, after = piece.partition(core)
        spans.append(
            fragment(
                before if index else "",
                element("span", core, title=f"{number(bits, 3)} bits", class_=f"s{_level(bits)}"),
                after,
            )
        )
    return element("p", *spans, class_="passage", dir="auto")
