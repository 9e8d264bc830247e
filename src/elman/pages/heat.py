"""A confusion matrix as a heat map with its counts."""

from __future__ import annotations

from collections.abc import Sequence

from elman.errors import UsageError
from elman.pages.tables import scroll_region
from elman.pages.text import Html, clipped, element, fragment, number

LONGEST_LABEL = 16
LETTER_WIDTH = 6.6


def heat_map(title: str, labels: Sequence[str], counts: Sequence[Sequence[int]]) -> Html:
    """Counts of (truth, prediction) pairs, one row a truth, coloured by their share of the row.

    Right answers (the diagonal) and wrong ones have a colour each; zeros stay blank. On a
    narrow screen the map scrolls sideways and the rows' labels stay.

    Args:
        title: what is shown.
        labels: of rows and of columns.
        counts: as many rows and columns as labels.

    Raises:
        UsageError: the matrix does not fit the labels.
    """
    if len(counts) != len(labels) or any(len(row) != len(labels) for row in counts):
        raise UsageError(
            "a confusion matrix does not fit its labels",
            where=f"{len(counts)} rows, {len(labels)} labels",
            expected="one row and one column for each label",
            next_step="pass a square matrix of counts, rows by truth",
        )
    short = [clipped(label, LONGEST_LABEL) for label in labels]
    cell = 44 if len(labels) <= 8 else 34 if len(labels) <= 14 else 25
    upright = max((len(label) for label in short), default=0) * LETTER_WIDTH <= cell - 4
    longest = max((len(label) for label in short), default=0) * LETTER_WIDTH
    head = 24.0 if upright else longest * 0.87 + 14
    size = cell * len(labels)
    height, overhang = head + size + 2, 2.0 if upright else longest * 0.5 + 8
    names = [
        element("text", label, x=longest + 8, y=head + cell * (index + 0.5) + 4, text_anchor="end")
        for index, label in enumerate(short)
    ]
    matrix = element(
        "svg",
        element("title", title),
        element("desc", _spoken(labels, counts)),
        *(_column_name(label, cell * (i + 0.5), head, upright) for i, label in enumerate(short)),
        element("rect", x=0, y=head, width=size, height=size, class_="field"),
        *(_row(row, truth, labels, cell, head + cell * truth) for truth, row in enumerate(counts)),
        width=size + overhang,
        height=height,
        role="img",
    )
    margin = element(
        "svg", *names, width=longest + 16, height=height, aria_hidden="true", class_="pinned"
    )
    key = element(
        "p",
        "Rows: truth. Columns: prediction. ",
        element("span", class_="key right"),
        " right ",
        element("span", class_="key wrong"),
        " wrong; the fuller the colour, the larger the share of the row.",
        class_="note",
    )
    map_ = element("div", margin, matrix, class_="heat")
    return element("figure", element("figcaption", title), key, scroll_region(title, map_))


def _column_name(label: str, x: float, head: float, upright: bool) -> Html:
    if upright:
        return element("text", label, x=x, y=head - 8, text_anchor="middle")
    turn = f"translate({x + 3:.1f} {head - 7:.1f}) rotate(-60)"
    return element("text", label, transform=turn)


def _row(counts: Sequence[int], truth: int, labels: Sequence[str], cell: int, top: float) -> Html:
    total = sum(counts)
    cells = []
    for predicted, count in enumerate(counts):
        if not count:
            continue
        share = count / total
        right = predicted == truth
        fullness = share if right else min(1.0, 0.12 + share * 2)
        name = f"{labels[truth]} taken for {labels[predicted]}: {count:,} of {total:,}"
        cells.append(
            element(
                "g",
                element("title", name),
                element(
                    "rect",
                    x=cell * predicted + 0.5,
                    y=top + 0.5,
                    width=cell - 1,
                    height=cell - 1,
                    rx=2,
                    class_="right" if right else "wrong",
                    fill_opacity=fullness,
                ),
                element(
                    "text",
                    _count(count, cell),
                    x=cell * (predicted + 0.5),
                    y=top + cell / 2 + 4,
                    text_anchor="middle",
                    class_="count",
                ),
            )
        )
    return fragment(*cells)


def _count(count: int, cell: int) -> str:
    """The count in as many letters as the cell holds."""
    if len(str(count)) * LETTER_WIDTH <= cell - 3:
        return str(count)
    for unit, suffix in ((1_000_000, "M"), (1_000, "k")):
        if count >= unit:
            return f"{count / unit:.0f}{suffix}"
    return str(count)


def _spoken(labels: Sequence[str], counts: Sequence[Sequence[int]]) -> str:
    total = sum(map(sum, counts))
    right = sum(counts[index][index] for index in range(len(labels)))
    return (
        f"{number(right)} of {number(total)} examples lie on the diagonal "
        f"of {number(len(labels))} labels."
    )
