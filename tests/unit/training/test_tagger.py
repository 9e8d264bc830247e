"""A trained tagger: raw text and tokens in, tags that stand aligned out; damaged files refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from elman.data.texts.units import Unit
from elman.errors import CorruptRunError, DataError, UsageError
from elman.training.checkpoint import model_files
from elman.training.predictor import load
from elman.training.run_folder import RunFolder
from elman.training.shapes.aligned.predictor import Tagger, Tokens
from elman.training.shapes.aligned.tagging import Tagging
from elman.training.shapes.aligned.task import make_task
from tests.tagged_samples import aligned_config, conll, sentences, tagged_data
from tests.tolerances import BATCH_MATES


def saved(path: Path, **changes: Any) -> Path:
    torch.manual_seed(0)
    task, content = make_task(aligned_config(**changes), tagged_data())
    files = model_files(task.model.description, content, task.model)
    RunFolder.create(path, {"config": {}}, files, overwrite=False)
    return path


@pytest.fixture
def tagger(tmp_path: Path) -> Tagger:
    model = load(saved(tmp_path / "run"))
    assert isinstance(model, Tagger)
    return model


def test_text_and_its_tokens_get_the_same_tags(tagger: Tagger) -> None:
    text, tokens = tagger.predict(["We met Ada in Bath.", ["We", "met", "Ada", "in", "Bath", "."]])
    assert text.tokens == ("We", "met", "Ada", "in", "Bath", ".")
    assert text.tags == tokens.tags
    assert len(text.tags) == len(text.probabilities) == 6
    assert set(text.probabilities[0]) == set(tagger.tags)


def test_batch_mates_and_order_change_nothing(tagger: Tagger) -> None:
    texts = ["Ada", "left New York for Oslo in the rain", "", "a house"]
    together = tagger.predict(texts)
    for text, own in zip(texts, together, strict=True):
        (alone,) = tagger.predict([text])
        assert alone.tags == own.tags
        for shares, others in zip(alone.probabilities, own.probabilities, strict=True):
            assert shares == pytest.approx(others, rel=10 * BATCH_MATES)


def test_nothing_is_answered_by_nothing(tagger: Tagger) -> None:
    for text in ("", " \t\n "):
        (answer,) = tagger.predict([text])
        assert (answer.tokens, answer.tags) == ((), ())
        assert answer.line(1, text) == ""
    assert tagger.predict([]) == []


def test_a_single_text_is_refused(tagger: Tagger) -> None:
    with pytest.raises(UsageError, match="a single text"):
        tagger.predict("Ada")


def test_a_file_of_columns_brings_its_own_tokens(tagger: Tagger, tmp_path: Path) -> None:
    path = tmp_path / "new.conll"
    path.write_text("New York\tx\nis\ty\n\nOslo\tz\n")
    items = tagger.read([], path, None)
    assert items == [("New York", "is"), ("Oslo",)]
    assert list(map(str, items)) == ["New York is", "Oslo"]
    assert isinstance(items[0], Tokens)
    assert [answer.tokens for answer in tagger.predict(items)] == items
    assert tagger.read([], path, "2") == [("x", "y"), ("z",)]
    with pytest.raises(DataError, match="no column '3'"):
        tagger.read([], path, "3")


def test_evaluation_on_a_file(tagger: Tagger, tmp_path: Path) -> None:
    path = tmp_path / "new.conll"
    path.write_text(conll(sentences(5, 900)) + "\nMars\tB-planet\n")
    count, measured = tagger.evaluate(path, aligned_config())
    assert count == 6
    assert set(measured) == {"entity_f1", "entity_precision", "entity_recall", "accuracy", "loss"}
    path.write_text("Mars\tI-planet\n")
    with pytest.raises(DataError, match="breaks BIO"):
        tagger.evaluate(path, aligned_config())


def tagging(pairs: str, unit: Unit = "words") -> Tagging:
    tokens, tags = zip(*(pair.split("/") for pair in pairs.split("|")), strict=True)
    shares = tuple({tag: 0.75, "X": 0.25} for tag in tags)
    return Tagging(tokens, tags, shares, "bio" if "B-" in pairs else "plain", unit)


def test_tags_stand_below_their_tokens() -> None:
    answer = tagging("We/O|left/O|New/B-town|York/I-town")
    assert answer.line(1, "We left New York") == (
        "We  left  New     York\n"  #
        "O   O     B-town  I-town\n"
    )
    assert answer.line(1, None) == "O O B-town I-town"
    assert answer.line(2, "We left New York").splitlines()[2] == "New\tB-town 0.750\tX 0.250"


def test_characters_with_one_tag_stand_together() -> None:
    answer = tagging("5/day| /other|M/month|a/month|r/month", "characters")
    assert answer.line(1, "5 Mar") == "5           Mar\nday  other  month\n"


def test_wide_signs_take_two_columns_and_long_texts_several_lines() -> None:
    assert tagging("東京/B-town|へ/O").line(1, "") == "東京    へ\nB-town  O\n"
    lines = tagging("|".join(["word/NOUN"] * 40)).line(1, "").splitlines()
    assert len(lines) == 2 * 3
    assert max(map(len, lines)) <= 100
    assert sum(line.split().count("NOUN") for line in lines) == 40


def test_facts_tell_entities_where_tags_mark_them() -> None:
    facts = tagging("We/O|left/O|New/B-town|York/I-town").facts(1)
    assert facts["entities"] == [{"kind": "town", "text": "New York", "start": 2, "end": 4}]
    assert facts["tags"] == ["O", "O", "B-town", "I-town"]
    assert facts["probabilities"] == [0.75] * 4
    assert "entities" not in tagging("We/PRON|left/VERB").facts(1)
    assert tagging("We/PRON").facts(2)["top"] == [{"PRON": 0.75, "X": 0.25}]
    assert json.dumps(facts)


def without_tag(words: dict[str, Any]) -> None:
    words["tags"].pop()


def with_a_tag_twice(words: dict[str, Any]) -> None:
    words["tags"][-1] = "O"


def without_characters(words: dict[str, Any]) -> None:
    words["characters"] = None


def with_another_scheme(words: dict[str, Any]) -> None:
    words["scheme"] = "import os"


DAMAGES = [without_tag, with_a_tag_twice, without_characters, with_another_scheme]


@pytest.mark.parametrize("damage", DAMAGES)
def test_files_that_do_not_belong_together(
    tmp_path: Path, damage: Callable[[dict[str, Any]], None]
) -> None:
    torch.manual_seed(0)
    task, content = make_task(aligned_config(), tagged_data())
    damage(content)
    files = model_files(task.model.description, content, task.model)
    RunFolder.create(tmp_path / "run", {"config": {}}, files, overwrite=False)
    with pytest.raises(CorruptRunError):
        load(tmp_path / "run")
