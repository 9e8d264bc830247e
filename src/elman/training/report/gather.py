"""Gathers what a finished run has to tell: numbers, costs, and examples worth showing."""

from __future__ import annotations

import math
import resource
from typing import Any

import torch
from torch import Tensor, nn

from elman.data.tokens import detokenise
from elman.training.checkpoint import Progress
from elman.training.language_model import LanguageModelTask, document_losses
from elman.training.many_to_one import ManyToOneTask
from elman.training.preparation import Prepared
from elman.training.report.content import ExampleRow, Passage, ReportContent
from elman.training.run_folder import Results, RunFolder
from elman.training.task import METRICS

_SHOWN = 12
_PASSAGES = 4
_PASSAGE_TOKENS = 120


def gather(
    prepared: Prepared, folder: RunFolder, progress: Progress, results: Results
) -> ReportContent:
    """The content of a run's report, its best weights being in the model."""
    task, training = prepared.task, prepared.training
    data, examples = training["data"], training["data"]["examples"]
    shown: dict[str, Any] = {}
    task.model.eval()
    if isinstance(task, ManyToOneTask):
        predictions = task.log_probabilities("test", lambda: None)
        right, wrong = examples_right_and_wrong(task, predictions)
        shown = {"confusion": confusion(task, predictions), "right": right, "wrong": wrong}
    else:
        shown = {"passages": surprising_passages(task)}
    return ReportContent(
        title=data["name"],
        run_name=folder.path.name,
        command=training["command"],
        elman_version=training["elman"],
        created=training["created"],
        data={
            "Source": data["name"],
            "SHA-256": data["sha256"],
            "Examples": f"{examples['train']:,} to train, {examples['validation']:,} to validate,"
            f" {examples['test']:,} to test",
            "Vocabulary": f"{len(prepared.vocabulary['text']['tokens']):,} {prepared.config.unit}",
            "Made with": f"Python {training['python']}, torch {training['torch']}",
        },
        shape_reason=data["shape_reason"],
        unit_reason=training["unit_reason"],
        split_reason=data["split_reason"],
        notes=data["notes"],
        metric_lines=folder.metric_lines(),
        best_step=progress.best_step,
        test=results.test,
        baselines=results.baselines,
        higher_is_better={metric.name: metric.higher_is_better for metric in METRICS},
        parameters=[
            (name, tuple(weight.shape), weight.numel())
            for name, weight in task.model.named_parameters()
        ],
        cost=_cost(prepared, folder, results),
        **shown,
    )


def _cost(prepared: Prepared, folder: RunFolder, results: Results) -> dict[str, str]:
    threads = prepared.config.threads
    lines = folder.metric_lines()
    speed = sum(line["tokens_per_second"] for line in lines) / max(len(lines), 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {
        "Training": f"{results.seconds:,.0f} seconds on {threads} thread{'s' * (threads > 1)}",
        "Speed": f"{speed:,.0f} {prepared.config.unit} a second in training",
        "Parameters": f"{results.parameters:,}",
        "Multiply-adds": f"{_multiply_adds(prepared.task.model):,} a step in the recurrent layers",
        "Peak memory": f"{peak / 1e6:,.0f} MB of the whole process",
    }


def _multiply_adds(model: nn.Module) -> int:
    """One multiply-add for each recurrent and input weight at each step."""
    recurrent = model.get_submodule("recurrent")
    return sum(weight.numel() for weight in recurrent.parameters() if weight.dim() == 2)


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
