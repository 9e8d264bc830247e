"""The settled configuration of encoder and decoder, and what it is where nothing was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from elman.data.examples import Dataset, TextPair
from elman.data.texts.tokens import iterate
from elman.data.texts.vocabulary import choose_unit
from elman.training.choices import Chosen, embedding_size
from elman.training.config import TextConfig, TrainingConfig
from elman.training.shapes.writing.config import WritingConfig, writing_choices

_FEW = 2000
"""Of fewer pairs much has to be guessed."""

_MANY = 2
"""So many times as many characters as code points: a script of letters and marks."""


class EncoderDecoderConfig(WritingConfig, TextConfig):
    """Of a run of encoder and decoder."""

    shape: Literal["encoder_decoder"]
    bidirectional: bool
    copy_unknown: bool


def choose(config: TrainingConfig, dataset: Dataset[TextPair]) -> Chosen:
    """What is left open, chosen from the data."""
    units, reasons = _units(config, dataset)
    examples, words = len(dataset.train), units["target_unit"] == "words"
    attention = config.attention or "general"
    choices: dict[str, Any] = {
        # Case in the source tells nothing where the target has none, and is more to be learnt.
        "lowercase": all(pair.target.lower() == pair.target.upper() for pair in dataset.train),
        "embedding_size": embedding_size(config, 64),
        "bidirectional": True,
        "dropout": 0.45 if examples < _FEW else 0.3 if words else 0.2,
        # Where there is much to guess, it keeps guesses from being too sure; where texts can be
        # right from end to end, it would only make probabilities smaller than they are.
        "label_smoothing": 0.1 if words or examples < _FEW else 0.0,
        "attention": attention,
        "copy_unknown": attention != "none",
        "patience": 0,  # texts written greedily go up and down until the rate has fallen
        "learning_rate": (2e-3 if words else 4e-3) if config.optimizer == "adamw" else 0.5,
    }
    if examples < _FEW and config.optimizer == "adamw":  # small weights guess better
        choices["weight_decay"] = 0.3
    return writing_choices(config, examples, units["target_unit"]) | units | choices, reasons


def _units(config: TrainingConfig, dataset: Dataset[TextPair]) -> Chosen:
    """What a step is, of sources and of targets: characters as soon as one side calls for them.

    Where only the target is short or without spaces, it is spelt out, and what is spelt out is
    often found in the source's letters. A script whose characters are put together from few signs
    is read and written sign by sign.
    """
    texts = [pair.text for pair in dataset.train], [pair.target for pair in dataset.train]
    found = [choose_unit(side) for side in texts]
    unit, reason = next((one for one in found if one[0] == "characters"), found[0])
    choices: dict[str, Any] = {}
    reasons: dict[str, str] = {}
    for key, side in zip(("unit", "target_unit"), texts, strict=True):
        asked = getattr(config, key)
        choices[key], reasons[key.replace("_", " ")] = unit, reason
        if asked is not None:
            choices[key] = asked
            reasons[key.replace("_", " ")] = f"a step is one of the {asked}, as asked for"
        elif unit == "characters" and (put_together := _put_together(side)):
            choices[key], reasons[key.replace("_", " ")] = "codepoints", put_together
    return choices, reasons


def _put_together(texts: Sequence[str]) -> str:
    """Why texts are better cut into code points than into characters; empty where they are not."""
    characters, points = (
        len({token for text in texts for token in iterate(text, unit)})
        for unit in ("characters", "codepoints")
    )
    if characters < _MANY * points:
        return ""
    return f"code points: {characters:,} characters are put together from {points:,} of them"
