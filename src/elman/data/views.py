"""What checks and statistics look at in an example, whatever its shape."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from elman.data.examples import Target
from elman.data.texts.tokens import tokenise
from elman.data.texts.units import Unit
from elman.data.texts.vocabulary import choose_unit

CLASSES: Final = ("class", "rating", "tags")
"""The targets that are one of a few classes."""

Tokens = Callable[[Any], Sequence[Hashable]]


@dataclass(frozen=True)
class Column:
    """One of the sequences that every example has.

    Args:
        name: of the sequence, such as "text".
        unit: what its steps are, such as "words".
        steps: of an example; tokens can be counted, numbers cannot.
        countable: whether the steps are tokens.
    """

    name: str
    unit: str
    steps: Tokens
    countable: bool


def columns_of(examples: Sequence[Any], target: Target) -> list[Column]:
    """The sequences of examples that are all of one class.

    Texts are cut into words or characters as training would cut them.

    Args:
        examples: at least one.
        target: of their dataset: where it is "text", a label is one to write.
    """
    first = examples[0]
    if hasattr(first, "tokens"):
        return [Column("tokens", "tokens", lambda one: one.tokens, True)]
    columns = []
    if _array(first) is not None:
        columns = [Column("values", "steps", _steps, False)]
    names = ("text", "target", "label") if target == "text" else ("text",)
    texts = [name for name in names if isinstance(getattr(first, name, None), str)]
    return columns + [_text(name, examples) for name in texts]


def content(example: Any) -> Hashable:
    """What makes an example the same as another: all that a model reads of it."""
    if hasattr(example, "tokens"):
        return tuple(example.tokens)
    array = _array(example)
    if array is not None:
        return (array.shape, array.tobytes())
    return str(example.text)


def answer(example: Any) -> Hashable | None:
    """What a model should say to an example; None where that stands in the example itself."""
    names = ["label", "tags", "target"] + (["text"] if _array(example) is not None else [])
    for name in names:
        if (found := getattr(example, name, None)) is not None:
            return found if isinstance(found, str) else tuple(found)
    return None


def length(example: Any) -> int:
    """How long an example is: in tokens, steps of an array, or characters."""
    for found in (getattr(example, "tokens", None), _array(example)):
        if found is not None:
            return len(found)
    return len(example.text)


def labels(example: Any) -> Sequence[str]:
    """The classes of an example: its label, or the tags of its steps; none where it has none."""
    if hasattr(example, "tags"):
        return example.tags  # type: ignore[no-any-return]
    return [example.label] if hasattr(example, "label") else []


def row(example: Any) -> int:
    """Where an example stands in its file, counted from 1."""
    return int(example.row) if hasattr(example, "row") else int(example.rows[0])


def _text(name: str, examples: Sequence[Any]) -> Column:
    unit: Unit = choose_unit([getattr(one, name) for one in examples])[0]
    return Column(name, unit, lambda one: tokenise(getattr(one, name), unit), True)


def _array(example: Any) -> Any:
    """The numbers of an example; None where it has none."""
    for name in ("values", "frames"):
        if (found := getattr(example, name, None)) is not None:
            return found
    return None


def _steps(example: Any) -> Sequence[Hashable]:
    """A vector or an image is one step; frames and series have as many as they are long."""
    array = _array(example)
    return range(len(array) if array.ndim == 2 or hasattr(example, "rows") else 1)
