"""A task whose course is written down beforehand, and a listener that writes down what is saved."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from elman.training.bptt import Carried
from elman.training.checkpoint import Progress
from elman.training.loop import Loop
from elman.training.optim import make_optimizer
from elman.training.share import WHOLE, Share
from elman.training.stop import StopRequest
from elman.training.task import BatchLoss, Metric
from tests.training_samples import Notes, many_to_one_config


class Scripted:
    """A task of one weight whose values on the validation part are written down beforehand."""

    def __init__(self, values: list[float], higher_is_better: bool = True, batches: int = 2):
        self.model = nn.Linear(1, 1)
        self.metric = Metric("worth", higher_is_better=higher_is_better)
        self.values = iter(values)
        self.count = batches
        self.modes: list[bool] = []
        self.batch_modes: list[bool] = []
        self.drawn: list[float] = []

    def batches(self, epoch: int) -> int:
        return self.count

    def sequences(self, epoch: int, batch: int) -> int:
        return 1

    def carried_shapes(self, epoch: int, batch: int) -> list[tuple[int, ...]]:
        return []

    def loss(self, epoch: int, batch: int, carried: Carried, share: Share = WHOLE) -> BatchLoss:
        self.batch_modes.append(self.model.training)
        self.drawn.append(float(torch.rand(())))
        mean = self.model(torch.ones(1, 1)).square().sum() + epoch
        return BatchLoss(mean, batch + 1, 10)

    def evaluate(self, part: str, check: Any) -> Mapping[str, float]:
        self.modes.append(self.model.training)
        return {"worth": next(self.values), "loss": 0.5}

    def places(self, epoch: int, batch: int) -> str:
        return "nowhere"


class Saves(Notes):
    """Writes down what is saved: the step, whether it is the best, whether there is a line."""

    def __init__(self) -> None:
        super().__init__()
        self.saves: list[tuple[int, bool, bool]] = []

    def run(self, task: Any, progress: Progress | None = None, **options: Any) -> Progress:
        config = many_to_one_config(**options)
        progress = progress or Progress()

        def save(carried: Carried, best: bool, line: Mapping[str, Any] | None) -> None:
            self.saves.append((progress.step, best, line is not None))

        optimizer = make_optimizer(task.model, config)
        Loop(task, config, optimizer, progress, save, self, StopRequest()).run(())
        return progress
