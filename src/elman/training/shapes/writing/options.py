"""The options of every shape that writes texts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from elman.data.texts.units import Unit
from elman.models.description import AttentionKind, Rate
from elman.training.options import Options

Beams = Annotated[int, Field(ge=1, le=1000)]
Penalty = Annotated[float, Field(ge=0, le=10)]


class WritingOptions(Options, title="Writing"):
    """How texts are written, and how writing is learnt."""

    target: str | None = Field(None, description="column of the texts to write")
    target_unit: Unit | None = Field(None, description="what a step of a target is")
    attention: AttentionKind | None = Field(None, description="score of the decoder's attention")
    input_feeding: bool | None = Field(
        None, description="the decoder also reads what it attended to a step before (slower)"
    )
    scheduled_sampling: Rate = Field(
        0.0,
        description="share of the decoder's own tokens that it reads in the last epoch (slower)",
    )
    label_smoothing: Rate | None = Field(
        None, description="share of a token's probability that all tokens are to have alike"
    )
    beams: Beams | None = Field(
        None, description="hypotheses that the search follows, 1 for greedy"
    )
    length_penalty: Penalty = Field(
        1.0, description="power of the length that a hypothesis's log-probability is divided by"
    )
