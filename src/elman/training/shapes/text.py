"""What the shapes that read text have in common."""

from __future__ import annotations

from collections.abc import Iterable

from elman.data.vocabulary import Vocabulary
from elman.training.config import RecurrentConfig, TextConfig


def text_vocabulary(config: TextConfig, texts: Iterable[str]) -> Vocabulary:
    """The tokens of the training part's texts, as the configuration wants them."""
    return Vocabulary.build(
        texts, config.unit, config.lowercase, config.min_count, config.max_vocabulary
    )


def layers(config: RecurrentConfig) -> str:
    """A model's recurrent layers in a few words, such as "1 x lstm, 192 units"."""
    return f"{config.num_layers} x {config.cell}, {config.hidden_size} units"


def layers_and_tokens(config: RecurrentConfig, vocabulary: Vocabulary) -> str:
    """The same, and how many tokens the model knows."""
    return f"{layers(config)}, {len(vocabulary):,} tokens"
