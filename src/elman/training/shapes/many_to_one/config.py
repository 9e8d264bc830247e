"""The settled configuration of many to one, and what it is where nothing was asked for."""

from __future__ import annotations

import math
from typing import Any, Literal

from elman.data.examples import Dataset, LabelledText
from elman.models.description import Pooling
from elman.training.choices import (
    Chosen,
    batch_size_for,
    embedding_size,
    epochs_for,
    text_choices,
)
from elman.training.config import TextConfig, TrainingConfig
from elman.training.options import Positive


class ManyToOneConfig(TextConfig):
    """Of a many-to-one run."""

    shape: Literal["many_to_one"]
    max_length: Positive
    bidirectional: bool
    pooling: Pooling


def choose(config: TrainingConfig, dataset: Dataset[LabelledText]) -> Chosen:
    """What is left open, chosen from the data."""
    text, reasons = text_choices(config, [example.text for example in dataset.train])
    examples = len(dataset.train)
    batch_size = config.batch_size or batch_size_for(examples)
    choices: dict[str, Any] = {
        "lowercase": text["unit"] == "words",
        "max_length": 1000,
        "hidden_size": 192,
        "embedding_size": embedding_size(config, 64),
        "bidirectional": True,
        "dropout": 0.4,
        "pooling": "attention",
        "batch_size": batch_size,
        "epochs": epochs_for(math.ceil(examples / batch_size), least=15),
        "learning_rate": 6e-3 if config.optimizer == "adamw" else 0.3,
    }
    return text | choices, reasons
