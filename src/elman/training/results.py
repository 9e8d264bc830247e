"""The end of a run: the test part read once, beside its baselines, and the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from elman.errors import CorruptRunError
from elman.training.checkpoint import Progress, load_weights
from elman.training.divergence import refuse_metrics
from elman.training.loop import evaluate
from elman.training.manifest import Results
from elman.training.preparation import Prepared, RunListener
from elman.training.report.gather import gather
from elman.training.report.page import render_report
from elman.training.run_folder import RunFolder
from elman.training.saved_run import SavedRun
from elman.training.shapes.registry import shape_of
from elman.training.stop import StopRequest
from elman.training.task import METRICS


@dataclass(frozen=True)
class Outcome:
    """What a finished run has to say.

    Attributes:
        shape: of the model.
        run: the run folder.
        results: metrics on the test part, the model's and the baselines'.
    """

    shape: str
    run: Path
    results: Results

    def best_baseline(self) -> tuple[str, Mapping[str, float]]:
        """Name and metrics of the baseline that is best by the first metric."""
        name = next(iter(self.results.test))
        metric = next(metric for metric in METRICS if metric.name == name)
        ranked = sorted(
            self.results.baselines.items(),
            key=lambda pair: pair[1][name],
            reverse=metric.higher_is_better,
        )
        return ranked[0]

    def facts(self) -> dict[str, Any]:
        """The same as one JSON object."""
        return {
            "shape": self.shape,
            "run": str(self.run),
            "seconds": round(self.results.seconds, 3),
            "parameters": self.results.parameters,
            "test": self.results.test,
            "baseline": dict(self.best_baseline()[1]),
            "baselines": self.results.baselines,
        }


def outcome_of(folder: RunFolder, shape: str) -> Outcome:
    """What a finished run recorded.

    Raises:
        CorruptRunError: it has not finished.
    """
    if folder.manifest.results is None:
        raise CorruptRunError(
            "The run has not finished.",
            where=str(folder.path / "run.json"),
            expected="a finished run",
            next_step=f"elman resume {folder.path}",
        )
    return Outcome(shape, folder.path, folder.manifest.results)


def conclude(
    prepared: Prepared,
    folder: RunFolder,
    progress: Progress,
    listener: RunListener,
    stop: StopRequest,
) -> Outcome:
    """Measure the best generation on the test part, train the baselines, write the report."""
    task = prepared.task
    load_best(task.model, folder)
    listener.announce("baselines: training them on the same split")
    with stop.at_once():
        test = dict(evaluate(task, "test", stop.check))
        refuse_metrics(test, "test", progress.best_step)
        baselines = shape_of(prepared.config).rivals(task)
    results = Results(
        test=test,
        baselines=baselines,
        seconds=progress.seconds,
        parameters=sum(weight.numel() for weight in task.model.parameters()),
    )
    folder.write_report(render_report(gather(prepared, folder, progress, results)))
    folder.finish(results)
    return outcome_of(folder, prepared.config.shape)


def load_best(model: nn.Module, run: SavedRun) -> None:
    """Put the weights of a run's best generation into its model."""
    load_weights(model, run.read(run.manifest.best)["weights.safetensors"])
