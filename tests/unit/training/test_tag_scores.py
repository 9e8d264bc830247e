"""Accuracy and entity scores, by hand and beside seqeval."""

from __future__ import annotations

import random
import warnings

import pytest

from elman.training.shapes.aligned.scores import (
    EntityCounts,
    accuracy,
    entity_counts,
    tag_metrics,
)

TRUTH = ["O B-a I-a O".split(), "B-a B-b I-b".split(), ["O"]]
SAID = ["O B-a I-a B-b".split(), "B-a B-b O".split(), ["O"]]


def test_counts_by_hand() -> None:
    assert entity_counts(TRUTH, SAID) == {
        "a": EntityCounts(true=2, found=2, right=2),
        "b": EntityCounts(true=1, found=2, right=0),
    }
    assert accuracy(TRUTH, SAID) == 6 / 8


def test_metrics_by_hand() -> None:
    measured = tag_metrics(TRUTH, SAID, "bio")
    assert list(measured) == ["entity_f1", "entity_precision", "entity_recall", "accuracy"]
    assert measured["entity_precision"] == 2 / 4
    assert measured["entity_recall"] == 2 / 3
    assert measured["entity_f1"] == pytest.approx(2 * (1 / 2) * (2 / 3) / (1 / 2 + 2 / 3))
    assert tag_metrics(TRUTH, SAID, "plain") == {"accuracy": 6 / 8}


def test_nothing_true_and_nothing_found() -> None:
    nothing = [["O", "O"]]
    assert tag_metrics(nothing, nothing, "bio")["entity_f1"] == 0.0
    assert tag_metrics(nothing, [["O", "B-a"]], "bio")["entity_precision"] == 0.0
    assert tag_metrics([["B-a", "O"]], nothing, "bio")["entity_recall"] == 0.0
    assert tag_metrics([], [], "plain") == {"accuracy": 0.0}


@pytest.mark.parametrize("prefixes", ["BI", "BIES"])
def test_scores_equal_seqevals(prefixes: str) -> None:
    theirs = pytest.importorskip("seqeval.metrics", reason="the package seqeval is not installed")
    draw = random.Random(0)  # noqa: S311
    tags = ["O", *(f"{prefix}-{kind}" for prefix in prefixes for kind in ("a", "b", "c"))]
    for _ in range(100):
        lengths = [draw.randint(1, 8) for _ in range(draw.randint(1, 6))]
        truth = [draw.choices(tags, k=length) for length in lengths]
        said = [
            [tag if draw.random() < 0.6 else draw.choice(tags) for tag in sentence]
            for sentence in truth
        ]
        measured = tag_metrics(truth, said, "bioes")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # seqeval says that a share of nothing is 0
            assert measured["entity_precision"] == pytest.approx(
                theirs.precision_score(truth, said)
            )
            assert measured["entity_recall"] == pytest.approx(theirs.recall_score(truth, said))
            assert measured["entity_f1"] == pytest.approx(theirs.f1_score(truth, said))
            assert measured["accuracy"] == pytest.approx(theirs.accuracy_score(truth, said))
