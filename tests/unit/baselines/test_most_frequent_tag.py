"""Each token's commonest tag, and what unknown tokens and ties get."""

from __future__ import annotations

import pytest

from elman.baselines.most_frequent_tag import MostFrequentTag
from elman.errors import UsageError

SEEN = [
    (["the", "run", "the", "dog"], ["D", "N", "D", "N"]),
    (["dogs", "run"], ["N", "V"]),
    (["run", "the"], ["V", "D"]),
]


def test_commonest_tag_of_each_token() -> None:
    rival = MostFrequentTag().fit(SEEN)
    assert rival.tags(["run", "the", "dog"]) == ["V", "D", "N"]


def test_unknown_tokens_and_ties() -> None:
    # D and N are equally common over all: three times each.
    assert MostFrequentTag().fit(SEEN).tags(["cat"]) == ["D"]
    assert MostFrequentTag().fit([(["x", "x"], ["b", "a"])]).tags(["x"]) == ["a"]


def test_nothing_to_count() -> None:
    with pytest.raises(UsageError, match="no tag to count"):
        MostFrequentTag().fit([([], [])])
