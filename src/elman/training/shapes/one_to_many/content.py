"""What vocabulary.json holds of a one-to-many model."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from elman.data.arrays.labelled import Form
from elman.training.shapes.writing.options import Beams, Penalty


class Content(BaseModel):
    """The content of vocabulary.json.

    Attributes:
        form: what is read.
        target: the vocabulary of the texts to write.
        longest: most tokens of a text, its end counted.
        beams: that the search follows.
        length_penalty: of the search.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    form: Annotated[Form, Field(discriminator="kind")]
    target: dict[str, Any]
    longest: Annotated[int, Field(ge=1, le=1_000_000)]
    beams: Beams
    length_penalty: Penalty
