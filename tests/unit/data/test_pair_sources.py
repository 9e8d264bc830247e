"""The built-in pairs: written dates and their ISO form, and names in two languages."""

from __future__ import annotations

import datetime
import sys
import unicodedata

import pytest

from elman.data.built_in import dates, names_en_hi
from elman.data.built_in.canonical import examples_sha256
from elman.data.built_in.written_dates import LOCALES
from elman.data.examples import Dataset, TextPair
from elman.errors import MissingExtra


@pytest.fixture(scope="module")
def written() -> Dataset[TextPair]:
    return dates.load(seed=0)


@pytest.fixture(scope="module")
def names() -> Dataset[TextPair]:
    return names_en_hi.load(seed=0)


def parts_of(dataset: Dataset[TextPair]) -> list[tuple[TextPair, ...]]:
    return [dataset.train, dataset.validation, dataset.test]


def test_dates_of_every_form_of_every_locale(written: Dataset[TextPair]) -> None:
    forms = 3 * len(LOCALES)
    counts = [len(part) for part in parts_of(written)]
    assert counts == [dates.EACH * forms, dates.EACH // 8 * forms, dates.EACH // 8 * forms]
    for part in parts_of(written):
        for pair in part:
            assert datetime.date.fromisoformat(pair.target).isoformat() == pair.target


def test_no_day_of_one_part_is_in_another(written: Dataset[TextPair]) -> None:
    days = [{pair.target for pair in part} for part in parts_of(written)]
    assert days[0].isdisjoint(days[1] | days[2])
    assert days[1].isdisjoint(days[2])


def test_names_are_nfc_and_no_english_one_stands_twice(names: Dataset[TextPair]) -> None:
    pairs = [pair for part in parts_of(names) for pair in part]
    assert len(pairs) > 800
    assert len({pair.text for pair in pairs}) == len({pair.row for pair in pairs}) == len(pairs)
    assert len(names.validation) == len(names.test) == round(len(pairs) / 10)
    for pair in pairs:
        for text in (pair.text, pair.target):
            assert text == unicodedata.normalize("NFC", text).strip() != ""
        assert any("DEVANAGARI" in unicodedata.name(sign, "") for sign in pair.target)


def test_two_loads_are_equal_whatever_the_seed(names: Dataset[TextPair]) -> None:
    assert names_en_hi.load(seed=7) == names
    assert names.sha256 == examples_sha256(*parts_of(names))


@pytest.mark.parametrize("source", [dates, names_en_hi])
def test_without_babel_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, source: object) -> None:
    monkeypatch.setitem(sys.modules, "babel", None)
    with pytest.raises(MissingExtra, match=r"elman\[demo\]"):
        source.load(seed=0)  # type: ignore[attr-defined]
