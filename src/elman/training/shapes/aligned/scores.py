"""What tags are worth: accuracy, and precision, recall and F1 of whole entities."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from elman.data.texts.tag_schemes import Scheme, entities


class EntityCounts(NamedTuple):
    """How many entities are true, were found, and were found rightly: kind, start and end."""

    true: int
    found: int
    right: int

    @property
    def precision(self) -> float:
        """Share of what was found that is right; 0 where nothing was found."""
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """Share of the true entities that were found; 0 where there are none."""
        return self.right / self.true if self.true else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall: 2 · right / (true + found)."""
        total = self.true + self.found
        return 2 * self.right / total if total else 0.0


Tags = Sequence[Sequence[str]]


def accuracy(truth: Tags, answers: Tags) -> float:
    """The share of steps whose tag is right.

    Example:
        >>> accuracy([["O", "B-city"], ["O"]], [["O", "O"], ["O"]])
        0.6666666666666666
    """
    steps = sum(map(len, truth))
    right = sum(
        tag == answer
        for true, said in zip(truth, answers, strict=True)
        for tag, answer in zip(true, said, strict=True)
    )
    return right / steps if steps else 0.0


def entity_counts(truth: Tags, answers: Tags) -> dict[str, EntityCounts]:
    """The counts of each kind of entity, in the order of the kinds' names.

    Example:
        >>> entity_counts([["B-city", "I-city"]], [["B-city", "O"]])
        {'city': EntityCounts(true=1, found=1, right=0)}
    """
    true: Counter[str] = Counter()
    found: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for tags, said in zip(truth, answers, strict=True):
        own, others = set(entities(tags)), set(entities(said))
        for counts, group in ((true, own), (found, others), (right, own & others)):
            counts.update(entity.kind for entity in group)
    kinds = sorted(true | found)
    return {kind: EntityCounts(true[kind], found[kind], right[kind]) for kind in kinds}


def tag_metrics(truth: Tags, answers: Tags, scheme: Scheme) -> dict[str, float]:
    """The figures of merit; where tags mark entities, those of the entities come first.

    Precision, recall and F1 are counted over all entities together ("micro"), as the CoNLL shared
    tasks and the package seqeval do.
    """
    whole = accuracy(truth, answers)
    if scheme == "plain":
        return {"accuracy": whole}
    kinds = entity_counts(truth, answers).values()
    total = EntityCounts(
        sum(one.true for one in kinds),
        sum(one.found for one in kinds),
        sum(one.right for one in kinds),
    )
    return {
        "entity_f1": total.f1,
        "entity_precision": total.precision,
        "entity_recall": total.recall,
        "accuracy": whole,
    }
