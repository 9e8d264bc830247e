"""The cheapest rival of a classifier: always the commonest class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from elman.errors import UsageError


def majority_class(labels: Sequence[int]) -> int:
    """The commonest label; of equally common ones the smallest.

    Args:
        labels: class numbers of the training examples, at least one.

    Raises:
        UsageError: when there is no label.

    Example:
        >>> majority_class([2, 0, 1, 2, 1])
        1
    """
    if not labels:
        raise UsageError("there is no label to count", expected="at least one training example")
    counts = Counter(labels)
    return max(counts, key=lambda label: (counts[label], -label))
