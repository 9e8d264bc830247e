"""Escaped text, HTML elements, and numbers that read well."""

from __future__ import annotations

import math
import unicodedata
from html import escape

VOID_TAGS = frozenset({"br", "hr", "img", "link", "meta", "wbr"})
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
OPENING_DIRECTION, CLOSING_DIRECTION = "\u202a\u202b\u202d\u202e", "\u202c"
OPENING_ISOLATE, CLOSING_ISOLATE = "\u2066\u2067\u2068", "\u2069"
JOINERS = frozenset("\u200d\ufe0e\ufe0f")


class Html(str):
    """A string that is HTML already; every other string is text and gets escaped.

    Joining an `Html` with a plain string gives a plain string, so that a mixture is escaped
    in the end and never trusted by accident.
    """

    __slots__ = ()


def _visible(code: int) -> str:
    """What stands on the page for a character that must not: a control picture where one exists."""
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else "\ufffd"


# Neither XML nor HTML may contain these, and UTF-8 cannot encode a lone surrogate.
FORBIDDEN = {
    code: _visible(code)
    for block in (
        (code for code in range(0x20) if chr(code) not in "\t\n"),
        range(0x7F, 0xA0),
        range(0xD800, 0xE000),
        range(0xFDD0, 0xFDF0),
        (plane + last for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF)),
    )
    for code in block
}


def text(value: str) -> Html:
    r"""Escape a text; control characters and lone surrogates become visible signs.

    Example:
        >>> text("<b> & \x07")
        '&lt;b&gt; &amp; ␇'
    """
    if isinstance(value, Html):
        return value
    plain = _closed(value.replace("\r\n", "\n").translate(FORBIDDEN))
    return Html(escape(plain, quote=True))


def _closed(value: str) -> str:
    """The text with its direction marks closed, so that none turns the words after it round."""
    isolates = sum(map(value.count, OPENING_ISOLATE)) - value.count(CLOSING_ISOLATE)
    directions = sum(map(value.count, OPENING_DIRECTION)) - value.count(CLOSING_DIRECTION)
    return value + CLOSING_ISOLATE * isolates + CLOSING_DIRECTION * directions


def fragment(*parts: str) -> Html:
    """Parts one after the other; those that are not `Html` are escaped."""
    return Html("".join(text(part) for part in parts))


def element(tag: str, *children: str, **attributes: str | float | None) -> Html:
    """One element; an attribute's underscores become hyphens, a trailing one is dropped.

    Args:
        tag: name of the element.
        children: texts (escaped) and `Html` (taken as it is).
        attributes: values by name; None leaves the attribute out.

    Example:
        >>> element("p", "1 < 2", class_="note")
        '<p class="note">1 &lt; 2</p>'
    """
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{text(_attribute(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    if tag in VOID_TAGS:
        return Html(f"<{tag}{written} />")
    return Html(f"<{tag}{written}>{fragment(*children)}</{tag}>")


def _attribute(value: str | float) -> str:
    if isinstance(value, str):
        return str(value)
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def number(value: float, digits: int = 4) -> str:
    """A number with the given count of significant digits, written for people.

    Example:
        >>> number(1234567), number(0.83125), number(0.0000321), number(float("nan"))
        ('1,234,567', '0.8313', '3.21 × 10⁻⁵', '–')
    """
    if math.isnan(value):
        return "–"
    sign = "\u2212" if value < 0 else ""
    size = abs(value)
    if math.isinf(size):
        return f"{sign}∞"
    if size < 1e15 and size == int(size):
        return f"{sign}{int(size):,}"
    if not 1e-3 <= size < 1e9:
        mantissa, exponent = f"{size:.2e}".split("e")
        power = str(int(exponent)).translate(SUPERSCRIPTS)
        return f"{sign}{_trimmed(mantissa)} × 10{power}"
    decimals = max(0, digits - 1 - math.floor(math.log10(size)))
    return sign + _trimmed(f"{size:,.{decimals}f}")


def _trimmed(digits: str) -> str:
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def percentage(share: float) -> str:
    """A share between 0 and 1 as a percentage.

    Example:
        >>> percentage(0.8312), percentage(0.99999)
        ('83.1%', '>99.9%')
    """
    if not math.isfinite(share):
        return number(share)
    if 0.9995 <= share < 1:
        return ">99.9%"
    if 0 < share < 0.0005:
        return "<0.1%"
    return f"{share * 100:.1f}%".replace("-", "\u2212")


def clipped(value: str, limit: int) -> str:
    """A name cut to a number of letters for which there is room in a drawing."""
    return value if len(value) <= limit else value[: limit - 1] + "…"


def shorten(value: str, limit: int) -> str:
    """The text, or its beginning and a note on how much was left out.

    Args:
        value: any text.
        limit: characters (code points) to keep; a combining mark is not parted from its letter.
    """
    if len(value) <= limit:
        return value
    end = limit
    while end > 1 and (
        unicodedata.combining(value[end]) or value[end] in JOINERS or value[end - 1] in JOINERS
    ):
        end -= 1
    return f"{value[:end]} … ({len(value) - end:,} more characters)"
