"""The options that only the language model has."""

from __future__ import annotations

from pydantic import Field

from elman.training.options import Options, Positive, Whole


class LanguageModelOptions(Options, title="Only language_model"):
    """The output's weights, and truncated backpropagation through time."""

    tied: bool | None = Field(None, description="output weights = embedding (language model)")
    bptt_steps: Whole | None = Field(
        None, description="steps between updates (k1), 0 for full BPTT (language model)"
    )
    bptt_window: Positive | None = Field(
        None, description="steps that the gradient flows back (k2), at least k1 (language model)"
    )
