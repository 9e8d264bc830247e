"""The configuration of a training run: one key an option, the same on the command line and in TOML.

A key left out is filled in by `elman.training.shapes.registry.settle` once the data is known.
"""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import fields
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ValidationError, model_validator

from elman.data.examples import Reads, Shape
from elman.data.options import DataOptions
from elman.data.texts.units import Unit
from elman.errors import ConfigurationError
from elman.models.description import Rate, Width
from elman.training.options import (
    Amount,
    ArrayOptions,
    CellOptions,
    Decay,
    DirectionOptions,
    EncodingOptions,
    LabelOptions,
    LearningOptions,
    NumberOptions,
    Positive,
    RollOptions,
    SourceOptions,
    TextOptions,
    Whole,
)
from elman.training.shapes.aligned.options import AlignedOptions
from elman.training.shapes.encoder_decoder.options import EncoderDecoderOptions
from elman.training.shapes.forecaster.options import ForecasterOptions
from elman.training.shapes.language_model.options import LanguageModelOptions
from elman.training.shapes.many_to_one.options import ManyToOneOptions
from elman.training.shapes.writing.options import WritingOptions


class TrainingConfig(
    LearningOptions,
    AlignedOptions,
    ForecasterOptions,
    LanguageModelOptions,
    ManyToOneOptions,
    EncoderDecoderOptions,
    WritingOptions,
    DirectionOptions,
    CellOptions,
    LabelOptions,
    EncodingOptions,
    TextOptions,
    RollOptions,
    ArrayOptions,
    NumberOptions,
    SourceOptions,
):
    """Every option of a run, of every shape; `None` means: chosen from the data, and said aloud."""

    @model_validator(mode="after")
    def _options_fit_together(self) -> Self:
        misfits = [(keys, wanted) for keys, wrong, wanted in _MISFITS if wrong(self)]
        if misfits:
            raise _MisfitError(misfits)
        return self

    def data_options(self) -> DataOptions:
        """Those of the options that are about the data."""
        return DataOptions(**{one.name: getattr(self, one.name) for one in fields(DataOptions)})

    @classmethod
    def checked(cls, values: Mapping[str, Any], where: str = "") -> Self:
        """A configuration from plain values.

        Args:
            values: by key.
            where: the file the values came from, for the message.

        Raises:
            ConfigurationError: with every fault, an unknown key with the nearest known one.
        """
        try:
            return cls(**values)
        except ValidationError as error:
            faults = [part for fault in error.errors() for part in _faults(cls, dict(fault))]
            wrong = {str(fault["loc"][0]) for fault in error.errors() if fault["loc"]}
            faults += _misfits_beside(wrong, values) if wrong else []
            raise ConfigurationError(
                f"The configuration has {len(faults)} fault{'s' * (len(faults) > 1)}.",
                where="; ".join(([where] if where else []) + [place for place, _ in faults]),
                expected="; ".join(wanted for _, wanted in faults),
                next_step="elman train --help lists every option and its values",
            ) from None


class _MisfitError(ValueError):
    """Options that are right by themselves and wrong together: their keys, and what is wanted."""

    def __init__(self, misfits: Sequence[tuple[Sequence[str], str]]) -> None:
        super().__init__("; ".join(wanted for _, wanted in misfits))
        self.misfits = misfits


_MISFITS: tuple[tuple[tuple[str, ...], Callable[[TrainingConfig], bool], str], ...] = (
    (
        ("nonlinearity", "cell"),
        lambda config: config.cell != "rnn" and config.nonlinearity != "tanh",
        "nonlinearity is an option of the cell rnn only",
    ),
    (
        ("reset_after", "cell"),
        lambda config: config.cell != "gru" and not config.reset_after,
        "reset_after is an option of the cell gru only",
    ),
    (
        ("momentum", "optimizer"),
        lambda config: config.optimizer != "sgd" and config.momentum is not None,
        "momentum is an option of the optimizer sgd only",
    ),
    (
        ("vectors", "encoding"),
        lambda config: config.vectors is not None and config.encoding != "embedding",
        "vectors are an option of the encoding embedding only",
    ),
    (
        ("freeze_vectors", "vectors"),
        lambda config: config.freeze_vectors and config.vectors is None,
        "freeze_vectors needs vectors",
    ),
    (
        ("tied", "encoding"),
        lambda config: bool(config.tied) and config.encoding != "embedding",
        "tied needs the encoding embedding, whose matrix the output shares",
    ),
    (
        ("tied", "freeze_vectors"),
        lambda config: bool(config.tied) and config.freeze_vectors,
        "tied needs vectors that are trained further",
    ),
    (
        ("neighbour_loss", "num_layers"),
        lambda config: bool(config.neighbour_loss) and config.num_layers > 1,
        "neighbour_loss needs one layer: states of a second one have seen what they would foretell",
    ),
    (
        ("bptt_window", "bptt_steps"),
        lambda config: (config.bptt_window or math.inf) < (config.bptt_steps or 0),
        "bptt_window must be at least bptt_steps",
    ),
    (
        ("bptt_window", "bptt_steps"),
        lambda config: config.bptt_steps == 0 and config.bptt_window is not None,
        "full BPTT (bptt_steps = 0) has no bptt_window",
    ),
)


class SettledConfig(TrainingConfig):
    """A configuration with nothing left to choose; what a run folder records."""

    shape: Shape
    reads: Reads = None
    epochs: Positive
    batch_size: Positive
    learning_rate: Amount
    weight_decay: Decay
    patience: Whole = 5


class RecurrentConfig(SettledConfig):
    """Of a run of a model with recurrent layers."""

    hidden_size: Width
    dropout: Rate


class TextConfig(RecurrentConfig):
    """Of a run of a model that reads text."""

    unit: Unit
    lowercase: bool
    min_count: Positive
    embedding_size: Width


def read_toml(path: Path) -> dict[str, Any]:
    """The keys of a configuration file.

    Raises:
        ConfigurationError: the file cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        what = f"The configuration cannot be read: {error.strerror}."
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        what = f"The configuration is not valid TOML: {error}."
    except RecursionError:
        what = "The configuration is nested too deeply."
    raise ConfigurationError(
        what,
        where=str(path),
        expected='lines such as: cell = "gru"',
        next_step="elman train --help",
    )


def _misfits_beside(wrong: Set[str], values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What does not fit together among the values that are not wrong by themselves already."""
    sound = {key: value for key, value in values.items() if key not in wrong}
    try:
        TrainingConfig(**({"data": ""} | sound))
    except ValidationError as error:
        misfits = error.errors()[0]["ctx"]["error"].misfits
        return [(", ".join(keys), wanted) for keys, wanted in misfits if wrong.isdisjoint(keys)]
    return []


def _faults(config: type[BaseModel], fault: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Where each fault is, and what was expected there."""
    key = ".".join(str(part) for part in fault["loc"])
    if not key:
        return [(", ".join(keys), wanted) for keys, wanted in fault["ctx"]["error"].misfits]
    if fault["type"] == "extra_forbidden":
        near = difflib.get_close_matches(key, config.model_fields, 1, 0.5)
        return [(f"unknown key {key!r}", f"did you mean {near[0]!r}?" if near else "a known key")]
    if fault["type"] == "missing":
        return [(f"missing key {key!r}", "a value")]
    return [
        (f"{key} = {fault['input']!r}", f"{key}: {fault['msg'].removeprefix('Input should be ')}")
    ]
