"""The settled configuration of an aligned run, and what it is where nothing was asked for."""

from __future__ import annotations

import math
from typing import Any, Literal

from elman.data.examples import Dataset, TaggedSentence
from elman.data.texts.tag_schemes import Scheme, belongs, scheme_of
from elman.data.texts.tokens import tokenise
from elman.data.texts.units import Unit
from elman.data.wording import shown
from elman.errors import ConfigurationError
from elman.models.description import Rate, Width
from elman.training.choices import Chosen, embedding_size, epochs_for
from elman.training.config import TextConfig, TrainingConfig
from elman.training.options import Decay

_SCHEMES = {
    "plain": "plain: each tag stands for itself",
    "bio": "bio: tags begin with B- and I-",
    "bioes": "bioes: tags begin with B-, I-, E- and S-",
}


class AlignedConfig(TextConfig):
    """Of an aligned run."""

    shape: Literal["aligned"]
    bidirectional: bool
    scheme: Scheme
    crf: bool
    characters: bool
    character_embedding_size: Width
    character_hidden_size: Width
    word_dropout: Rate
    neighbour_loss: Decay = 0.0  # of runs that are older than the option


def choose(config: TrainingConfig, dataset: Dataset[TaggedSentence]) -> Chosen:
    """What is left open, chosen from the data."""
    unit, reason = _unit(dataset)
    if config.unit is not None:
        unit, reason = config.unit, f"a step is one of the {config.unit}, as asked for"
    scheme = _scheme(config, dataset)
    words = unit == "words"
    examples = len(dataset.train)
    batch_size = config.batch_size or min(32, max(4, 2 ** int(math.log2(max(examples // 16, 1)))))
    # States that have seen the whole text have nothing to foretell.
    foretell = words and scheme != "plain" and config.num_layers == 1
    choices: dict[str, Any] = {
        "unit": unit,
        "min_count": 2 if words else 1,
        "lowercase": words,
        "scheme": scheme,
        "crf": scheme != "plain",
        "characters": words,
        "embedding_size": embedding_size(config, 100 if words else 32),
        "character_embedding_size": 32,
        "character_hidden_size": 48,
        "word_dropout": 0.0,
        "neighbour_loss": 0.1 if foretell else 0.0,
        "hidden_size": 128 if words else 64,
        "bidirectional": True,
        "dropout": 0.4 if words else 0.2,
        "batch_size": batch_size,
        "epochs": epochs_for(math.ceil(examples / batch_size), least=8),
        "learning_rate": 6e-3 if config.optimizer == "adamw" else 0.3,
    }
    told = _SCHEMES[scheme] + (", as asked for" if config.scheme else "")
    return choices, {"unit": reason, "scheme": told}


def _scheme(config: TrainingConfig, dataset: Dataset[TaggedSentence]) -> Scheme:
    tags = {tag for one in dataset.train for tag in one.tags}
    strange = sorted(tag for tag in tags if config.scheme and not belongs(tag, config.scheme))
    if strange:
        raise ConfigurationError(
            f"The tag {shown(strange[0])} is none of the scheme {config.scheme}.",
            where=f"scheme = {config.scheme}",
            expected=f"{scheme_of(tags)}, as the tags are",
            next_step="leave out --scheme",
        )
    return config.scheme or scheme_of(tags)


def _unit(dataset: Dataset[TaggedSentence]) -> tuple[Unit, str]:
    tokens = {token for example in dataset.train for token in example.tokens}
    if all(len(tokenise(token, "characters")) == 1 for token in tokens):
        return "characters", "characters: no token has more than one"
    return "words", "words: the tokens of the data"
