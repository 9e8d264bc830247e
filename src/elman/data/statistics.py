"""A dataset in numbers: lengths, padding, vocabulary, classes, and what the parts share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any, Final

from elman.data.batches import padded_share
from elman.data.examples import AnyDataset
from elman.data.splits import PARTS
from elman.data.views import CLASSES, Column, columns_of, content, labels

BATCH: Final = 32
"""The size of the batches whose padding is counted."""
_SHOWN: Final = 10


@dataclass(frozen=True)
class Lengths:
    """How long the sequences of a part are.

    Args:
        examples: how many.
        steps: all together.
        shortest, middle, longest: in steps.
        padding: the share of a padded batch that would be padding: examples as they come,
            `BATCH` at a time, each batch as long as its longest.
        unknown: the share of steps that the training part does not have; None where steps are
            numbers.
    """

    examples: int
    steps: int
    shortest: int
    middle: float
    longest: int
    padding: float
    unknown: float | None


@dataclass(frozen=True)
class Statistics:
    """A dataset in numbers.

    Args:
        name: of the source.
        shape: that fits it, and `shape_reason` why.
        units: what a step of each sequence is, by the sequence's name.
        lengths: by the sequence's name, then by the part.
        vocabulary: for each sequence of tokens how many different ones the training part has, how
            many of them once only, and the commonest with their counts.
        classes: for each part the labels or tags with their counts, the commonest first.
        repeated: how many examples of a part stand in it once more, or in another part.
    """

    name: str
    shape: str
    shape_reason: str
    units: dict[str, str]
    lengths: dict[str, dict[str, Lengths]]
    vocabulary: dict[str, dict[str, Any]]
    classes: dict[str, dict[str, int]]
    repeated: dict[str, int]

    def facts(self) -> dict[str, Any]:
        """The same as one JSON object."""
        return asdict(self)


def statistics_of(dataset: AnyDataset) -> Statistics:
    """Count everything once."""
    parts: dict[str, Sequence[Any]] = {
        "train": dataset.train,
        "validation": dataset.validation,
        "test": dataset.test,
    }
    columns = columns_of(dataset.train, dataset.target)
    lengths: dict[str, dict[str, Lengths]] = {}
    vocabulary: dict[str, dict[str, Any]] = {}
    for column in columns:
        counts: Counter[Hashable] = Counter()
        if column.countable:
            counts.update(token for one in dataset.train for token in column.steps(one))
            vocabulary[column.name] = _vocabulary(counts)
        lengths[column.name] = {
            part: _lengths(column, examples, counts) for part, examples in parts.items() if examples
        }
    classes = {part: Counter(label for one in some for label in labels(one))
               for part, some in parts.items()}  # fmt: skip
    return Statistics(
        name=dataset.name,
        shape=dataset.shape,
        shape_reason=dataset.shape_reason,
        units={column.name: column.unit for column in columns},
        lengths=lengths,
        vocabulary=vocabulary,
        classes={part: dict(counts.most_common()) for part, counts in classes.items() if counts}
        if dataset.target in CLASSES
        else {},
        repeated=_repeated(parts),
    )


def padding_share(lengths: Sequence[int], batch: int = BATCH) -> float:
    """The share of padded batches that is padding, examples being taken as they come.

    Example:
        >>> padding_share([4, 2, 3, 3], batch=2)
        0.1428571428571429
    """
    order = range(len(lengths))
    return padded_share(lengths, [order[start : start + batch] for start in order[::batch]])


def _lengths(column: Column, examples: Sequence[Any], known: Counter[Hashable]) -> Lengths:
    steps = [column.steps(one) for one in examples]
    counts = [len(one) for one in steps]
    unknown = sum(token not in known for one in steps for token in one)
    return Lengths(
        examples=len(examples),
        steps=sum(counts),
        shortest=min(counts),
        middle=median(counts),
        longest=max(counts),
        padding=padding_share(counts),
        unknown=unknown / max(sum(counts), 1) if column.countable else None,
    )


def _vocabulary(counts: Counter[Hashable]) -> dict[str, Any]:
    return {
        "tokens": len(counts),
        "once": sum(count == 1 for count in counts.values()),
        "commonest": {str(token): count for token, count in counts.most_common(_SHOWN)},
    }


def _repeated(parts: dict[str, Sequence[Any]]) -> dict[str, int]:
    """Examples that stand more than once in a part, and those that two parts share."""
    contents = {part: [content(one) for one in examples] for part, examples in parts.items()}
    sets = {part: set(some) for part, some in contents.items()}
    found = {f"in {part}": len(contents[part]) - len(sets[part]) for part in PARTS}
    for place, part in enumerate(PARTS):
        for other in PARTS[place + 1 :]:
            shared = sum(one in sets[part] for one in contents[other])
            found[f"{other} in {part}"] = shared
    return found
