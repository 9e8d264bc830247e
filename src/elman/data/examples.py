"""What a data source gives: examples, in three parts, with the facts of how they came about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar

if TYPE_CHECKING:  # numpy is not worth its import to those who read texts
    from numpy.typing import NDArray

Shape = Literal["many_to_one", "language_model", "aligned", "encoder_decoder"]
Target = Literal["class", "rating", "next token", "tags", "text"]


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
        name: the file that it was read from; empty for the rows of a table.
    """

    values: NDArray[Any]
    label: str
    row: int
    name: str = ""


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


Example = TypeVar("Example", LabelledText, Document, TaggedSentence, LabelledArray, TextPair)


@dataclass(frozen=True)
class Dataset(Generic[Example]):
    """A source read, understood and divided.

    Args:
        name: the file's name, or the built-in's.
        shape: the shape of model that fits the data.
        shape_reason: one sentence that says why.
        target: "rating" when every label is an integer and 3 to 11 differ.
        train: the examples to learn from.
        validation: the examples that choose the best generation.
        test: the examples that are read once, at the end.
        split_reason: how the three parts came about.
        sha256: digest of the bytes of all files in order, or of a built-in's examples.
        notes: facts that a reader of the report should know.
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


AnyDataset: TypeAlias = (
    Dataset[LabelledText] | Dataset[Document] | Dataset[TaggedSentence] | Dataset[TextPair]
)
