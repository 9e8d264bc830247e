"""A trained encoder and decoder from its files, and files that are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from elman.errors import CorruptRunError, UsageError
from elman.models.decoding import Sampling
from elman.models.description import EncoderDecoderDescription
from elman.models.search import Search
from elman.training.checkpoint import model_files
from elman.training.shapes.encoder_decoder.predictor import Translator, predictor
from elman.training.shapes.encoder_decoder.task import make_task
from tests.translation_samples import pair_config, pair_data


def files(**changes: Any) -> dict[str, bytes]:
    task, content = make_task(pair_config(**changes), pair_data())
    return model_files(task.model.description, content, task.model)


def loaded(given: dict[str, bytes]) -> Translator:
    description = EncoderDecoderDescription.model_validate_json(given["model.json"])
    return predictor(description, given["vocabulary.json"], given["weights.safetensors"])


def test_the_files_bring_the_same_texts_back() -> None:
    task, content = make_task(pair_config(), pair_data())
    translator = loaded(model_files(task.model.description, content, task.model))
    task.model.eval()
    test = task.parts["test"]
    expected = task.written("test", Search(2), lambda: None)
    answers = translator.predict(list(test.shown))
    assert [one.writings for one in answers] == expected
    assert [one.text for one in answers] == [ranked[0].text for ranked in expected]


def test_each_text_is_answered_as_it_would_be_alone() -> None:
    translator = loaded(files())
    texts = ["abc", "", "zzz", "aaaaaaaa"]
    together = translator.predict(texts)
    for text, answer in zip(texts, together, strict=True):
        (alone,) = translator.predict([text])
        assert alone.text == answer.text
        assert alone.facts(1)["probability"] == pytest.approx(answer.facts(1)["probability"], 1e-4)


def test_a_drawn_text_is_no_longer_than_asked() -> None:
    translator = loaded(files())
    drawn = {translator.generate("abc", 3, Sampling(2.0, seed=seed)) for seed in range(20)}
    assert len(drawn) > 1
    assert max(map(len, drawn)) <= 3


def test_a_single_text_is_refused() -> None:
    with pytest.raises(UsageError, match="a single text"):
        loaded(files()).predict("abc")


def longer(content: dict[str, Any]) -> None:
    content["target"]["tokens"].append("z")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda content: content.update(longest=10**9), "longest"),
        (lambda content: content.update(beams=0), "beams"),
        (lambda content: content.update(length_penalty=-1.0), "length_penalty"),
        (lambda content: content.update(command="rm"), "command"),
        (lambda content: content.pop("source"), "source"),
        (longer, "target tokens"),
    ],
)
def test_damaged_files_are_refused(change: Callable[[dict[str, Any]], Any], message: str) -> None:
    given = files()
    content = json.loads(given["vocabulary.json"])
    change(content)
    with pytest.raises(CorruptRunError) as caught:
        loaded(given | {"vocabulary.json": json.dumps(content).encode()})
    assert message in f"{caught.value.where} {caught.value.expected}"


def test_weights_of_another_model_are_refused() -> None:
    others = files(hidden_size=5)["weights.safetensors"]
    with pytest.raises(CorruptRunError):
        loaded(files() | {"weights.safetensors": others})
