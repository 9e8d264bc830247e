"""The shell of a page: one file that loads nothing and runs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from elman.pages.style import STYLE
from elman.pages.text import Html, element, fragment

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: its anchor, its heading, and its content."""

    anchor: str
    heading: str
    content: Html


def document(title: str, opening: Html, sections: Sequence[Section], closing: str = "") -> str:
    """A whole page, well-formed both as HTML and as XML.

    Args:
        title: of the window.
        opening: what stands first, above the list of sections.
        sections: in order.
        closing: a line at the foot.
    """
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        # An empty icon keeps a browser from asking a server for one.
        element("link", rel="icon", href="data:,"),
        element("style", Html(STYLE)),
    )
    parts = [
        element(
            "section",
            element("h2", section.heading, id=f"{section.anchor}-heading"),
            section.content,
            id=section.anchor,
            aria_labelledby=f"{section.anchor}-heading",
        )
        for section in sections
    ]
    body = element(
        "body",
        element("header", opening, _contents(sections)),
        element("main", *parts),
        *([element("footer", closing)] if closing else []),
    )
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def _contents(sections: Sequence[Section]) -> Html:
    if not sections:
        return fragment()
    links = [
        element("li", element("a", section.heading, href=f"#{section.anchor}"))
        for section in sections
    ]
    return element("nav", element("ul", *links), aria_label="Sections")
