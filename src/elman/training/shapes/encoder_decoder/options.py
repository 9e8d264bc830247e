"""The options that only encoder and decoder has."""

from __future__ import annotations

from pydantic import Field

from elman.training.options import Options


class EncoderDecoderOptions(Options, title="Only encoder_decoder"):
    """Where the pairs are, and what becomes of unknown words."""

    source: str | None = Field(None, description="column of the texts to read (encoder, decoder)")
    target_file: str | None = Field(
        None, description="file whose lines are the targets of the data's (encoder, decoder)"
    )
    copy_unknown: bool | None = Field(
        None, description="write the source's word for an unknown one, by attention"
    )
