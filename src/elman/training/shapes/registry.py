"""All shapes, and what is asked of the one that a run has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from elman.data.examples import AnyDataset, Reads, Shape
from elman.errors import ConfigurationError
from elman.training.choices import learning_choices
from elman.training.config import SettledConfig, TrainingConfig
from elman.training.options import LearningOptions, Options, SourceOptions
from elman.training.shapes.aligned.shape import ALIGNED
from elman.training.shapes.contract import ShapeParts
from elman.training.shapes.encoder_decoder.shape import ENCODER_DECODER
from elman.training.shapes.forecaster.shape import FORECASTER
from elman.training.shapes.frames_to_one.shape import FRAMES_TO_ONE
from elman.training.shapes.language_model.shape import LANGUAGE_MODEL
from elman.training.shapes.many_to_one.shape import MANY_TO_ONE
from elman.training.shapes.one_to_many.shape import ONE_TO_MANY
from elman.training.shapes.one_to_one.shape import ONE_TO_ONE
from elman.training.shapes.one_to_roll.shape import ONE_TO_ROLL
from elman.training.shapes.piano_rolls.shape import PIANO_ROLLS

SHAPES: Mapping[tuple[Shape, Reads], ShapeParts] = {
    (parts.name, parts.reads): parts
    for parts in (
        MANY_TO_ONE,
        FRAMES_TO_ONE,
        ONE_TO_ONE,
        LANGUAGE_MODEL,
        PIANO_ROLLS,
        ALIGNED,
        ENCODER_DECODER,
        FORECASTER,
        ONE_TO_MANY,
        ONE_TO_ROLL,
    )
}

_OF_EVERY_RUN: tuple[type[Options], ...] = (SourceOptions, LearningOptions)


def shape_named(name: object, reads: object = None) -> ShapeParts | None:
    """The shape of that name, with the model for what is read, if there is one."""
    found = (parts for parts in SHAPES.values() if (parts.name, parts.reads) == (name, reads))
    return next(found, None)


def shape_of(whose: SettledConfig | AnyDataset) -> ShapeParts:
    """The shape of a run or of a dataset."""
    return SHAPES[whose.shape, whose.reads]


def settle(config: TrainingConfig, dataset: AnyDataset) -> tuple[SettledConfig, dict[str, str]]:
    """The configuration with every key filled in, and why some of the values were chosen.

    Raises:
        ConfigurationError: an option that the shape of the data does not have.
    """
    parts = shape_of(dataset)
    _refuse_foreign(config, dataset, parts)
    choices, reasons = parts.choose(config, dataset)
    given = {key: value for key, value in config if value is not None}
    values = learning_choices(config) | choices | given
    values |= {"shape": dataset.shape, "reads": dataset.reads}
    return parts.config.checked(values), reasons


def settled(values: Mapping[str, Any], where: str = "") -> SettledConfig:
    """The settled configuration in plain values, of the class of its shape.

    Raises:
        ConfigurationError: as `TrainingConfig.checked`.
    """
    parts = shape_named(values.get("shape"), values.get("reads"))
    return (parts.config if parts else SettledConfig).checked(values, where)


def _refuse_foreign(config: TrainingConfig, dataset: AnyDataset, parts: ShapeParts) -> None:
    known = {key for group in (*_OF_EVERY_RUN, *parts.options) for key in group.model_fields}
    foreign = [
        key
        for key in type(config).model_fields
        if key in config.model_fields_set - known and getattr(config, key) is not None
    ]
    if foreign:
        raise ConfigurationError(
            f"The shape {dataset.shape} has no option {' or '.join(foreign)}.",
            where="; ".join(f"{key} = {getattr(config, key)!r}" for key in foreign),
            expected=f"no {' or '.join(foreign)}; {dataset.shape_reason}",
            next_step="leave them out, or choose the shape with --shape",
        )
