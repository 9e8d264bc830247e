"""The settled configuration of one to many in music, and what it is where nothing was asked for."""

from __future__ import annotations

import math
from typing import Literal

from elman.data.loading.rolls import RollDataset
from elman.training.choices import Chosen, batch_size_for, epochs_for
from elman.training.config import RecurrentConfig, TrainingConfig


class OneToRollConfig(RecurrentConfig):
    """Of a run that learns to write pieces for vectors."""

    shape: Literal["one_to_many"]
    reads: Literal["rolls"]


def choose(config: TrainingConfig, dataset: RollDataset) -> Chosen:
    """What is left open, chosen from the data."""
    examples = len(dataset.train)
    batch_size = config.batch_size or batch_size_for(examples // 4)
    choices = {
        "hidden_size": 128,
        "dropout": 0.2,
        "batch_size": batch_size,
        # A piece is only as good as its worst step, so few pieces are gone over more often.
        "epochs": epochs_for(math.ceil(examples / batch_size), least=30, most=200),
        "learning_rate": 0.01 if config.optimizer == "adamw" else 0.3,
        "patience": 20,
    }
    return choices, {}
