"""Configurations: all faults at once, the nearest known key, and options that fit together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from elman.errors import ConfigurationError
from elman.training.config import TrainingConfig, read_toml
from elman.training.shapes.language_model.config import LanguageModelConfig
from elman.training.shapes.many_to_one.config import ManyToOneConfig
from elman.training.shapes.registry import settled
from tests.training_samples import LANGUAGE_MODEL, MANY_TO_ONE


def refused(values: dict[str, Any], where: str = "") -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        TrainingConfig.checked(values, where)
    return caught.value


def test_data_alone_is_enough() -> None:
    config = TrainingConfig.checked({"data": "reviews.csv"})
    assert config.cell == "lstm"
    assert config.pooling is None


def test_the_command_lines_text_becomes_numbers() -> None:
    values = {"data": "a.csv", "hidden_size": "64", "dropout": "0.5", "bptt_steps": "0"}
    config = TrainingConfig.checked(values)
    assert (config.hidden_size, config.dropout, config.bptt_steps) == (64, 0.5, 0)


@pytest.mark.parametrize(
    ("values", "where", "expected"),
    [
        ({"hiden_size": 4}, "unknown key 'hiden_size'", "did you mean 'hidden_size'?"),
        ({"learningrate": 4}, "unknown key 'learningrate'", "did you mean 'learning_rate'?"),
        ({"zzz": 4}, "unknown key 'zzz'", "a known key"),
        ({"cell": "LSTM"}, "cell = 'LSTM'", "cell: 'rnn', 'lstm' or 'gru'"),
        ({"hidden_size": 0}, "hidden_size = 0", "hidden_size: greater than or equal to 1"),
        ({"hidden_size": "many"}, "hidden_size = 'many'", "hidden_size: a valid integer"),
        ({"hidden_size": 2.5}, "hidden_size = 2.5", "hidden_size: a valid integer"),
        ({"dropout": 1}, "dropout = 1", "dropout: less than 1"),
        ({"learning_rate": 0}, "learning_rate = 0", "learning_rate: greater than 0"),
        ({"learning_rate": float("inf")}, "learning_rate = inf", "learning_rate:"),
        ({"learning_rate": float("nan")}, "learning_rate = nan", "learning_rate:"),
        ({"weight_decay": -1}, "weight_decay = -1", "weight_decay:"),
        ({"seed": -1}, "seed = -1", "seed: greater than or equal to 0"),
        ({"seed": 2**63}, f"seed = {2**63}", f"seed: less than {2**63}"),
        ({"patience": -1}, "patience = -1", "patience:"),
        ({"epochs": 0}, "epochs = 0", "epochs:"),
        ({"bptt_steps": -1}, "bptt_steps = -1", "bptt_steps:"),
        ({"checkpoint_seconds": -1}, "checkpoint_seconds = -1", "checkpoint_seconds:"),
        ({"data": 5}, "data = 5", "data: a valid string"),
        (
            {"nonlinearity": "relu"},
            "nonlinearity, cell",
            "nonlinearity is an option of the cell rnn only",
        ),
        (
            {"cell": "lstm", "reset_after": False},
            "reset_after, cell",
            "reset_after is an option of the cell gru only",
        ),
        (
            {"momentum": 0.9},
            "momentum, optimizer",
            "momentum is an option of the optimizer sgd only",
        ),
        (
            {"bptt_steps": 5, "bptt_window": 4},
            "bptt_window, bptt_steps",
            "bptt_window must be at least bptt_steps",
        ),
        (
            {"bptt_steps": 0, "bptt_window": 4},
            "bptt_window, bptt_steps",
            "full BPTT (bptt_steps = 0) has no bptt_window",
        ),
    ],
    ids=str,
)
def test_one_fault_and_its_place(values: dict[str, Any], where: str, expected: str) -> None:
    error = refused({"data": "a.csv"} | values)
    assert error.what == "The configuration has 1 fault."
    assert error.where == where
    assert expected in error.expected
    assert error.next_step


@pytest.mark.parametrize(
    "values",
    [
        {"cell": "rnn", "nonlinearity": "relu"},
        {"cell": "gru", "reset_after": False},
        {"optimizer": "sgd", "momentum": 0.0},
        {"bptt_steps": 5, "bptt_window": 5},
        {"bptt_window": 1},
        {"bptt_steps": 0},
        {"seed": 2**63 - 1},
        {"patience": 0, "weight_decay": 0, "dropout": 0, "checkpoint_seconds": 0},
    ],
    ids=str,
)
def test_options_that_fit_together(values: dict[str, Any]) -> None:
    config = TrainingConfig.checked({"data": "a.csv"} | values)
    assert {key: getattr(config, key) for key in values} == values


def test_every_fault_is_told_at_once() -> None:
    error = refused(
        {
            "hiden_size": 4,
            "cell": "gruu",
            "dropout": -0.5,
            "momentum": 0.9,
            "bptt_steps": 5,
            "bptt_window": 3,
        },
        "my.toml",
    )
    assert error.what == "The configuration has 6 faults."
    places = error.where.split("; ")
    assert places[0] == "my.toml"
    assert set(places[1:]) == {
        "missing key 'data'",
        "unknown key 'hiden_size'",
        "cell = 'gruu'",
        "dropout = -0.5",
        "momentum, optimizer",
        "bptt_window, bptt_steps",
    }
    assert len(error.expected.split("; ")) == 6


def test_what_hangs_on_a_faulty_option_is_not_held_against_the_user() -> None:
    error = refused({"data": "a.csv", "optimizer": "sgdd", "momentum": 0.9, "hidden_size": -1})
    assert "momentum" not in str(error)
    assert error.what == "The configuration has 2 faults."


def test_a_configuration_cannot_be_changed() -> None:
    config: Any = TrainingConfig.checked({"data": "a.csv"})
    with pytest.raises(ValueError, match="frozen"):
        config.data = "b.csv"


# --- settled


def test_settled_takes_the_class_of_its_shape_and_comes_back_from_json() -> None:
    kinds: list[tuple[dict[str, Any], type[TrainingConfig]]] = [
        (MANY_TO_ONE, ManyToOneConfig),
        (LANGUAGE_MODEL, LanguageModelConfig),
    ]
    for values, kind in kinds:
        config = settled(values)
        assert type(config) is kind
        assert settled(config.model_dump(mode="json", exclude_none=True)) == config


@pytest.mark.parametrize(
    ("values", "missing"),
    [
        (MANY_TO_ONE, {"unit", "lowercase", "min_count", "embedding_size", "dropout", "epochs",
                       "batch_size", "learning_rate", "max_length", "bidirectional", "pooling"}),
        (LANGUAGE_MODEL, {"unit", "embedding_size", "tied", "bptt_steps"}),
    ],
)  # fmt: skip
def test_nothing_is_left_to_choose(values: dict[str, Any], missing: set[str]) -> None:
    rest = {key: value for key, value in values.items() if key not in missing}
    with pytest.raises(ConfigurationError) as caught:
        settled(rest, "training.json")
    assert set(caught.value.where.split("; ")) == {
        "training.json",
        *(f"missing key {key!r}" for key in missing),
    }


# --- files


def test_a_toml_file_has_the_same_keys(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text('\ufeffdata = "räder.csv"\ncell = "gru"\nhidden_size = 12\n', encoding="utf-8")
    config = TrainingConfig.checked(read_toml(path))
    assert (config.data, config.cell, config.hidden_size) == ("räder.csv", "gru", 12)


@pytest.mark.parametrize("content", [b"cell = gru", b"\xff", b"[", b"a = 1\na = 2"])
def test_what_is_no_toml_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "my.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigurationError, match="not valid TOML") as caught:
        read_toml(path)
    assert caught.value.where == str(path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_toml(tmp_path / "none.toml")
