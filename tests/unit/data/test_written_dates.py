"""The written dates are Babel's, each character has its part's tag, and no date is in two parts."""

from __future__ import annotations

import datetime
from typing import get_args

import pytest

from elman.data.built_in.written_dates import (
    FIRST,
    LAST,
    LOCALES,
    Form,
    WrittenDate,
    write,
    written_dates,
)
from elman.data.splits import Part
from elman.data.texts.tokens import normalise, tokenise

babel = pytest.importorskip("babel.dates", reason="Babel is an extra")


@pytest.fixture(scope="module")
def parts() -> dict[Part, tuple[WrittenDate, ...]]:
    return written_dates(8, "dates")


def test_every_text_is_what_babel_writes(parts: dict[Part, tuple[WrittenDate, ...]]) -> None:
    for written in (*parts["train"], *parts["test"]):
        expected = babel.format_date(written.date, written.form, written.locale)
        assert written.text == normalise(expected)
        assert len(tokenise(written.text, "characters")) == len(written.tags)


def test_every_text_tells_day_month_and_year(parts: dict[Part, tuple[WrittenDate, ...]]) -> None:
    for written in parts["train"]:
        assert {"day", "month", "year"} <= set(written.tags)
        characters = tokenise(written.text, "characters")
        for tag, number in (("day", written.date.day), ("year", written.date.year)):
            tagged = zip(characters, written.tags, strict=True)
            assert int("".join(character for character, own in tagged if own == tag)) == number


def test_tags_of_a_date_by_hand() -> None:
    import babel as library

    written = write(library, "th", "full", datetime.date(2024, 3, 5))
    assert written.text == "วันอังคารที่ 5 มีนาคม ค.ศ. 2024"
    characters = tokenise(written.text, "characters")
    by_tag: dict[str, str] = {}
    for character, tag in zip(characters, written.tags, strict=True):
        by_tag[tag] = by_tag.get(tag, "") + character
    assert by_tag == {
        "weekday": "วันอังคาร", "other": "ที่    ", "day": "5", "month": "มีนาคม", "era": "ค.ศ.",
        "year": "2024",
    }  # fmt: skip


def test_every_form_of_every_locale_is_in_every_part_and_no_date_in_two(
    parts: dict[Part, tuple[WrittenDate, ...]],
) -> None:
    forms = {(locale, form) for locale in LOCALES for form in get_args(Form)}
    assert len(forms) == 3 * 45
    dates = {part: {written.date for written in own} for part, own in parts.items()}
    assert sum(map(len, parts.values())) == len(forms) * (8 + 1 + 1)
    for own in parts.values():
        assert {(written.locale, written.form) for written in own} == forms
        assert all(FIRST <= written.date <= LAST for written in own)
    assert not dates["train"] & dates["validation"]
    assert not dates["train"] & dates["test"]
    assert not dates["validation"] & dates["test"]


def test_the_dates_are_the_same_whenever_they_are_asked_for(
    parts: dict[Part, tuple[WrittenDate, ...]],
) -> None:
    assert written_dates(8, "dates") == parts
