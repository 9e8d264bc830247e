"""What the report of a many-to-one run shows: what is mistaken for what, and examples."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from elman.training.report.content import ExampleRow
from elman.training.shapes.many_to_one.task import ManyToOneTask

_SHOWN = 12


def report(task: ManyToOneTask) -> dict[str, Any]:
    """The fields of `ReportContent` that are this shape's own."""
    predictions = task.log_probabilities("test", lambda: None)
    right, wrong = examples_right_and_wrong(task, predictions)
    return {
        "data": {"Vocabulary": f"{len(task.vocabulary):,} {task.steps}"},
        "confusion": confusion(task, predictions),
        "right": right,
        "wrong": wrong,
    }


def confusion(task: ManyToOneTask, log_probabilities: Tensor) -> tuple[list[str], list[list[int]]]:
    """The labels, and how often each truth (row) got each answer (column) on the test part."""
    size = len(task.labels)
    pairs = task.parts["test"].labels * size + log_probabilities.argmax(1)
    counts = torch.bincount(pairs, minlength=size * size).view(size, size)
    return list(task.labels), counts.tolist()


def examples_right_and_wrong(
    task: ManyToOneTask, log_probabilities: Tensor
) -> tuple[list[ExampleRow], list[ExampleRow]]:
    """The surest right answers of different labels, and the surest wrong ones."""
    test = task.parts["test"]
    confidence, predicted = log_probabilities.exp().max(1)
    right: list[ExampleRow] = []
    wrong: list[ExampleRow] = []
    shown: set[int] = set()
    for one in torch.argsort(confidence, descending=True, stable=True).tolist():
        truth, answer = int(test.labels[one]), int(predicted[one])
        row = ExampleRow(
            test.examples[one].text, task.labels[truth], task.labels[answer], float(confidence[one])
        )
        if truth != answer:
            wrong.append(row)
        elif truth not in shown:
            shown.add(truth)
            right.append(row)
    return right[:_SHOWN], wrong[:_SHOWN]
