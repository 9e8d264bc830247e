"""The settled configuration of one to many, and what it is where nothing was asked for."""

from __future__ import annotations

import math
from typing import Any, Literal

from elman.data.arrays import ArrayDataset
from elman.data.vocabulary import choose_unit
from elman.models.description import Width
from elman.training.choices import Chosen, epochs_for
from elman.training.config import TrainingConfig
from elman.training.options import Positive
from elman.training.shapes.writing.config import WritingConfig


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
    examples = len(dataset.train)
    batch_size = config.batch_size or min(64, max(4, 2 ** int(math.log2(max(examples // 40, 1)))))
    choices: dict[str, Any] = {
        "target_unit": unit,
        "lowercase": False,
        "min_count": 2 if unit == "words" else 1,
        "hidden_size": 128,
        "embedding_size": 64,
        "dropout": 0.3,
        "label_smoothing": 0.1 if unit == "words" else 0.0,
        "attention": "none",
        "input_feeding": False,
        "beams": 5,
        "patience": 10,
        "batch_size": batch_size,
        "epochs": epochs_for(math.ceil(examples / batch_size), least=12),
        "learning_rate": 3e-3 if config.optimizer == "adamw" else 0.5,
    }
    return choices, {"target unit": reason}
