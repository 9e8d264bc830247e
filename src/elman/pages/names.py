"""Names along an axis, as many as there is room for."""

from __future__ import annotations

import math
from collections.abc import Sequence

from elman.pages.text import Html, clipped, element

LONGEST_NAME = 10
LETTER_WIDTH = 7.0
LINE_HEIGHT = 13.0


def beside(names: Sequence[str], right: float, height: float) -> list[Html]:
    """Names in front of rows of this height, set flush right."""
    stride = math.ceil(LINE_HEIGHT / height)
    return [
        _name(name, x=right, y=height * (row + 0.5) + 4, text_anchor="end")
        for row, name in enumerate(names)
        if row % stride == 0
    ]


def below(
    names: Sequence[str], left: float, width: float, floor: float
) -> tuple[list[Html], float]:
    """Names below columns of this width, turned where they are long, and the depth they take."""
    longest = width_of(names)
    upright = longest <= max(width, LINE_HEIGHT) * 1.5
    stride = math.ceil((longest + 4 if upright else LINE_HEIGHT) / width)
    drawn = []
    for column in range(0, len(names), stride):
        x = left + width * (column + 0.5)
        if upright:
            drawn.append(_name(names[column], x=x, y=floor + 14, text_anchor="middle"))
        else:
            turn = f"translate({x + 3:.1f} {floor + 9:.1f}) rotate(-60)"
            drawn.append(_name(names[column], transform=turn, text_anchor="end"))
    return drawn, 16.0 if upright else longest * 0.87 + 12


def width_of(names: Sequence[str]) -> float:
    """How much room the longest of the names takes, each cut to its most letters."""
    return LETTER_WIDTH * min(LONGEST_NAME, max(map(len, names), default=0))


def _name(name: str, **attributes: str | float) -> Html:
    return element("text", clipped(name, LONGEST_NAME), class_="tick", **attributes)
