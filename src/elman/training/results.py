"""The end of a run: the test part read once, beside its baselines, and the report."""

from __future__ import annotations

import resource
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import nn

from elman.errors import CorruptRunError
from elman.training.checkpoint import Progress, load_weights
from elman.training.loop import evaluate
from elman.training.many_to_one import ManyToOneTask
from elman.training.report import render_report
from elman.training.report_content import ReportContent
from elman.training.rivals import language_model_rivals, many_to_one_rivals
from elman.training.run_folder import Results, RunFolder
from elman.training.showcase import confusion, examples_right_and_wrong, surprising_passages
from elman.training.task import Metric

if TYPE_CHECKING:
    from elman.training.train import Prepared, RunListener

METRICS = (
    Metric("accuracy", higher_is_better=True),
    Metric("mean_absolute_error", higher_is_better=False),
    Metric("perplexity", higher_is_better=False),
    Metric("bits_per_character", higher_is_better=False),
    Metric("loss", higher_is_better=False),
)


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
    check: Callable[[], None],
) -> Outcome:
    """Measure the best generation on the test part, train the baselines, write the report."""
    task = prepared.task
    load_best(task.model, folder)
    test = dict(evaluate(task, "test", check))
    listener.announce("baselines: training them on the same split")
    if isinstance(task, ManyToOneTask):
        baselines = many_to_one_rivals(task)
    else:
        baselines = language_model_rivals(task)
    check()
    results = Results(
        test=test,
        baselines=baselines,
        seconds=progress.seconds,
        parameters=sum(weight.numel() for weight in task.model.parameters()),
    )
    folder.write_report(render_report(_content(prepared, folder, progress, results)))
    folder.finish(results)
    return outcome_of(folder, prepared.config.shape)


def load_best(model: nn.Module, folder: RunFolder) -> None:
    """Put the weights of a run's best generation into its model."""
    load_weights(model, folder.read(folder.manifest.best)["weights.safetensors"])


def _content(
    prepared: Prepared, folder: RunFolder, progress: Progress, results: Results
) -> ReportContent:
    task, training = prepared.task, prepared.training
    data, examples = training["data"], training["data"]["examples"]
    shown: dict[str, Any] = {}
    task.model.eval()
    if isinstance(task, ManyToOneTask):
        predictions = task.log_probabilities("test", _never)
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


def _never() -> None:
    """Nothing asks the drawing of the report to stop."""
