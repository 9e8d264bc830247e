"""Tables and lists of facts that a screen reader can follow."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from elman.pages.text import Html, element, fragment


def scroll_region(name: str, content: Html) -> Html:
    """A region that scrolls sideways on a narrow screen, by keyboard too."""
    return element("div", content, class_="scroll", role="region", aria_label=name, tabindex=0)


def table(
    caption: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    numeric: Collection[int] = (),
) -> Html:
    """A table with a caption; the first cell of a row is the row's heading.

    Args:
        caption: what the table shows.
        columns: headings, one a column.
        rows: cells, texts or `Html`.
        numeric: indices of the columns that hold numbers and are set flush right.
    """

    def side(index: int) -> str | None:
        return "number" if index in numeric else None

    head = [
        element("th", heading, scope="col", class_=side(index))
        for index, heading in enumerate(columns)
    ]
    body = [
        element("tr", *(_cell(index, cell, side(index)) for index, cell in enumerate(row)))
        for row in rows
    ]
    return scroll_region(
        caption,
        element(
            "table",
            element("caption", caption),
            element("thead", element("tr", *head)),
            element("tbody", *body),
        ),
    )


def _cell(index: int, content: str, side: str | None) -> Html:
    # dir=auto sets Hebrew or Arabic the right way, and keeps a stray direction mark in its cell.
    direction = None if side else "auto"
    if index == 0:
        return element("th", content, scope="row", class_=side, dir=direction)
    return element("td", content, class_=side, dir=direction)


def facts(pairs: Mapping[str, str]) -> Html:
    """Names and values as a definition list."""
    return element(
        "dl",
        *(
            element("div", fragment(element("dt", name), element("dd", value, dir="auto")))
            for name, value in pairs.items()
        ),
        class_="facts",
    )


def fold(summary: str, content: Html) -> Html:
    """Content that opens on request, without a script."""
    return element("details", element("summary", summary), content)
