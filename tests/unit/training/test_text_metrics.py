"""What written texts are worth, against counts by hand and against sacrebleu's own reading."""

from __future__ import annotations

import functools
import sys

import pytest
import sacrebleu
from hypothesis import given, settings
from hypothesis import strategies as st

from elman.errors import MissingExtra
from elman.training.shapes.writing.metrics import edit_distance, text_metrics


@functools.cache
def defined(one: str, other: str) -> int:
    """The edit distance by its definition."""
    if not one or not other:
        return len(one) + len(other)
    return min(
        defined(one[1:], other[1:]) + (one[0] != other[0]),
        defined(one[1:], other) + 1,
        defined(one, other[1:]) + 1,
    )


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_the_edit_distance_is_its_definition(one: str, other: str) -> None:
    assert edit_distance(one, other) == defined(one, other)


def test_characters_are_counted_as_readers_know_them() -> None:
    written, wanted = [list("kitten"), list("abc")], [list("sitting"), list("abc")]
    measured = text_metrics(written, wanted, "characters")
    assert measured == {"character_error_rate": 3 / 10, "exact_match": 0.5}
    # कि is one character and two code points: one wrong mark is one wrong character of two.
    assert text_metrics([list("किक")], [list("काक")], "codepoints")["character_error_rate"] == 0.5


def test_words_are_measured_as_they_are_cut() -> None:
    written = [["a", "man", "'s", "hat", ",", "red", "."], ["two", "dogs"]]
    wanted = [["a", "man", "'s", "hat", ",", "blue", "."], ["two", "dogs"]]
    measured = text_metrics(written, wanted, "words")
    lines = [" ".join(tokens) for tokens in written], [" ".join(tokens) for tokens in wanted]
    bleu = sacrebleu.corpus_bleu(lines[0], [lines[1]], tokenize="none").score
    assert measured["bleu"] == bleu
    assert 0 < bleu < 100
    assert measured["exact_match"] == 0.5
    assert measured["chrf"] == sacrebleu.corpus_chrf(
        ["a man 's hat, red.", "two dogs"], [["a man 's hat, blue.", "two dogs"]]
    ).score  # fmt: skip
    assert text_metrics(wanted, wanted, "words")["bleu"] == pytest.approx(100)


def test_nothing_written_is_measured_too() -> None:
    assert text_metrics([[]], [["a"]], "characters")["character_error_rate"] == 1.0
    assert text_metrics([[]], [["a", "b"]], "words")["bleu"] == 0.0


def test_without_sacrebleu_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sacrebleu", None)
    assert text_metrics([["a"]], [["a"]], "characters")["exact_match"] == 1.0
    with pytest.raises(MissingExtra, match=r"elman\[translation\]"):
        text_metrics([["a"]], [["a"]], "words")
