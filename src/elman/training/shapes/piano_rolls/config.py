"""The settled configuration of a model of piano rolls, and what it is where nothing was asked."""

from __future__ import annotations

import math
from typing import Literal

from elman.data.loading.rolls import RollDataset
from elman.training.choices import Chosen, batch_size_for, epochs_for
from elman.training.config import RecurrentConfig, TrainingConfig


class PianoRollConfig(RecurrentConfig):
    """Of a run over piano rolls."""

    shape: Literal["language_model"]
    reads: Literal["rolls"]


def choose(config: TrainingConfig, dataset: RollDataset) -> Chosen:
    """What is left open, chosen from the data."""
    examples = len(dataset.train)
    batch_size = config.batch_size or batch_size_for(examples // 4)
    choices = {
        "hidden_size": 300,
        "dropout": 0.5,
        "batch_size": batch_size,
        "epochs": epochs_for(math.ceil(examples / batch_size), least=30),
        "learning_rate": 0.01 if config.optimizer == "adamw" else 0.3,
        "patience": 10,
    }
    return choices, {}
