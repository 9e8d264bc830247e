"""The vocabulary: a pure function of its texts, safe against text that imitates it."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from elman.data.texts.units import Unit
from elman.data.texts.vocabulary import (
    MAX_TOKENS,
    Vocabulary,
    choose_unit,
    normalise,
    tokenise,
)
from elman.errors import CorruptRunError

TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=5)


@given(TEXTS)
def test_known_characters_come_back_exactly(texts: list[str]) -> None:
    vocabulary = Vocabulary.build(texts, "characters")
    for text in texts:
        assert vocabulary.decode(vocabulary.encode(text)) == normalise(text)


@given(TEXTS, st.sampled_from(["words", "characters"]), st.integers(0, 9))
def test_truncation_keeps_the_first_tokens_whole(texts: list[str], unit: Unit, most: int) -> None:
    vocabulary = Vocabulary.build(texts, unit)
    for text in texts:
        short = vocabulary.encode(text, max_length=most)
        assert short == vocabulary.encode(text)[:most]
        assert [vocabulary.tokens[number] for number in short] == tokenise(text, unit)[:most]


@given(TEXTS, st.randoms(use_true_random=False))
def test_the_order_of_the_texts_does_not_matter(texts: list[str], random: object) -> None:
    mixed = list(texts)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert Vocabulary.build(mixed, "words") == Vocabulary.build(texts, "words")


def test_tokens_fall_in_frequency_then_rise_in_the_alphabet() -> None:
    texts = ["b a c c", "b a d"]
    assert Vocabulary.build(texts, "words").tokens[2:] == ("a", "b", "c", "d")
    assert Vocabulary.build(["z z a"], "words").tokens[2:] == ("z", "a")


def test_rare_tokens_and_those_past_the_limit_are_unknown() -> None:
    texts = ["a a a b b c"]
    rare = Vocabulary.build(texts, "words", min_count=2)
    assert rare.tokens == ("<unknown>", "<end>", "a", "b")
    assert rare.encode("a b c") == [2, 3, 0]
    small = Vocabulary.build(texts, "words", max_size=1)
    assert len(small) == 3
    assert small.encode("a b c") == [2, 0, 0]


@pytest.mark.parametrize("unit", ["words", "characters"])
@pytest.mark.parametrize("text", ["<end>", "<unknown>", "x <end> y <unknown>"])
def test_text_cannot_imitate_the_special_tokens(unit: Unit, text: str) -> None:
    vocabulary = Vocabulary.build([text], unit)
    assert not {vocabulary.unknown_id, vocabulary.end_id} & set(vocabulary.encode(text))


def test_equal_characters_are_one_token_however_they_are_written() -> None:
    vocabulary = Vocabulary.build(["caf\u00e9"], "words")
    assert vocabulary.encode("cafe\u0301") == [2]


def test_lowercase_holds_for_building_and_for_looking_up() -> None:
    vocabulary = Vocabulary.build(["Good GOOD"], "words", lowercase=True)
    assert vocabulary.tokens[2:] == ("good",)
    assert vocabulary.encode("gOOd") == [2]


def test_an_end_is_a_blank_line_within_and_nothing_at_the_end() -> None:
    vocabulary = Vocabulary.build(["one two"], "words")
    one, two = vocabulary.encode("one two")
    assert vocabulary.decode([one, 1, two, 0, 1]) == "one\n\ntwo <unknown>"


@given(TEXTS, st.sampled_from(["words", "characters"]), st.booleans())
def test_json_and_back(texts: list[str], unit: Unit, lowercase: bool) -> None:
    vocabulary = Vocabulary.build(texts, unit, lowercase)
    again = Vocabulary.from_json(json.loads(json.dumps(vocabulary.to_json())))
    assert again == vocabulary
    assert [again.encode(text) for text in texts] == [vocabulary.encode(text) for text in texts]


SOUND = {"unit": "words", "lowercase": False, "tokens": ["<unknown>", "<end>", "a"]}


@pytest.mark.parametrize(
    "damage",
    [
        None,
        [],
        "words",
        {},
        {**SOUND, "more": 1},
        {**SOUND, "unit": "syllables"},
        {**SOUND, "unit": ["words"]},
        {**SOUND, "lowercase": 1},
        {**SOUND, "tokens": "<unknown>"},
        {**SOUND, "tokens": ["<unknown>", "<end>", 1]},
        {**SOUND, "tokens": ["<unknown>", "<end>", None]},
        {**SOUND, "tokens": ["<unknown>", "<end>", ""]},
        {**SOUND, "tokens": ["<unknown>", "<end>", "a", "a"]},
        {**SOUND, "tokens": ["<unknown>", "<end>", "<end>"]},
        {**SOUND, "tokens": ["<end>", "<unknown>"]},
        {**SOUND, "tokens": ["a"]},
        {**SOUND, "tokens": []},
        {**SOUND, "tokens": [""] * (MAX_TOKENS + 1)},
    ],
)
def test_a_damaged_vocabulary_is_refused(damage: object) -> None:
    with pytest.raises(CorruptRunError) as caught:
        Vocabulary.from_json(damage)
    assert caught.value.where == "vocabulary.json"
    assert caught.value.expected
    assert caught.value.next_step


def test_a_sound_vocabulary_is_taken() -> None:
    assert Vocabulary.from_json(SOUND).encode("a b") == [2, 0]


@pytest.mark.parametrize(
    ("texts", "unit"),
    [
        (["Finland", "Sri Lanka", "Papua New Guinea"], "characters"),
        (
            ["我今天和朋友们一起去了一家 pizza 餐厅，味道非常好，价格也便宜 OK 推荐给朋友们"],
            "characters",
        ),
        (["วันนี้อากาศดีมากเลยทีเดียว ฉันไปเดินเล่นที่สวนสาธารณะ กับเพื่อน เมื่อเช้านี้"], "characters"),
        (["ACGTTGCAACGTTGCAACGT GGATTACAGGATTACAGG ACGTTGCAACGTTGCA TTGACATTGACA"], "characters"),
        (["the film was very good indeed"], "words"),
        (["नमस्ते, आप आज कैसे हैं?"], "words"),
        (["오늘 날씨가 정말 좋네요 그렇죠"], "words"),
        (["Das war ein Donaudampfschifffahrtsgesellschaftskapitän und mehr"], "words"),
        ([], "characters"),
        (["", " "], "characters"),
    ],
)
def test_the_unit_follows_length_and_script(texts: list[str], unit: str) -> None:
    chosen, reason = choose_unit(texts)
    assert chosen == unit
    assert reason.startswith(unit)


def test_a_megabyte_of_words_takes_seconds_at_most() -> None:
    text = "it's a well-known film, isn't it? " * 30_000
    begin = time.perf_counter()
    assert len(tokenise(text, "words")) == 8 * 30_000
    assert len(tokenise("'-" * 500_000, "words")) == 1_000_000
    assert time.perf_counter() - begin < 5
