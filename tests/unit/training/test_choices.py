"""Defaults: every key is filled in, the user's values win, options of the other shape do not."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from elman.data.examples import AnyDataset, Dataset, Document, LabelledText
from elman.errors import ConfigurationError
from elman.training.config import SettledConfig, TrainingConfig
from elman.training.options import LearningOptions, Options, SourceOptions
from elman.training.shapes.language_model.config import LanguageModelConfig
from elman.training.shapes.many_to_one.config import ManyToOneConfig
from elman.training.shapes.registry import settle, shape_of
from tests.training_samples import labelled_data, running_data
from tests.translation_samples import pair_data


def settled(data: AnyDataset, **options: Any) -> ManyToOneConfig | LanguageModelConfig:
    config, _ = settle(asked(**options), data)
    assert isinstance(config, ManyToOneConfig | LanguageModelConfig)
    return config


def asked(**options: Any) -> TrainingConfig:
    return TrainingConfig.checked({"data": "letters.csv"} | options)


def wordy() -> Dataset[LabelledText]:
    texts = [f"this is the film number {n} that we have seen" for n in range(30)]
    train = tuple(LabelledText(text, str(n % 2), n) for n, text in enumerate(texts))
    return dataclasses.replace(labelled_data("class"), train=train)


def long_text(tokens: int) -> Dataset[Document]:
    return dataclasses.replace(running_data(), train=(Document("ab " * (tokens // 3), 1),))


def many(count: int) -> Dataset[LabelledText]:
    return dataclasses.replace(labelled_data(), train=labelled_data().train * (count // 14))


LAWFUL_BLANKS = {"text", "split", "validation", "test", "vectors", "momentum"}


def blanks(config: SettledConfig) -> set[str]:
    """The keys that the shape has, and that are still open."""
    own = shape_of(config).options
    groups: tuple[type[Options], ...] = (SourceOptions, LearningOptions, *own)
    keys = {key for group in groups for key in group.model_fields}
    return {key for key in keys if getattr(config, key) is None}


def test_every_key_of_a_many_to_one_run_is_filled_in() -> None:
    config = settled(labelled_data())
    assert blanks(config) == {*LAWFUL_BLANKS, "label"}
    assert type(config) is ManyToOneConfig


def test_every_key_of_a_run_of_encoder_and_decoder_is_filled_in() -> None:
    config, _ = settle(asked(), pair_data())
    assert blanks(config) == {*LAWFUL_BLANKS, "source", "target", "target_file"}


def test_every_key_of_a_language_models_run_is_filled_in() -> None:
    config = settled(running_data())
    assert blanks(config) == LAWFUL_BLANKS
    assert type(config) is LanguageModelConfig
    assert config.embedding_size == config.hidden_size
    assert config.tied


@pytest.mark.parametrize("data", [labelled_data(), running_data()], ids=["labels", "text"])
def test_sgd_has_a_rate_a_momentum_and_a_decay_of_its_own(data: AnyDataset) -> None:
    adamw, sgd = settled(data), settled(data, optimizer="sgd")
    assert (adamw.momentum, adamw.weight_decay) == (None, 0.01)
    assert (sgd.momentum, sgd.weight_decay) == (0.9, 1e-5)
    assert sgd.learning_rate > 10 * adamw.learning_rate


MANY_TO_ONE_WISHES: dict[str, Any] = {
    "unit": "words", "lowercase": False, "min_count": 3, "max_vocabulary": 9, "max_length": 7,
    "cell": "gru", "reset_after": False, "hidden_size": 5, "embedding_size": 6, "num_layers": 2,
    "bidirectional": False, "dropout": 0.0, "pooling": "last", "epochs": 2, "batch_size": 3,
    "optimizer": "sgd", "momentum": 0.0, "learning_rate": 0.7, "weight_decay": 0.0,
    "schedule": "plateau", "clip": "none", "clip_at": 3.0, "patience": 0, "seed": 8,
    "checkpoint_seconds": 0.0,
}  # fmt: skip
LANGUAGE_MODEL_WISHES: dict[str, Any] = {
    "unit": "words", "lowercase": True, "min_count": 3, "hidden_size": 5, "embedding_size": 6,
    "tied": False, "bptt_steps": 7, "bptt_window": 9, "dropout": 0.0, "epochs": 2, "batch_size": 3,
    "learning_rate": 0.7,
}  # fmt: skip


def test_the_users_values_win() -> None:
    config = settled(labelled_data(), **MANY_TO_ONE_WISHES)
    assert {key: getattr(config, key) for key in MANY_TO_ONE_WISHES} == MANY_TO_ONE_WISHES
    config = settled(running_data(), **LANGUAGE_MODEL_WISHES)
    assert {key: getattr(config, key) for key in LANGUAGE_MODEL_WISHES} == LANGUAGE_MODEL_WISHES


@pytest.mark.parametrize(
    ("data", "options"),
    [
        (labelled_data(), {"tied": False}),
        (labelled_data(), {"bptt_steps": 0}),
        (labelled_data(), {"bptt_window": 3}),
        (labelled_data(), {"tied": True, "bptt_steps": 2, "bptt_window": 3}),
        (running_data(), {"max_length": 3}),
        (running_data(), {"bidirectional": False}),
        (running_data(), {"pooling": "last", "max_length": 3}),
    ],
    ids=str,
)
def test_options_of_the_other_shape_are_refused_all_at_once(
    data: AnyDataset, options: dict[str, Any]
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        settled(data, **options)
    error = caught.value
    assert set(error.where.split("; ")) == {f"{key} = {value!r}" for key, value in options.items()}
    assert data.shape in error.what
    assert data.shape_reason in error.expected


def test_the_unit_is_chosen_from_the_texts_and_said() -> None:
    config, reasons = settle(asked(), labelled_data())
    assert config.unit == "characters"
    assert "characters" in reasons["unit"]
    assert (config.lowercase, config.min_count) == (False, 1)
    config, reasons = settle(asked(), wordy())
    assert config.unit == "words"
    assert reasons["unit"].startswith("words")
    assert (config.lowercase, config.min_count) == (True, 2)
    config, reasons = settle(
        TrainingConfig.checked({"data": "a.csv", "unit": "characters"}), wordy()
    )
    assert (config.unit, config.lowercase, config.min_count) == ("characters", False, 1)
    assert reasons == {"unit": "a step is one of the characters, as asked for"}


@pytest.mark.parametrize(
    ("options", "steps", "window"),
    [
        ({}, 32, 32),
        ({"bptt_steps": 64}, 64, 64),
        ({"bptt_steps": 8}, 8, 8),
        ({"bptt_window": 50}, 32, 50),
        ({"bptt_window": 10}, 10, 10),
        ({"bptt_steps": 0}, 0, None),
    ],
    ids=str,
)
def test_truncation_follows_what_was_asked_for(
    options: dict[str, int], steps: int, window: int | None
) -> None:
    config = settled(running_data(), **options)
    assert (config.bptt_steps, config.bptt_window) == (steps, window)


@pytest.mark.parametrize(
    ("options", "embedding_size", "tied"),
    [
        ({"hidden_size": 20}, 20, True),
        ({"hidden_size": 20, "embedding_size": 20}, 20, True),
        ({"hidden_size": 20, "embedding_size": 10}, 10, False),
        ({"hidden_size": 20, "tied": False}, 20, False),
    ],
    ids=str,
)
def test_weights_are_tied_where_they_can_be(
    options: dict[str, Any], embedding_size: int, tied: bool
) -> None:
    config = settled(running_data(), **options)
    assert (config.embedding_size, config.tied) == (embedding_size, tied)


def test_small_data_is_passed_over_more_often() -> None:
    counts = [14, 140, 1400, 14_000, 140_000]
    configs = [settled(many(count)) for count in counts]
    sizes, epochs = [one.batch_size for one in configs], [one.epochs for one in configs]
    assert sizes == [4, 8, 64, 64, 64]
    assert sizes == sorted(sizes)
    assert epochs == sorted(epochs, reverse=True)
    assert epochs[0] == 60
    assert 10 <= epochs[-1] < 20
    texts = [settled(long_text(tokens), unit="characters") for tokens in (100, 10_000, 1_000_000)]
    assert [one.batch_size for one in texts] == [2, 5, 16]
    assert [one.epochs for one in texts] == sorted([one.epochs for one in texts], reverse=True)
