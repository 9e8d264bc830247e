"""The settled configuration of a language model, and what it is where nothing was asked for."""

from __future__ import annotations

import math
from typing import Any, Literal

from elman.data.examples import Dataset, Document
from elman.data.texts.tokens import tokenise
from elman.training.choices import Chosen, embedding_size, epochs_for, text_choices
from elman.training.config import TextConfig, TrainingConfig
from elman.training.options import Whole


class LanguageModelConfig(TextConfig):
    """Of a language model's run."""

    shape: Literal["language_model"]
    tied: bool
    bptt_steps: Whole


def choose(config: TrainingConfig, dataset: Dataset[Document]) -> Chosen:
    """What is left open, chosen from the data."""
    text, reasons = text_choices(config, [example.text for example in dataset.train])
    tokens = sum(len(tokenise(example.text, text["unit"])) + 1 for example in dataset.train)
    batch_size = config.batch_size or min(16, max(2, tokens // 2000))
    hidden_size = config.hidden_size or 128
    steps = config.bptt_steps
    if steps is None:
        steps = min(32, config.bptt_window or 32)
    sequences = math.ceil(tokens / steps) if steps else len(dataset.train)
    width = embedding_size(config, hidden_size)
    learned = config.encoding == "embedding" and not config.freeze_vectors
    choices: dict[str, Any] = {
        "lowercase": False,
        "hidden_size": hidden_size,
        "embedding_size": width,
        "dropout": 0.4,
        "tied": learned and (config.embedding_size or width) == hidden_size,
        "batch_size": batch_size,
        "bptt_steps": steps,
        "bptt_window": steps or None,
        "epochs": epochs_for(math.ceil(sequences / batch_size), least=12),
        "learning_rate": 8e-3 if config.optimizer == "adamw" else 1.0,
    }
    return text | choices, reasons
