"""Reading pages back: as XML, which forgives nothing, and as HTML, as a browser does."""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from xml.etree import ElementTree as ET


def parsed(markup: str) -> ET.Element:
    """The root element; raises where the markup is not well-formed or cannot be UTF-8."""
    return ET.fromstring(markup.encode("utf-8"))  # noqa: S314


def words(node: ET.Element) -> str:
    """All text of an element, white space run together."""
    return re.sub(r"\s+", " ", "".join(node.itertext())).strip()


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.count: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.count[tag] += 1


def tags(markup: str) -> Counter[str]:
    """How often each element occurs."""
    reader = _Tags()
    reader.feed(markup)
    return reader.count


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours #rrggbb, 1 to 21 (WCAG 2.2, relative luminance)."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (byte / 255 for byte in bytes.fromhex(colour[1:]))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
