"""The configuration of a training run: one key an option, the same on the command line and in TOML.

A key left out is filled in by `elman.training.defaults` once the data is known.
"""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Callable, Mapping, Sequence, Set
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from elman.cells.spec import Kind
from elman.data.examples import Shape
from elman.data.tokens import Unit
from elman.errors import ConfigurationError
from elman.models.description import Layers, Pooling, Rate, VocabularySize, Width

_LARGEST = 3e38  # of the numbers that a weight (float32) can hold

Whole = Annotated[int, Field(ge=0, lt=2**31)]
Positive = Annotated[int, Field(ge=1, lt=2**31)]
Decay = Annotated[float, Field(ge=0, le=_LARGEST)]
Amount = Annotated[float, Field(gt=0, le=_LARGEST)]

Optimizer = Literal["adamw", "sgd"]
Schedule = Literal["one-cycle", "cosine", "constant", "plateau"]
Clip = Literal["norm", "value", "none"]


class TrainingConfig(BaseModel):
    """Every option of a run; `None` means: chosen from the data, and said aloud."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data: str = Field(description="a file, or the name of a built-in source")

    shape: Shape | None = Field(None, description="shape of the model; inferred from the data")
    text: str | None = Field(None, description="column of the texts")
    label: str | None = Field(None, description="column of the labels")
    split: str | None = Field(None, description="column that says train, validation or test")
    validation: str | None = Field(None, description="file of the validation part")
    test: str | None = Field(None, description="file of the test part")
    unit: Unit | None = Field(None, description="what a step is")
    lowercase: bool | None = Field(None, description="read texts in lower case")
    min_count: Positive | None = Field(
        None, description="rarer tokens of the training part are unknown"
    )
    max_vocabulary: VocabularySize = Field(50_000, description="most tokens in the vocabulary")
    max_length: Positive | None = Field(
        None, description="longer texts are cut to so many tokens (many to one)"
    )

    cell: Kind = Field("lstm", description="recurrent cell")
    nonlinearity: Literal["tanh", "relu"] = Field("tanh", description="of the cell rnn")
    reset_after: bool = Field(True, description="where the reset gate of a gru acts")
    hidden_size: Width | None = Field(None, description="units of a layer, in each direction")
    embedding_size: Width | None = Field(None, description="width of an embedded token")
    num_layers: Layers = Field(1, description="recurrent layers on top of each other")
    bidirectional: bool | None = Field(None, description="read each text from its end as well")
    dropout: Rate | None = Field(None, description="rate of dropout")
    pooling: Pooling | None = Field(None, description="from all steps to one vector (many to one)")
    tied: bool | None = Field(None, description="output weights = embedding (language model)")

    epochs: Positive | None = Field(None, description="passes over the training part")
    batch_size: Positive | None = Field(None, description="sequences trained side by side")
    bptt_steps: Whole | None = Field(
        None, description="steps between updates (k1), 0 for full BPTT (language model)"
    )
    bptt_window: Positive | None = Field(
        None, description="steps that the gradient flows back (k2), at least k1 (language model)"
    )
    optimizer: Optimizer = Field("adamw", description="how weights move")
    learning_rate: Amount | None = Field(None, description="highest rate of the schedule")
    momentum: Rate | None = Field(None, description="of the optimizer sgd")
    weight_decay: Decay | None = Field(None, description="pull of the weights to 0")
    schedule: Schedule = Field("one-cycle", description="course of the learning rate")
    clip: Clip = Field("norm", description="clip gradients by")
    clip_at: Amount = Field(1.0, description="largest norm, or largest value, of a gradient")
    patience: Whole = Field(
        5, description="stop after so many epochs without improvement; 0 for never"
    )

    seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(
        0, description="of everything drawn: weights, order, dropout, split"
    )
    threads: Annotated[int, Field(ge=1, le=1024)] = Field(1, description="processor threads")
    checkpoint_seconds: Annotated[float, Field(ge=0)] = Field(
        30.0, description="longest time between checkpoints"
    )

    @model_validator(mode="after")
    def _options_fit_together(self) -> Self:
        misfits = [(keys, wanted) for keys, wrong, wanted in _MISFITS if wrong(self)]
        if misfits:
            raise _MisfitError(misfits)
        return self

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

    unit: Unit
    lowercase: bool
    min_count: Positive
    hidden_size: Width
    embedding_size: Width
    dropout: Rate
    epochs: Positive
    batch_size: Positive
    learning_rate: Amount
    weight_decay: Decay


class ManyToOneConfig(SettledConfig):
    """Of a many-to-one run."""

    shape: Literal["many_to_one"]
    max_length: Positive
    bidirectional: bool
    pooling: Pooling


class LanguageModelConfig(SettledConfig):
    """Of a language model's run."""

    shape: Literal["language_model"]
    tied: bool
    bptt_steps: Whole


AnyConfig = ManyToOneConfig | LanguageModelConfig


def settled(values: Mapping[str, Any], where: str = "") -> AnyConfig:
    """The settled configuration in plain values, of the class of its shape.

    Raises:
        ConfigurationError: as `TrainingConfig.checked`.
    """
    if values.get("shape") == "language_model":
        return LanguageModelConfig.checked(values, where)
    return ManyToOneConfig.checked(values, where)


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
