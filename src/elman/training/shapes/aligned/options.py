"""The options that only the aligned shape has."""

from __future__ import annotations

from pydantic import Field

from elman.data.texts.tag_schemes import Scheme
from elman.models.description import Rate, Width
from elman.training.options import Decay, Options


class AlignedOptions(Options, title="Only aligned"):
    """How tags mark entities, and what of a word is read."""

    scheme: Scheme | None = Field(
        None, description="how tags mark entities; inferred from the tags (aligned)"
    )
    crf: bool | None = Field(None, description="score tags that stand side by side (aligned)")
    characters: bool | None = Field(None, description="read each word's characters too (aligned)")
    character_embedding_size: Width | None = Field(
        None, description="width of an embedded character of a word (aligned)"
    )
    character_hidden_size: Width | None = Field(
        None, description="units that read a word's characters, in each direction (aligned)"
    )
    word_dropout: Rate | None = Field(
        None, description="share of tokens that training hides, as if unknown (aligned)"
    )
    neighbour_loss: Decay | None = Field(
        None,
        description="weight of the loss of the tokens beside each one, which training adds"
        " (aligned)",
    )
