"""Measuring a trained model: on the test part of its own data, or on another file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from elman.training.loop import evaluate as evaluate_task
from elman.training.predictor import load
from elman.training.preparation import prepare_again, recorded
from elman.training.results import load_best
from elman.training.saved_run import open_run


def evaluate(run: Path, data: str | None) -> dict[str, Any]:
    """Metrics of a run's best generation.

    Args:
        run: the run folder, or a zip archive of it.
        data: a file to measure on; None for the test part of the run's own data.

    Returns:
        "run", "data", "examples" (how many) and "metrics" (name to number).

    Raises:
        CorruptRunError: a file of the run is missing or altered.
        DataError: the data cannot be used.
    """
    if data is None:
        saved = open_run(run)
        prepared = prepare_again(saved, None)
        load_best(prepared.task.model, saved)
        examples, name = prepared.dataset.sizes()["test"], prepared.dataset.name
        metrics = dict(evaluate_task(prepared.task, "test", lambda: None))
    else:
        _, config = recorded(open_run(run))
        name = Path(data).name
        examples, metrics = load(run).evaluate(Path(data), config)
    return {"run": str(run), "data": name, "examples": examples, "metrics": metrics}
