"""What a run uses where its configuration is silent, given the data."""

from __future__ import annotations

import math
from typing import Any

from elman.data.examples import AnyDataset
from elman.data.tokens import Unit, tokenise
from elman.data.vocabulary import choose_unit
from elman.errors import ConfigurationError
from elman.training.config import AnyConfig, TrainingConfig, settled

_ONLY_MANY_TO_ONE = ("max_length", "bidirectional", "pooling")
_ONLY_LANGUAGE_MODEL = ("tied", "bptt_steps", "bptt_window")

# Small data is passed over more often, so that the weights get about this many updates.
_UPDATES = 2000


def settle(config: TrainingConfig, dataset: AnyDataset) -> tuple[AnyConfig, str]:
    """The configuration with every key filled in, and why the unit was chosen.

    Raises:
        ConfigurationError: an option that the shape of the data does not have.
    """
    many_to_one = dataset.shape == "many_to_one"
    others = _ONLY_LANGUAGE_MODEL if many_to_one else _ONLY_MANY_TO_ONE
    foreign = [key for key in others if getattr(config, key) is not None]
    if foreign:
        raise ConfigurationError(
            f"The shape {dataset.shape} has no option {' or '.join(foreign)}.",
            where="; ".join(f"{key} = {getattr(config, key)!r}" for key in foreign),
            expected=f"no {' or '.join(foreign)}; {dataset.shape_reason}",
            next_step="leave them out, or choose the shape with --shape",
        )
    unit, reason = choose_unit([example.text for example in dataset.train])
    if config.unit is not None:
        unit, reason = config.unit, f"a step is one of the {config.unit}, as asked for"
    choices: dict[str, Any] = {"shape": dataset.shape, "unit": unit}
    choices["min_count"] = 1 if unit == "characters" else 2
    choices |= (_many_to_one if many_to_one else _language_model)(config, dataset, unit)
    # SGD multiplies the pull by the rate and by 1 / (1 - momentum): these two are about as strong.
    choices["weight_decay"] = 0.01 if config.optimizer == "adamw" else 1e-5
    if config.optimizer == "sgd":
        choices["momentum"] = 0.9
    choices |= {key: value for key, value in config if value is not None}
    return settled(choices), reason


def _many_to_one(config: TrainingConfig, dataset: AnyDataset, unit: Unit) -> dict[str, Any]:
    examples = len(dataset.train)
    batch_size = config.batch_size or min(64, max(4, 2 ** int(math.log2(max(examples // 16, 1)))))
    return {
        "lowercase": unit == "words",
        "max_length": 1000,
        "hidden_size": 192,
        "embedding_size": 64,
        "bidirectional": True,
        "dropout": 0.4,
        "pooling": "attention",
        "batch_size": batch_size,
        "epochs": _epochs(math.ceil(examples / batch_size), least=15),
        "learning_rate": 6e-3 if config.optimizer == "adamw" else 0.3,
    }


def _language_model(config: TrainingConfig, dataset: AnyDataset, unit: Unit) -> dict[str, Any]:
    tokens = sum(len(tokenise(example.text, unit)) + 1 for example in dataset.train)
    batch_size = config.batch_size or min(16, max(2, tokens // 2000))
    hidden_size = config.hidden_size or 128
    steps = config.bptt_steps
    if steps is None:
        steps = min(32, config.bptt_window or 32)
    sequences = math.ceil(tokens / steps) if steps else len(dataset.train)
    return {
        "lowercase": False,
        "hidden_size": hidden_size,
        "embedding_size": hidden_size,
        "dropout": 0.4,
        "tied": config.embedding_size in (None, hidden_size),
        "batch_size": batch_size,
        "bptt_steps": steps,
        "bptt_window": steps or None,
        "epochs": _epochs(math.ceil(sequences / batch_size), least=12),
        "learning_rate": 8e-3 if config.optimizer == "adamw" else 1.0,
    }


def _epochs(updates_an_epoch: int, least: int) -> int:
    return min(60, max(least, math.ceil(_UPDATES / updates_an_epoch)))
