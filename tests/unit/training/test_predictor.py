"""A trained model taken from its run folder, and folders that are not whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from elman.data.batches import ragged
from elman.data.texts.vocabulary import Vocabulary
from elman.errors import ConfigurationError, CorruptRunError, UsageError
from elman.models.decoding import Sampling, generate
from elman.training.checkpoint import model_files
from elman.training.predictor import load
from elman.training.run_folder import RunFolder
from elman.training.shapes.language_model.predictor import Generator
from elman.training.shapes.many_to_one.predictor import Classifier
from tests.training_samples import (
    AnyTask,
    labelled_data,
    language_model_task,
    many_to_one_task,
    running_data,
    vocabulary_of,
)


def content_of(task: AnyTask) -> dict[str, Any]:
    """What vocabulary.json holds."""
    if task.config.shape == "language_model":
        return {"text": vocabulary_of(running_data()).to_json()}
    return {
        "text": vocabulary_of(labelled_data()).to_json(),
        "labels": ["1", "2", "3"],
        "target": "rating",
        "max_length": 3,
    }


def saved(path: Path, task: AnyTask) -> Path:
    files = model_files(task.model.description, content_of(task), task.model)
    RunFolder.create(path, {"config": {}}, files, overwrite=False)
    return path


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    return saved(tmp_path / "texts", many_to_one_task(pooling="attention", dropout=0.5))


@pytest.fixture
def prose(tmp_path: Path) -> Path:
    return saved(tmp_path / "prose", language_model_task(dropout=0.5))


def classifier(path: Path) -> Classifier:
    model = load(path)
    assert isinstance(model, Classifier)
    return model


def generator(path: Path) -> Generator:
    model = load(str(path))
    assert isinstance(model, Generator)
    return model


# --- labels


def test_a_text_gets_its_likeliest_label_with_its_probability(texts: Path) -> None:
    model = classifier(texts)
    assert (model.labels, model.max_length, model.target) == (("1", "2", "3"), 3, "rating")
    assert not model.model.training
    task = many_to_one_task(pooling="attention")
    vocabulary = vocabulary_of(labelled_data())
    items = ["abc", "", "b", "caaa", "zzz"]
    answers = model.predict(items)
    for item, answer in zip(items, answers, strict=True):
        scores = task.model(ragged([vocabulary.encode(item)[:3]]))[0]
        wanted = torch.softmax(scores, 0).tolist()
        assert list(answer.probabilities) == ["1", "2", "3"]
        assert list(answer.probabilities.values()) == pytest.approx(wanted, 1e-5)
        assert answer.probability == max(answer.probabilities.values())
        assert answer.probabilities[answer.label] == answer.probability
    assert len({answer.probability for answer in answers}) == 5


def test_texts_beyond_the_longest_length_are_cut_as_in_training(texts: Path) -> None:
    model = classifier(texts)
    long, short, other = model.predict(["abcabc", "abc", "abcabc"[:2]])
    assert long.probabilities == pytest.approx(dict(short.probabilities), 1e-5)
    assert long.probability != pytest.approx(other.probability, 1e-5)


@pytest.mark.parametrize("name", ["texts", "prose"])
def test_no_text_no_answer(name: str, request: pytest.FixtureRequest) -> None:
    assert load(request.getfixturevalue(name)).predict([]) == []


@pytest.mark.parametrize("name", ["texts", "prose"])
def test_a_single_text_is_a_mistake_and_said_to_be(
    name: str, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(UsageError) as caught:
        load(request.getfixturevalue(name)).predict("abc")
    assert caught.value.next_step == "predict([text])"


# --- text


def test_the_next_token_after_a_text(prose: Path) -> None:
    model = generator(prose)
    task = language_model_task()
    (answer,) = model.predict(["aba"])
    tokens = [Vocabulary.end_id, *model.vocabulary.encode("aba")]
    wanted = torch.softmax(task.model(ragged([tokens]))[0][-1], 0).tolist()
    assert list(answer.probabilities) == list(model.vocabulary.tokens)
    assert list(answer.probabilities.values()) == pytest.approx(wanted, 1e-5)
    assert answer.label == model.vocabulary.tokens[wanted.index(max(wanted))]


def test_a_text_begins_with_its_prompt_as_it_was_typed(prose: Path) -> None:
    model = generator(prose)
    for prompt in ("", "ab", "Zebra ab", "né"):
        text = model.generate(prompt, 12, Sampling(seed=4))
        assert text.startswith(prompt)
        assert len(text) <= len(prompt) + 12
        assert text == model.generate(prompt, 12, Sampling(seed=4))
        assert "<" not in text
    assert len({model.generate("ab", 12, Sampling(seed=seed)) for seed in range(4)}) > 1
    assert model.generate("ab", 0) == "ab"


def biased(path: Path, token: int, by: float) -> Generator:
    model = generator(path)
    with torch.no_grad():
        model.model.output.bias[token] += by
    return model


def test_a_text_ends_at_its_end_and_never_says_so(prose: Path) -> None:
    assert biased(prose, Vocabulary.end_id, 1000.0).generate("ab", 50) == "ab"
    assert len(biased(prose, Vocabulary.end_id, -1000.0).generate("ab", 50)) == 52
    model = biased(prose, Vocabulary.end_id, -0.5)
    lengths = {len(model.generate("", 50, Sampling(seed=seed))) for seed in range(12)}
    assert len(lengths) > 3
    assert max(lengths) < 50


def test_a_text_is_what_is_drawn_after_an_end_and_the_prompt_up_to_the_next_end(
    prose: Path,
) -> None:
    model = biased(prose, Vocabulary.end_id, -0.5)
    vocabulary, end = model.vocabulary, Vocabulary.end_id
    for prompt, seed in [(prompt, seed) for prompt in ("", "ab") for seed in range(6)]:
        sampling = Sampling(seed=seed)
        tokens = [end, *vocabulary.encode(prompt)]
        drawn = list(generate(model.model, tokens, 20, sampling, Vocabulary.unknown_id))
        kept = drawn[: drawn.index(end)] if end in drawn else drawn
        wanted = prompt + "".join(vocabulary.tokens[token] for token in kept)
        assert model.generate(prompt, 20, sampling) == wanted


def test_the_unknown_token_is_never_written(prose: Path) -> None:
    text = biased(prose, Vocabulary.unknown_id, 1000.0).generate("", 30)
    assert "unknown" not in text


# --- folders that are not whole


def rewritten(path: Path, name: str, change: Callable[[dict[str, Any]], Any]) -> Path:
    """The same run with one of its JSON files changed, and the digests of the changed files."""
    folder = RunFolder.open(path)
    files = folder.read(folder.manifest.best)
    content = json.loads(files[name])
    change(content)
    files[name] = json.dumps(content).encode()
    shutil.rmtree(path)
    RunFolder.create(path, {"config": {}}, files, overwrite=False)
    return path


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("model.json", lambda model: model.update(vocabulary_size=6)),
        ("model.json", lambda model: model.update(classes=4)),
        ("vocabulary.json", lambda words: words["labels"].append("4")),
        ("vocabulary.json", lambda words: words["text"]["tokens"].append("more")),
    ],
)
def test_sizes_that_disagree_are_refused(
    texts: Path, name: str, change: Callable[[dict[str, Any]], Any]
) -> None:
    assert load(texts).predict(["a"])
    with pytest.raises(CorruptRunError, match="do not belong together"):
        load(rewritten(texts, name, change))


def test_labels_beside_a_language_model_are_refused(prose: Path) -> None:
    with pytest.raises(CorruptRunError, match="labels: Extra inputs"):
        load(rewritten(prose, "vocabulary.json", lambda words: words.update(labels=["a", "b"])))


def test_sizes_that_cannot_be_tied_are_a_fault_of_the_file(prose: Path) -> None:
    with pytest.raises(CorruptRunError, match="a model that cannot be"):
        load(rewritten(prose, "model.json", lambda model: model.update(embedding_size=3)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hidden_size": 65_536, "num_layers": 64}, "not those of the model"),
        ({"num_layers": 64}, "not those of the model"),
        ({"embedding_size": 65_536}, "not those of the model"),
        ({"hidden_size": 5}, "not those of the model"),
        ({"bidirectional": False}, "not those of the model"),
        ({"pooling": "max"}, "not those of the model"),
        ({"cell": {"kind": "gru"}}, "not those of the model"),
        ({"cell": {"kind": "transformer"}}, "does not describe a model"),
        ({"hidden_size": 65_537}, "does not describe a model"),
        ({"command": "rm"}, "does not describe a model"),
        ({"shape": "forecaster"}, "does not describe a model"),
    ],
    ids=str,
)
def test_a_description_that_does_not_fit_is_refused(
    texts: Path, change: dict[str, Any], message: str
) -> None:
    with pytest.raises(CorruptRunError, match=message) as caught:
        load(rewritten(texts, "model.json", lambda model: model.update(change)))
    assert caught.value.where
    assert caught.value.expected
    assert caught.value.next_step


@pytest.mark.parametrize(
    "change",
    [
        {"labels": "123"},
        {"labels": [1, 2, 3]},
        {"max_length": 0},
        {"max_length": -5},
        {"max_length": "3"},
        {"target": "price"},
        {"text": []},
        {"text": {"unit": "bytes", "lowercase": False, "tokens": ["<unknown>", "<end>"]}},
        {"code": "import os"},
    ],
    ids=str,
)
def test_a_vocabulary_file_of_another_kind_is_refused(texts: Path, change: dict[str, Any]) -> None:
    with pytest.raises(CorruptRunError):
        load(rewritten(texts, "vocabulary.json", lambda words: words.update(change)))


def test_a_changed_byte_is_noticed(texts: Path) -> None:
    path = texts / "generations" / "0" / "weights.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(CorruptRunError, match=r"weights\.safetensors has been altered"):
        load(texts)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no run folder"):
        load(tmp_path / "none")


def test_a_run_folder_may_be_moved_and_is_only_read(texts: Path, tmp_path: Path) -> None:
    wanted = classifier(texts).predict(["abc"])
    moved = tmp_path / "elsewhere" / "ünter uns"
    moved.parent.mkdir()
    texts.rename(moved)
    before = {file: file.stat().st_mtime_ns for file in moved.rglob("*")}
    assert classifier(moved).predict(["abc"]) == wanted
    assert {file: file.stat().st_mtime_ns for file in moved.rglob("*")} == before
