"""What vocabulary.json holds of a model that writes pieces for vectors."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from elman.data.arrays.labelled import Name


class Content(BaseModel):
    """The content of vocabulary.json.

    Attributes:
        columns: the names of a vector's numbers.
        step: the length of a step in the unit of the notes' onsets.
        longest: most steps of a piece that is written.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    columns: Annotated[tuple[Name, ...], Field(min_length=1, max_length=65_536)]
    step: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    longest: Annotated[int, Field(ge=1, le=1_000_000)]
