"""What a data source gives: examples, in three parts, with the facts of how they came about."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar

if TYPE_CHECKING:  # numpy is not worth its import to those who read texts
    import numpy as np
    from numpy.typing import NDArray

Shape = Literal[
    "many_to_one",
    "language_model",
    "aligned",
    "encoder_decoder",
    "forecaster",
    "one_to_one",
    "one_to_many",
]
Reads = Literal["frames", "rolls"] | None
"""What is read, where a shape has a model for this beside its usual one (None)."""

LabelKind = Literal["class", "number"]
Target = Literal[
    "class",
    "rating",
    "number",
    "next token",
    "next keys",
    "tags",
    "text",
    "piece",
    "values to come",
]


@dataclass(frozen=True, slots=True)
class LabelledText:
    """A text and its label.

    Args:
        text: the text as it stands in the source.
        label: the label, without surrounding white space.
        row: where it starts in its file: the line, or in Parquet the record, counted from 1.
    """

    text: str
    label: str
    row: int


@dataclass(frozen=True, slots=True)
class Document:
    r"""A piece of running text: a paragraph, a line, a topic.

    Args:
        text: the text; its lines are separated by "\n".
        row: where it starts in its file: the line, or in Parquet the record, counted from 1.
        name: a title, where the source has one.
    """

    text: str
    row: int
    name: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class LabelledArray:
    """Numbers and their label.

    Args:
        values: [I] a vector, [C, H, W] an image, or [T, I] frames, one a step.
        label: the label, without surrounding white space; a number is written as one.
        row: where it starts in its table, or its place among the files of a folder, from 1.
        name: the file that it was read from, or the name of its sequence; empty for single rows.
    """

    values: NDArray[Any]
    label: str
    row: int
    name: str = ""

    def __str__(self) -> str:
        return self.name or f"row {self.row}"


@dataclass(frozen=True, slots=True)
class TaggedSentence:
    """A sequence of tokens with a tag each.

    Args:
        tokens: words, or characters.
        tags: as many.
        row: the line of the first token in its file, counted from 1.
    """

    tokens: tuple[str, ...]
    tags: tuple[str, ...]
    row: int

    @property
    def text(self) -> str:
        """The tokens, a space between two."""
        return " ".join(self.tokens)


@dataclass(frozen=True, slots=True)
class TextPair:
    """A text, and what is to be written for it.

    Args:
        text: the source, as it stands in the data.
        target: the text to write, as it stands in the data.
        row: where both start in their file or files: the line, or in Parquet the record, from 1.
    """

    text: str
    target: str
    row: int


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """A stretch of one quantity over time, one value a step.

    Args:
        name: of the quantity: its column, its series, or both.
        stamps: [T] when each step was, as `elman.data.series.clock` counts; they rise.
        values: [T], NaN where nothing was measured.
        known: [T + F, K] the covariates of each step, and of F steps after the last value.
        rows: [T] where each step stands in its file, counted from 1; 0 where it does not.
    """

    name: str
    stamps: NDArray[np.int64]
    values: NDArray[np.float64]
    known: NDArray[np.float64]
    rows: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.values)

    def stretch(self, first: int, end: int) -> Series:
        """The steps from `first` to before `end`; what is known beyond stays with the last one."""
        return replace(
            self,
            stamps=self.stamps[first:end],
            values=self.values[first:end],
            known=self.known[first : end if end < len(self) else None],
            rows=self.rows[first:end],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Roll:
    """A piece of music as the keys that are down at each step.

    Args:
        frames: [T, 88] 1 where a key is down, 0 elsewhere; the first key is the lowest of a piano.
        row: its place in its source, or the row of its first note, from 1.
        name: of the piece, where the source has one.
        vector: [I] the numbers that the piece is to be written for; none where it stands alone.
    """

    frames: NDArray[Any]
    row: int
    name: str = ""
    vector: NDArray[Any] | None = None

    def __str__(self) -> str:
        return self.name or f"piece {self.row}"


Example = TypeVar(
    "Example", LabelledText, Document, TaggedSentence, LabelledArray, TextPair, Series, Roll
)


@dataclass(frozen=True)
class Dataset(Generic[Example]):
    """A source read, understood and divided.

    Args:
        name: the file's name, or the built-in's.
        shape: the shape of model that fits the data.
        shape_reason: one sentence that says why.
        target: what is to be told: "rating" when every label is an integer and 3 to 11 differ.
        train: the examples to learn from.
        validation: the examples that choose the best generation.
        test: the examples that are read once, at the end.
        split_reason: how the three parts came about.
        sha256: digest of the bytes of all files in order, or of a built-in's examples.
        notes: facts that a reader of the report should know.
        reads: what the examples are, where the shape has a model of its own for it.
    """

    name: str
    shape: Shape
    shape_reason: str
    target: Target
    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    test: tuple[Example, ...]
    split_reason: str
    sha256: str
    notes: tuple[str, ...]
    reads: Reads = field(default=None, kw_only=True)

    def sizes(self) -> dict[str, int]:
        """How much is in each part, counted as the shape counts: examples."""
        return {
            "train": len(self.train),
            "validation": len(self.validation),
            "test": len(self.test),
        }


AnyDataset: TypeAlias = (
    Dataset[LabelledText]
    | Dataset[Document]
    | Dataset[TaggedSentence]
    | Dataset[TextPair]
    | Dataset[Series]
    | Dataset[LabelledArray]
    | Dataset[Roll]
)
