"""Tokens of every script: whole characters, whole words, and text that reads well again."""

from __future__ import annotations

import unicodedata

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from elman.data.texts.tokens import detokenise, normalise, tokenise
from elman.data.texts.units import Unit

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
MARKS = st.text(
    st.sampled_from("aé\u0301\u0308\u200d\u200c👩🏽\ufe0f🇩🇪क्षि\u0e33각ᄀ\r\n \u0600İΣ'-!")
)
UNITS = st.sampled_from(["words", "characters"])


@given(ANY_TEXT | MARKS)
def test_characters_join_to_the_normal_form(text: str) -> None:
    tokens = tokenise(text, "characters")
    assert "".join(tokens) == unicodedata.normalize("NFC", text)
    assert detokenise(tokens, "characters") == unicodedata.normalize("NFC", text)


@given(ANY_TEXT | MARKS, st.integers(0, 8))
def test_no_cut_between_characters_splits_a_grapheme_cluster(text: str, length: int) -> None:
    whole = regex.findall(r"\X", normalise(text))
    assert tokenise(text, "characters")[:length] == whole[:length]


@given(ANY_TEXT | MARKS)
def test_words_lose_nothing_but_white_space(text: str) -> None:
    tokens = tokenise(text, "words")
    visible = regex.sub(r"\s", "", normalise(text))
    assert "".join(token for token in tokens if token != "\n") == visible
    assert tokens.count("\n") == text.count("\n")


@given(ANY_TEXT | MARKS, UNITS)
def test_a_text_that_is_not_blank_has_tokens_and_none_is_empty(text: str, unit: Unit) -> None:
    tokens = tokenise(text, unit)
    assert "" not in tokens
    assert tokens or not text.strip()


@given(ANY_TEXT | MARKS, UNITS)
def test_lowercased_tokens_are_in_normal_form(text: str, unit: Unit) -> None:
    tokens = tokenise(text, unit, lowercase=True)
    assert all(unicodedata.is_normalized("NFC", token) for token in tokens)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("It’s the dogs' well-known bone", ["It’s", "the", "dogs", "'", "well-known", "bone"]),
        ("Wait... what?!", ["Wait", "...", "what", "?", "!"]),
        ("one -- two—three", ["one", "--", "two", "—", "three"]),
        ("a\r\nb\n\nc\td", ["a", "\n", "b", "\n", "\n", "c", "d"]),
        ("नमस्ते, क्\u200dष!", ["नमस्ते", ",", "क्\u200dष", "!"]),
        ("می\u200cخواهم بروم؟", ["می\u200cخواهم", "بروم", "؟"]),
        ("cafe\u0301 e\u0301te\u0301", ["café", "été"]),
        ("👍🏽👍🏽 👩\u200d👧 🇩🇪🇫🇷", ["👍🏽👍🏽", "👩\u200d👧", "🇩🇪", "🇫🇷"]),
        ("3.5", ["3", ".", "5"]),
        (" \t ", []),
    ],
)
def test_words(text: str, tokens: list[str]) -> None:
    assert tokenise(text, "words") == tokens


@pytest.mark.parametrize(
    "text",
    [
        "Yes, (really)! No; 50% of it: $5... #1 [a] {b}?",
        'He said: "I can\'t," and left. "Why?" she asked.',
        "«Oui», dit-il. ¿Qué? ¡No! and/or",
        "A line,\nand the next.\n\nA paragraph.",
        "他说：“你好，世界。”（笑）",
        "नमस्ते, हिन्दी। आप कैसे हैं?",
        "one & two — three",
    ],
)
def test_detokenised_words_read_as_they_were_written(text: str) -> None:
    assert detokenise(tokenise(text, "words"), "words") == text


@given(ANY_TEXT)
def test_detokenised_words_keep_every_sign(text: str) -> None:
    tokens = tokenise(text, "words")
    joined = detokenise(tokens, "words")
    assert joined.replace(" ", "") == "".join(tokens)
