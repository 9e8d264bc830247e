"""What the report of a many-to-one run shows: what is mistaken for what, and examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from elman.training.report.content import ExampleRow
from elman.training.shapes.many_to_one.task import ManyToOneTask

_SHOWN = 12


def report(task: ManyToOneTask) -> dict[str, Any]:
    """The fields of `ReportContent` that are this shape's own."""
    predictions, test = task.log_probabilities("test", lambda: None), task.parts["test"]
    texts = [one.text for one in test.examples]
    right, wrong = examples_right_and_wrong(texts, test.labels, task.labels, predictions)
    return {
        "data": {"Vocabulary": f"{len(task.vocabulary):,} {task.steps}"},
        "confusion": confusion(test.labels, task.labels, predictions),
        "right": right,
        "wrong": wrong,
    }


def confusion(
    truth: Tensor, labels: Sequence[str], log_probabilities: Tensor
) -> tuple[list[str], list[list[int]]]:
    """The labels, and how often each truth (row) got each answer (column).

    Args:
        truth: [examples] the numbers of the true labels.
        labels: of the classes.
        log_probabilities: [examples, classes].
    """
    size = len(labels)
    pairs = truth * size + log_probabilities.argmax(1)
    counts = torch.bincount(pairs, minlength=size * size).view(size, size)
    return list(labels), counts.tolist()


def examples_right_and_wrong(
    examples: Sequence[str], truth: Tensor, labels: Sequence[str], log_probabilities: Tensor
) -> tuple[list[ExampleRow], list[ExampleRow]]:
    """The surest right answers of different labels, and the surest wrong ones.

    Args:
        examples: as they are shown.
        truth: [examples] the numbers of the true labels.
        labels: of the classes.
        log_probabilities: [examples, classes].
    """
    confidence, predicted = log_probabilities.exp().max(1)
    right: list[ExampleRow] = []
    wrong: list[ExampleRow] = []
    shown: set[int] = set()
    for one in torch.argsort(confidence, descending=True, stable=True).tolist():
        true, answer = int(truth[one]), int(predicted[one])
        row = ExampleRow(examples[one], labels[true], labels[answer], float(confidence[one]))
        if true != answer:
            wrong.append(row)
        elif true not in shown:
            shown.add(true)
            right.append(row)
    return right[:_SHOWN], wrong[:_SHOWN]
