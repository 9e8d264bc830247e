"""The settled configuration of one to many, and what it is where nothing was asked for."""

from __future__ import annotations

from typing import Any, Literal

from elman.data.arrays.labelled import ArrayDataset
from elman.data.texts.vocabulary import choose_unit
from elman.models.description import Width
from elman.training.choices import Chosen
from elman.training.config import TrainingConfig
from elman.training.options import Positive
from elman.training.shapes.writing.config import WritingConfig, writing_choices


class OneToManyConfig(WritingConfig):
    """Of a one-to-many run."""

    shape: Literal["one_to_many"]
    lowercase: bool
    min_count: Positive
    embedding_size: Width


def choose(config: TrainingConfig, dataset: ArrayDataset) -> Chosen:
    """What is left open, chosen from the data."""
    unit, reason = choose_unit([example.label for example in dataset.train])
    if config.target_unit is not None:
        unit, reason = (
            config.target_unit,
            f"a step is one of the {config.target_unit}, as asked for",
        )
    choices: dict[str, Any] = {
        "lowercase": False,
        "embedding_size": 64,
        "dropout": 0.3,
        "label_smoothing": 0.1 if unit == "words" else 0.0,
        "attention": "none",
        "patience": 10,
        "learning_rate": 3e-3 if config.optimizer == "adamw" else 0.5,
    }
    return writing_choices(config, len(dataset.train), unit) | choices, {"target unit": reason}
