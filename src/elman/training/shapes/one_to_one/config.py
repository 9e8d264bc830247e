"""The settled configuration of one to one, and what it is where nothing was asked for."""

from __future__ import annotations

import math
from typing import Literal

from elman.data.arrays.labelled import ArrayDataset
from elman.models.description import Rate, Width
from elman.training.choices import Chosen, batch_size_for
from elman.training.config import SettledConfig, TrainingConfig

_UPDATES = 350
"""So many suffice where nothing is recurrent; more epochs would be stopped by patience half-way."""


class OneToOneConfig(SettledConfig):
    """Of a one-to-one run."""

    shape: Literal["one_to_one"]
    hidden_size: Width
    dropout: Rate


def choose(config: TrainingConfig, dataset: ArrayDataset) -> Chosen:
    """What is left open, chosen from the data."""
    examples = len(dataset.train)
    batch_size = config.batch_size or batch_size_for(examples)
    choices = {
        "hidden_size": 128,
        "dropout": 0.3,
        "batch_size": batch_size,
        "epochs": min(60, max(15, math.ceil(_UPDATES * batch_size / examples))),
        "patience": 8,
        "learning_rate": 3e-3 if config.optimizer == "adamw" else 0.1,
    }
    return choices, {}
