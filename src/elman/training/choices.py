"""What a run uses where its configuration is silent: what is common to the shapes' choices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from elman.data.files.word_vectors import width_of_vectors
from elman.data.texts.vocabulary import choose_unit
from elman.errors import ConfigurationError
from elman.training.config import TrainingConfig

Chosen = tuple[dict[str, Any], dict[str, str]]
"""Values by their keys, and for some of them a sentence that says why."""

# Small data is passed over more often, so that the weights get about this many updates.
_UPDATES = 2000


def text_choices(config: TrainingConfig, texts: Sequence[str]) -> Chosen:
    """What a step of a text is, and from how many occurrences on a token is known."""
    unit, reason = choose_unit(texts)
    if config.unit is not None:
        unit, reason = config.unit, f"a step is one of the {config.unit}, as asked for"
    return {"unit": unit, "min_count": 2 if unit == "words" else 1}, {"unit": reason}


def embedding_size(config: TrainingConfig, usual: int) -> int:
    """The width of the embedding: that of pre-trained vectors, or else the usual one.

    Raises:
        ConfigurationError: another width is asked for, or there is no embedding.
        DataError: the file of vectors cannot be read.
    """
    asked = config.embedding_size
    if config.encoding != "embedding" and asked is not None:
        raise ConfigurationError(
            f"The encoding {config.encoding} has no embedding.",
            where=f"embedding_size = {asked}",
            expected="no embedding_size",
            next_step="leave out --embedding-size, or --encoding",
        )
    if config.vectors is None:
        return usual
    width = width_of_vectors(Path(config.vectors))
    if asked not in (None, width):
        raise ConfigurationError(
            f"The vectors in {config.vectors} have {width} numbers each.",
            where=f"embedding_size = {asked}",
            expected=f"embedding_size = {width}",
            next_step="leave out --embedding-size",
        )
    return width


def learning_choices(config: TrainingConfig) -> dict[str, Any]:
    """What belongs to the optimiser, whatever it trains."""
    # SGD multiplies the pull by the rate and by 1 / (1 - momentum): these two are about as strong.
    choices: dict[str, Any] = {"weight_decay": 0.01 if config.optimizer == "adamw" else 1e-5}
    choices["patience"] = 5
    if config.optimizer == "sgd":
        choices["momentum"] = 0.9
    return choices


def batch_size_for(examples: int) -> int:
    """A power of two near a sixteenth of the examples, from 4 to 64."""
    return min(64, max(4, 1 << max(examples // 16, 1).bit_length() - 1))


def epochs_for(updates_an_epoch: int, least: int, most: int = 60) -> int:
    """So many that there are about 2,000 updates, from `least` to `most`."""
    return min(most, max(least, math.ceil(_UPDATES / updates_an_epoch)))
