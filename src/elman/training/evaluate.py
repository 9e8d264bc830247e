"""Measuring a trained model: on the test part of its own data, or on another file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from elman.data.whole_file import read_labelled, read_running
from elman.errors import DataError
from elman.training.config import AnyConfig
from elman.training.language_model import document_losses, next_token_metrics, with_ends
from elman.training.loop import evaluate as evaluate_task
from elman.training.many_to_one import label_metrics
from elman.training.predictor import Classifier, Generator, load
from elman.training.preparation import prepare_again, recorded
from elman.training.results import load_best
from elman.training.run_folder import RunFolder


def evaluate(run: Path, data: str | None) -> dict[str, Any]:
    """Metrics of a run's best generation.

    Args:
        run: the run folder.
        data: a file to measure on; None for the test part of the run's own data.

    Returns:
        "run", "data", "examples" (how many) and "metrics" (name to number).

    Raises:
        CorruptRunError: a file of the run is missing or altered.
        DataError: the data cannot be used.
    """
    if data is None:
        folder = RunFolder.open(run)
        prepared = prepare_again(folder, None)
        load_best(prepared.task.model, folder)
        metrics = dict(evaluate_task(prepared.task, "test", lambda: None))
        return _measured(run, prepared.dataset.name, len(prepared.dataset.test), metrics)
    model = load(run)
    _, config = recorded(RunFolder.open(run))
    if isinstance(model, Classifier):
        return _labels(run, Path(data), model, config)
    return _text(run, Path(data), model, config)


def _labels(run: Path, path: Path, model: Classifier, config: AnyConfig) -> dict[str, Any]:
    examples = read_labelled(path, config.text, config.label)
    numbers = {label: number for number, label in enumerate(model.labels)}
    for example in examples:
        if example.label not in numbers:
            raise DataError(
                f"The model has never learnt the label {example.label!r}.",
                where=f"{path}:{example.row}",
                expected="one of " + ", ".join(map(repr, model.labels[:10])),
                next_step="take the row out, or train again with data that has this label",
            )
    truth = torch.tensor([numbers[example.label] for example in examples])
    answers = model.log_probabilities([example.text for example in examples])
    metrics = label_metrics(answers, truth, model.labels, model.target)
    return _measured(run, path.name, len(examples), metrics)


def _text(run: Path, path: Path, model: Generator, config: AnyConfig) -> dict[str, Any]:
    documents = read_running(path, config.text)
    losses = document_losses(model.model, with_ends(documents, model.vocabulary))
    metrics = next_token_metrics(losses, model.vocabulary.unit)
    return _measured(run, path.name, len(documents), metrics)


def _measured(run: Path, data: str, examples: int, metrics: dict[str, float]) -> dict[str, Any]:
    return {"run": str(run), "data": data, "examples": examples, "metrics": metrics}
