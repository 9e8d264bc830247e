"""The options that only many to one has."""

from __future__ import annotations

from pydantic import Field

from elman.models.description import Pooling
from elman.training.options import Options, Positive


class ManyToOneOptions(Options, title="Only many_to_one"):
    """How much of a text is read, and how one vector is made of it."""

    max_length: Positive | None = Field(
        None, description="longer texts are cut to so many tokens (many to one)"
    )
    pooling: Pooling | None = Field(None, description="from all steps to one vector (many to one)")
