"""The commonest class."""

from __future__ import annotations

import pytest

from elman.baselines.majority import majority_class
from elman.errors import UsageError


def test_the_commonest_label_wins() -> None:
    assert majority_class([3, 1, 3, 2, 3, 1]) == 3


def test_of_equally_common_labels_the_smallest_wins() -> None:
    assert majority_class([4, 2, 2, 4]) == 2


def test_no_labels_are_refused() -> None:
    with pytest.raises(UsageError, match="no label"):
        majority_class([])
