"""Gathers what a finished run has to tell: numbers, costs, and examples worth showing."""

from __future__ import annotations

import resource

from torch import nn

from elman.layers.cell_layer import CellLayer
from elman.training.checkpoint import Progress
from elman.training.manifest import Results
from elman.training.preparation import Prepared
from elman.training.report.content import ReportContent
from elman.training.saved_run import SavedRun
from elman.training.shapes.registry import shape_of
from elman.training.task import METRICS


def gather(
    prepared: Prepared, folder: SavedRun, progress: Progress, results: Results
) -> ReportContent:
    """The content of a run's report, its best weights being in the model."""
    task, training = prepared.task, prepared.training
    data, examples = training["data"], training["data"]["examples"]
    task.model.eval()
    shown = dict(shape_of(prepared.config).report(task))
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
            **shown.pop("data", {}),
            "Made with": f"Python {training['python']}, torch {training['torch']}",
        },
        reasons={
            "shape": data["shape_reason"],
            **training["reasons"],
            "split": data["split_reason"],
        },
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


def _cost(prepared: Prepared, folder: SavedRun, results: Results) -> dict[str, str]:
    threads = prepared.config.threads
    lines = folder.metric_lines()
    speed = sum(line["tokens_per_second"] for line in lines) / max(len(lines), 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    products = _multiply_adds(prepared.task.model)
    recurrent = {"Multiply-adds": f"{products:,} a step in the recurrent layers"}
    return {
        "Training": f"{results.seconds:,.0f} seconds on {threads} thread{'s' * (threads > 1)}",
        "Speed": f"{speed:,.0f} {prepared.task.steps} a second in training",
        "Parameters": f"{results.parameters:,}",
        **(recurrent if products else {}),
        "Peak memory": f"{peak / 1e6:,.0f} MB of the whole process",
    }


def _multiply_adds(model: nn.Module) -> int:
    """One multiply-add for each recurrent and input weight at each step."""
    layers = [module for module in model.modules() if isinstance(module, CellLayer)]
    weights = [weight for layer in layers for weight in layer.parameters()]
    return sum(weight.numel() for weight in weights if weight.dim() == 2)
