"""What was attended to while a text was written: a row a token written, a column a token read."""

from __future__ import annotations

from collections.abc import Sequence

from elman.errors import UsageError
from elman.pages.tables import scroll_region
from elman.pages.text import Html, clipped, element

LONGEST_TOKEN = 16
LETTER_WIDTH = 6.6
CELL = 22
FAINTEST = 0.01
"""Weights below this are left blank: they could not be seen."""


def alignment_map(
    title: str, read: Sequence[str], written: Sequence[str], weights: Sequence[Sequence[float]]
) -> Html:
    """Attention weights as a heat map, the fuller the larger; each row adds up to 1.

    Args:
        title: what is shown.
        read: the tokens of the source, one a column.
        written: the tokens of the target, one a row.
        weights: of each row.

    Raises:
        UsageError: the weights do not fit the tokens.
    """
    if len(weights) != len(written) or any(len(row) != len(read) for row in weights):
        raise UsageError(
            "attention weights do not fit the tokens",
            where=f"{len(weights)} rows of weights",
            expected=f"{len(written)} rows of {len(read)}",
            next_step="pass a row for each token written",
        )
    columns = [clipped(token, LONGEST_TOKEN) for token in read]
    rows = [clipped(token, LONGEST_TOKEN) for token in written]
    single = max(map(len, columns), default=0) <= 2
    tallest = max(map(len, columns), default=0) * LETTER_WIDTH
    head = 24.0 if single else tallest * 0.87 + 14
    margin = max(map(len, rows), default=0) * LETTER_WIDTH + 14
    width, height = margin + CELL * len(read), head + CELL * len(written)
    overhang = 2.0 if single else tallest * 0.5 + 8
    field = {"x": margin, "y": head, "width": width - margin, "height": height - head}
    places = [
        (row, column)
        for row in range(len(written))
        for column in range(len(read))
        if weights[row][column] >= FAINTEST
    ]
    picture = element(
        "svg",
        element("title", title),
        element("desc", _spoken(read, written, weights)),
        element("rect", **field, class_="field"),
        *(_column(name, margin + CELL * (i + 0.5), head, single) for i, name in enumerate(columns)),
        *(_row(name, margin, head + CELL * (i + 0.5)) for i, name in enumerate(rows)),
        *(
            _cell(
                f"{written[row]} read {read[column]}: {weights[row][column]:.0%}",
                weights[row][column],
                margin + CELL * column,
                head + CELL * row,
            )
            for row, column in places
        ),
        width=width + overhang,
        height=height + 2,
        role="img",
    )
    map_ = element("div", picture, class_="heat")
    caption = element("figcaption", title, dir="auto")
    return element("figure", caption, scroll_region(title, map_))


def _column(name: str, x: float, head: float, single: bool) -> Html:
    if single:
        return element("text", name, x=x, y=head - 8, text_anchor="middle")
    turn = f"translate({x + 3:.1f} {head - 7:.1f}) rotate(-60)"
    return element("text", name, transform=turn)


def _row(name: str, margin: float, y: float) -> Html:
    return element("text", name, x=margin - 8, y=y + 4, text_anchor="end")


def _cell(name: str, weight: float, x: float, y: float) -> Html:
    return element(
        "rect",
        element("title", name),
        x=x + 0.5,
        y=y + 0.5,
        width=CELL - 1,
        height=CELL - 1,
        rx=2,
        class_="right",
        fill_opacity=min(weight, 1.0),
    )


def _spoken(read: Sequence[str], written: Sequence[str], weights: Sequence[Sequence[float]]) -> str:
    """For each token written the one that it attended to most."""
    most = [max(range(len(row)), key=row.__getitem__) for row in weights if len(row)]
    pairs = zip(written, most, strict=False)
    return "; ".join(f"{token} read {read[place]} most" for token, place in pairs) + "."
