"""Measuring a trained model: on the test part of its own data, or on another file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from elman.data.wording import quoted
from elman.errors import UsageError
from elman.training.loop import evaluate as evaluate_task
from elman.training.predictor import load
from elman.training.preparation import prepare_again, recorded
from elman.training.results import load_best
from elman.training.saved_run import open_run


def evaluate(run: Path, data: str | None, target_file: str | None = None) -> dict[str, Any]:
    """Metrics of a run's best generation.

    Args:
        run: the run folder, or a zip archive of it.
        data: a file to measure on; None for the test part of the run's own data.
        target_file: the file whose lines are the targets of the data's, for encoder and decoder;
            None for a table, or where the file's name follows that of the data.

    Returns:
        "run", "data", "examples" (how many) and "metrics" (name to number).

    Raises:
        CorruptRunError: a file of the run is missing or altered.
        DataError: the data cannot be used.
        UsageError: a file of targets without data, or for a model that does not read it.
    """
    if data is None:
        if target_file is not None:
            raise _no_targets(run, target_file, "the file of their sources before it")
        saved = open_run(run)
        prepared = prepare_again(saved, None)
        load_best(prepared.task.model, saved)
        examples, name = prepared.dataset.sizes()["test"], prepared.dataset.name
        metrics = dict(evaluate_task(prepared.task, "test", lambda: None))
    else:
        _, config = recorded(open_run(run))
        if target_file is not None:
            if config.shape != "encoder_decoder":
                raise _no_targets(run, target_file, "the run folder of encoder and decoder")
            config = config.model_copy(update={"data": data, "target_file": target_file})
        name = Path(data).name
        examples, metrics = load(run).evaluate(Path(data), config)
    return {"run": str(run), "data": name, "examples": examples, "metrics": metrics}


def _no_targets(run: Path, target_file: str, expected: str) -> UsageError:
    return UsageError(
        "A file of targets needs sources, and a model that writes a text for each.",
        where=f"--target-file {target_file}",
        expected=expected,
        next_step=f"elman evaluate {quoted(run)} SOURCES --target-file {quoted(target_file)}",
    )
