"""Examples of the test part worth showing: where the model was right, wrong, or surprised."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from elman.data.tokens import detokenise
from elman.training.language_model import LanguageModelTask, document_losses
from elman.training.many_to_one import ManyToOneTask
from elman.training.report_content import ExampleRow, Passage

_SHOWN = 12
_PASSAGES = 4
_PASSAGE_TOKENS = 120


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


def surprising_passages(task: LanguageModelTask) -> list[Passage]:
    """The openings of the first documents of the test part, with the surprise at each token."""
    documents = [document[:_PASSAGE_TOKENS] for document in task.parts["test"][:_PASSAGES]]
    vocabulary = task.vocabulary
    passages = []
    for document, losses in zip(documents, document_losses(task.model, documents), strict=True):
        shown = [place for place, token in enumerate(document) if token != vocabulary.end_id]
        tokens = [vocabulary.tokens[document[place]] for place in shown]
        bits = [float(losses[place]) / math.log(2) for place in shown]
        passages.append(
            Passage.from_tokens(tokens, bits, lambda parts: detokenise(parts, vocabulary.unit))
        )
    return passages
