"""The settled configuration of many to one over frames, and what it is where nothing was asked."""

from __future__ import annotations

import math
from typing import Literal

from elman.data.arrays.labelled import ArrayDataset
from elman.models.description import Pooling
from elman.training.choices import Chosen, batch_size_for
from elman.training.config import RecurrentConfig, TrainingConfig
from elman.training.options import Positive

_UPDATES = 900
"""So many suffice where steps are few; more epochs would be stopped by patience half-way."""


class FramesToOneConfig(RecurrentConfig):
    """Of a many-to-one run over frames."""

    shape: Literal["many_to_one"]
    reads: Literal["frames"]
    max_length: Positive
    bidirectional: bool
    pooling: Pooling


def choose(config: TrainingConfig, dataset: ArrayDataset) -> Chosen:
    """What is left open, chosen from the data."""
    examples = len(dataset.train)
    batch_size = config.batch_size or min(32, batch_size_for(examples))
    choices = {
        "max_length": 1000,
        "hidden_size": 128,
        "bidirectional": True,
        "dropout": 0.3,
        "pooling": "attention",
        "batch_size": batch_size,
        "epochs": min(60, max(20, math.ceil(_UPDATES * batch_size / examples))),
        "patience": 8,
        "learning_rate": 6e-3 if config.optimizer == "adamw" else 0.3,
    }
    return choices, {}
