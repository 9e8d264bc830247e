"""The options of a run, in groups; a shape has some of the groups, and one or two of its own.

A key stands in one group only. A key left out (None) is chosen once the data is known.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from elman.cells.spec import Kind
from elman.data.examples import LabelKind, Shape
from elman.data.texts.units import Unit
from elman.models.description import Encoding, Layers, Rate, VocabularySize, Width

_LARGEST = 3e38  # of the numbers that a weight (float32) can hold

Whole = Annotated[int, Field(ge=0, lt=2**31)]
Positive = Annotated[int, Field(ge=1, lt=2**31)]
Decay = Annotated[float, Field(ge=0, le=_LARGEST)]
Amount = Annotated[float, Field(gt=0, le=_LARGEST)]

Optimizer = Literal["adamw", "sgd"]
Schedule = Literal["one-cycle", "cosine", "constant", "plateau"]
Clip = Literal["norm", "value", "none"]
OnDivergence = Literal["stop", "skip", "halve-lr"]


class Options(BaseModel):
    """A group of options: values that never change, and no other keys.

    Its title heads it where the command line lists the options.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class SourceOptions(Options, title="Data"):
    """Where the data is, and how it is divided."""

    data: str = Field(description="a file, or the name of a built-in source")
    shape: Shape | None = Field(None, description="shape of the model; inferred from the data")
    split: str | None = Field(None, description="column that says train, validation or test")
    validation: str | None = Field(None, description="file of the validation part")
    test: str | None = Field(None, description="file of the test part")


class NumberOptions(Options, title="Numbers"):
    """Of shapes that read tables of numbers."""

    columns: str | None = Field(None, description="columns of the numbers, separated by commas")
    id: str | None = Field(None, description="column that says which sequence a row belongs to")
    time: str | None = Field(None, description="column that orders the rows of a sequence")


class ArrayOptions(Options, title="Numbers"):
    """Of shapes that read labelled vectors, images, sounds or sequences of numbers."""

    label_kind: LabelKind | None = Field(None, description="what labels are, names or amounts")
    file_names: str | None = Field(
        None, description="names of a folder's files, such as {label}_*, where they tell the labels"
    )
    as_rows: bool = Field(False, description="read each image row by row (many to one)")


class RollOptions(Options, title="Numbers"):
    """Of shapes that read tables of notes."""

    frame: Amount | None = Field(
        None, description="length of a step of a piano roll, in the unit of the onsets"
    )


class LabelOptions(Options, title="Labels"):
    """Of shapes that learn a label for each example."""

    label: str | None = Field(None, description="column of the labels")


class TokenOptions(Options, title="Text"):
    """Of shapes that read or write text: which tokens there are."""

    lowercase: bool | None = Field(None, description="read texts in lower case")
    min_count: Positive | None = Field(
        None, description="rarer tokens of the training part are unknown"
    )
    max_vocabulary: VocabularySize = Field(50_000, description="most tokens in the vocabulary")
    embedding_size: Width | None = Field(None, description="width of an embedded token")


class TextOptions(TokenOptions, title="Text"):
    """Of shapes that read text."""

    text: str | None = Field(None, description="column of the texts")
    unit: Unit | None = Field(None, description="what a step is")


class EncodingOptions(Options, title="Text"):
    """Of shapes that read text: what a token becomes before the first layer."""

    encoding: Encoding = Field("embedding", description="how a token becomes numbers")
    vectors: str | None = Field(
        None, description="file of pre-trained vectors (GloVe, word2vec text) to begin with"
    )
    freeze_vectors: bool = Field(False, description="leave the pre-trained vectors as they are")


class LayerOptions(Options, title="Layers"):
    """Of shapes that have layers of one width."""

    hidden_size: Width | None = Field(None, description="units of a layer, in each direction")
    num_layers: Layers = Field(1, description="recurrent layers on top of each other")
    dropout: Rate | None = Field(None, description="rate of dropout")


class CellOptions(LayerOptions, title="Layers"):
    """Of shapes whose layers are recurrent."""

    cell: Kind = Field("lstm", description="recurrent cell")
    nonlinearity: Literal["tanh", "relu"] = Field("tanh", description="of the cell rnn")
    reset_after: bool = Field(True, description="where the reset gate of a gru acts")


class DirectionOptions(Options, title="Layers"):
    """Of shapes that may read a sequence from its end as well."""

    bidirectional: bool | None = Field(None, description="read each text from its end as well")


class LearningOptions(Options, title="Training"):
    """How any model is trained."""

    epochs: Positive | None = Field(None, description="passes over the training part")
    batch_size: Positive | None = Field(None, description="sequences trained side by side")
    optimizer: Optimizer = Field("adamw", description="how weights move")
    learning_rate: Amount | None = Field(None, description="highest rate of the schedule")
    momentum: Rate | None = Field(None, description="of the optimizer sgd")
    weight_decay: Decay | None = Field(None, description="pull of the weights to 0")
    schedule: Schedule = Field("one-cycle", description="course of the learning rate")
    clip: Clip = Field("norm", description="clip gradients by")
    clip_at: Amount = Field(1.0, description="largest norm, or largest value, of a gradient")
    on_divergence: OnDivergence = Field(
        "stop", description="after a batch whose loss or gradient is not finite"
    )
    patience: Whole | None = Field(
        None, description="stop after so many epochs without improvement; 0 for never"
    )
    seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(
        0, description="of everything drawn: weights, order, dropout, split"
    )
    threads: Annotated[int, Field(ge=1, le=1024)] = Field(1, description="processor threads")
    checkpoint_seconds: Annotated[float, Field(ge=0)] = Field(
        30.0, description="longest time between checkpoints"
    )
