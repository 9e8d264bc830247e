"""What a model file says of a model: closed kinds and sizes, nothing that runs."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from elman.cells.spec import CellSpec

Pooling = Literal["last", "max", "mean", "attention"]
Score = Literal["dot", "general", "additive"]
AttentionKind = Literal[Score, "none"]
Encoding = Literal["embedding", "one-hot", "integer"]

Width = Annotated[int, Field(ge=1, le=65_536)]
VocabularySize = Annotated[int, Field(ge=2, le=2_000_000)]
Outputs = Annotated[int, Field(ge=1, le=1_000_000)]
Layers = Annotated[int, Field(ge=1, le=64)]
Rate = Annotated[float, Field(ge=0, lt=1)]


class Description(BaseModel):
    """What every model has: a shape, and nothing that is not described.

    The limits keep a hostile file from asking for more memory than any real model needs.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)


class RecurrentDescription(Description):
    """A model with recurrent layers."""

    cell: CellSpec
    hidden_size: Width
    num_layers: Layers = 1
    dropout: Rate = 0.0


class TextDescription(RecurrentDescription):
    """A model whose recurrent layers stand upon the encoding of tokens."""

    vocabulary_size: VocabularySize
    embedding_size: Width
    encoding: Encoding = "embedding"
    frozen: bool = False


class ManyToOneDescription(TextDescription):
    """A many-to-one model."""

    shape: Literal["many_to_one"] = "many_to_one"
    classes: Annotated[int, Field(ge=2, le=1_000_000)]
    bidirectional: bool = True
    pooling: Pooling = "attention"

    @property
    def outputs(self) -> int:
        """How many numbers the model answers with."""
        return self.classes


class FramesToOneDescription(RecurrentDescription):
    """A many-to-one model whose steps are frames of numbers."""

    shape: Literal["many_to_one"] = "many_to_one"
    reads: Literal["frames"] = "frames"
    frame_size: Width
    outputs: Outputs
    bidirectional: bool = True
    pooling: Pooling = "attention"


class OneToOneDescription(Description):
    """A feed-forward network: of vectors [I], or of images [C, H, W]."""

    shape: Literal["one_to_one"] = "one_to_one"
    features: Annotated[tuple[Width, ...], Field(min_length=1, max_length=3)]
    outputs: Outputs
    hidden_size: Width
    num_layers: Layers = 1
    dropout: Rate = 0.0


class RollDescription(RecurrentDescription):
    """A model whose steps are the keys that are down."""

    reads: Literal["rolls"] = "rolls"
    keys: Width


class PianoRollDescription(RollDescription):
    """A language model of such steps."""

    shape: Literal["language_model"] = "language_model"


class OneToRollDescription(RollDescription):
    """A model that writes such steps for a vector [I], and their end: one key more."""

    shape: Literal["one_to_many"] = "one_to_many"
    features: Width


class LanguageModelDescription(TextDescription):
    """A language model."""

    shape: Literal["language_model"] = "language_model"
    tied: bool = True


class SpellingDescription(Description):
    """The reader of a word's characters."""

    vocabulary_size: VocabularySize
    embedding_size: Width
    hidden_size: Width


class AlignedDescription(TextDescription):
    """A model that gives each step a tag."""

    shape: Literal["aligned"] = "aligned"
    tags: Annotated[int, Field(ge=2, le=10_000)]
    bidirectional: bool = True
    crf: bool = False
    spelling: SpellingDescription | None = None
    neighbours: bool = False


class DecoderDescription(RecurrentDescription):
    """What writes a sequence has: tokens to write, and perhaps attention."""

    target_size: VocabularySize
    embedding_size: Width
    attention: AttentionKind
    input_feeding: bool = False


class EncoderDecoderDescription(DecoderDescription, TextDescription):
    """An encoder and a decoder."""

    shape: Literal["encoder_decoder"] = "encoder_decoder"
    attention: AttentionKind = "general"
    bidirectional: bool = True


class OneToManyDescription(DecoderDescription):
    """A model that writes a sequence for a vector [I], or for an image [C, H, W]."""

    shape: Literal["one_to_many"] = "one_to_many"
    features: Annotated[tuple[Width, ...], Field(min_length=1, max_length=3)]
    attention: AttentionKind = "none"


QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
"""The levels of a forecast of quantiles: the median, and the middle half and 80 % around it."""

Forecast = Literal["quantiles", "point", "gaussian"]
ForecastDecoding = Literal["direct", "recursive"]
Normalise = Literal["last", "none"]
WindowSteps = Annotated[int, Field(ge=1, le=100_000)]


class ForecasterDescription(RecurrentDescription):
    """A forecaster, of so many covariates and series."""

    shape: Literal["forecaster"] = "forecaster"
    look_back: WindowSteps
    horizon: WindowSteps
    segment: WindowSteps = 1
    known: Annotated[int, Field(ge=0, le=1000)] = 0
    series: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    output: Forecast = "quantiles"
    decoding: ForecastDecoding = "direct"
    normalise: Normalise = "last"
    highway: bool = True
