"""The built-in sources: their size, their parts, and that nothing of the test part is in train."""

from __future__ import annotations

import sys
import unicodedata
from collections import Counter

import babel
import pytest

from elman.data.built_in import languages, pydocs
from elman.data.built_in.canonical import examples_sha256
from elman.data.examples import Dataset, Document, LabelledText
from elman.errors import DataError, MissingExtra


@pytest.fixture(scope="module")
def names() -> Dataset[LabelledText]:
    return languages.load(seed=0)


@pytest.fixture(scope="module")
def topics() -> Dataset[Document]:
    return pydocs.load(seed=0)


def all_names(dataset: Dataset[LabelledText]) -> list[LabelledText]:
    return [*dataset.train, *dataset.validation, *dataset.test]


def test_names_of_all_languages_in_80_10_10(names: Dataset[LabelledText]) -> None:
    found = len(all_names(names))
    assert found > 15_000
    assert len(names.validation) == len(names.test) == round(found / 10)
    for part in (names.train, names.validation, names.test):
        assert len(Counter(example.label for example in part)) == len(languages.CODES) == 32
    assert {"English", "German", "Hindi", "Welsh"} <= {example.label for example in names.test}


def test_no_name_stands_twice_whatever_its_case(names: Dataset[LabelledText]) -> None:
    folded = Counter(
        unicodedata.normalize("NFC", example.text.casefold()) for example in all_names(names)
    )
    assert max(folded.values()) == 1
    assert len({example.row for example in all_names(names)}) == sum(folded.values())


def test_names_shared_by_languages_are_left_out_and_others_kept(
    names: Dataset[LabelledText],
) -> None:
    labels = {example.text: example.label for example in all_names(names)}
    assert labels["Deutschland"] == "German"
    assert labels["Yr Almaen"] == "Welsh"
    assert "Angola" not in labels
    assert "Peru" not in labels


def test_names_are_nfc_and_not_blank(names: Dataset[LabelledText]) -> None:
    for example in all_names(names):
        assert example.text == unicodedata.normalize("NFC", example.text).strip() != ""


def test_names_of_two_loads_are_equal_whatever_the_seed(names: Dataset[LabelledText]) -> None:
    assert languages.load(seed=7) == names
    assert names.sha256 == examples_sha256(names.train, names.validation, names.test)
    assert any(babel.__version__ in note for note in names.notes)


def test_without_babel_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "babel", None)
    with pytest.raises(MissingExtra, match=r"elman\[demo\]"):
        languages.load(seed=0)


def test_topics_are_all_there_once(topics: Dataset[Document]) -> None:
    from pydoc_data.topics import topics as texts

    documents = [*topics.train, *topics.validation, *topics.test]
    assert {document.text for document in documents} == set(texts.values())
    assert len(documents) == len(set(texts.values()))
    assert all(texts[document.name] == document.text for document in documents)
    assert any(f"{sys.version_info.major}.{sys.version_info.minor}." in n for n in topics.notes)


def test_copies_of_topics_are_named(topics: Dataset[Document]) -> None:
    from pydoc_data.topics import topics as texts

    said = any("exact copies" in note for note in topics.notes)
    assert said == (len(set(texts.values())) < len(texts))


def test_parts_of_topics_hold_80_10_10_of_the_text(topics: Dataset[Document]) -> None:
    train, validation, test = (
        sum(len(document.text) for document in part)
        for part in (topics.train, topics.validation, topics.test)
    )
    whole = train + validation + test
    assert 0.08 * whole < validation <= 0.1 * whole
    assert 0.08 * whole < test <= 0.1 * whole


def test_no_passage_stands_in_two_parts_of_the_topics(topics: Dataset[Document]) -> None:
    parts = [
        {line for document in part for line in pydocs.passages(document.text)}
        for part in (topics.train, topics.validation, topics.test)
    ]
    assert all(len(part) > 100 for part in parts)
    assert parts[0].isdisjoint(parts[1])
    assert parts[0].isdisjoint(parts[2])
    assert parts[1].isdisjoint(parts[2])


def test_topics_of_two_loads_are_equal_whatever_the_seed(topics: Dataset[Document]) -> None:
    assert pydocs.load(seed=7) == topics
    assert topics.sha256 == examples_sha256(topics.train, topics.validation, topics.test)


def test_a_python_without_topics_is_data_that_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
    with pytest.raises(DataError, match="help topics"):
        pydocs.load(seed=0)


def test_the_fingerprint_follows_text_label_and_part() -> None:
    one, other = LabelledText("a", "x", 1), LabelledText("b", "x", 2)
    prints = {
        examples_sha256([one], [other]),
        examples_sha256([other], [one]),
        examples_sha256([one, other], []),
        examples_sha256([LabelledText("a", "y", 1)], [other]),
    }
    assert len(prints) == 4
