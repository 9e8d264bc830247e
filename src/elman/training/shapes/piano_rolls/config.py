"""The settled configuration of a model of piano rolls, and what it is where nothing was asked."""

from __future__ import annotations

from typing import Literal

from elman.data.loading.rolls import RollDataset
from elman.training.choices import Chosen
from elman.training.config import RecurrentConfig, TrainingConfig


class PianoRollConfig(RecurrentConfig):
    """Of a run over piano rolls."""

    shape: Literal["language_model"]
    reads: Literal["rolls"]


def choose(config: TrainingConfig, dataset: RollDataset) -> Chosen:
    """What is left open, chosen from the data."""
    choices = {
        "hidden_size": 300,
        "dropout": 0.5,
        "batch_size": 16,
        "epochs": 90,
        "learning_rate": 0.01 if config.optimizer == "adamw" else 0.3,
        "patience": 10,
    }
    return choices, {}
