from __future__ import annotations

import math

import pytest

from elman.pages.text import Html, element, fragment, number, percentage, shorten, text
from tests.markup import parsed

DIRECTIONS = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}


@pytest.mark.parametrize(
    ("raw", "escaped"),
    [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("\"a\" & 'b'", "&quot;a&quot; &amp; &#x27;b&#x27;"),
        ("a\x00b\x1bc\x7f", "a␀b␛c␡"),
        ("\ud800x\udfff", "\ufffdx\ufffd"),
        ("\ufffe\uffff\U0001ffff\x85", "\ufffd" * 4),
        ("tab\tline\nnext\r\nend\r", "tab\tline\nnext\nend␍"),
        ("नमस्ते 👩‍👩‍👧", "नमस्ते 👩‍👩‍👧"),
    ],
)
def test_text_is_escaped_and_made_storable(raw: str, escaped: str) -> None:
    assert text(raw) == escaped
    assert parsed(f"<p>{text(raw)}</p>").text is not None


@pytest.mark.parametrize(
    ("raw", "closed"),
    [
        ("\u202eabc", "\u202eabc\u202c"),
        ("\u202b\u202dabc\u202c", "\u202b\u202dabc\u202c\u202c"),
        ("\u2067a\u202eb", "\u2067a\u202eb\u2069\u202c"),
        ("\u202ba\u202c \u2066b\u2069", "\u202ba\u202c \u2066b\u2069"),
        ("a\u202c\u2069b", "a\u202c\u2069b"),
    ],
)
def test_a_direction_mark_ends_with_its_text(raw: str, closed: str) -> None:
    assert text(raw) == closed


def test_every_character_below_the_astral_planes_is_safe_in_text_and_attribute() -> None:
    everything = "".join(chr(code) for code in range(0x10000) if code not in DIRECTIONS)
    root = parsed(element("p", everything, title=everything))
    assert len(root.text or "") == len(everything)
    assert len(root.get("title") or "") == len(everything)


def test_html_is_taken_as_it_is_but_a_mixture_with_text_is_text() -> None:
    assert element("p", Html("<b>x</b>")) == "<p><b>x</b></p>"
    assert element("p", Html("<b>x</b>") + "<i>") == "<p>&lt;b&gt;x&lt;/b&gt;&lt;i&gt;</p>"
    assert fragment("<", Html("<br />")) == "&lt;<br />"


def test_attributes_are_escaped_named_and_left_out() -> None:
    made = element("a", "x", class_="q", aria_label='"><script>', x1=2.5, y1=3.0, id=None)
    assert parsed(made).attrib == {
        "class": "q",
        "aria-label": '"><script>',
        "x1": "2.5",
        "y1": "3",
    }


def test_void_elements_close_themselves_and_others_do_not() -> None:
    assert element("br") == "<br />"
    assert element("td") == "<td></td>"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (12.0, "12"),
        (1234567, "1,234,567"),
        (-12.3456, "−12.35"),
        (9.99996, "10"),
        (0.5, "0.5"),
        (1e-300, "1 × 10⁻³⁰⁰"),
        (1.5e18, "1.5 × 10¹⁸"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
        (math.nan, "–"),
    ],
)
def test_numbers_read_well(value: float, written: str) -> None:
    assert number(value) == written


def test_percentages_never_round_to_a_certainty_that_is_not_there() -> None:
    assert [percentage(share) for share in (0.0, 0.00001, 0.5, 0.99999, 1.0, math.nan)] == [
        "0.0%",
        "<0.1%",
        "50.0%",
        ">99.9%",
        "100.0%",
        "–",
    ]


def test_a_long_text_is_cut_before_a_letter_and_says_so() -> None:
    assert shorten("short", 10) == "short"
    assert shorten("x" * 1000, 10) == "x" * 10 + " … (990 more characters)"
    assert shorten("abe\u0301xyz", 3) == "ab … (5 more characters)"
