"""NaN and infinity, put into data, weights, loss and gradient at moments drawn at random."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

import torch
from torch import Tensor

from elman.errors import DivergedError
from elman.training.bptt import Carried
from elman.training.checkpoint import Progress
from elman.training.loop import Loop
from elman.training.optim import make_optimizer
from elman.training.share import WHOLE, Share
from elman.training.stop import StopRequest
from elman.training.task import BatchLoss
from tests.training_samples import AnyTask, Notes, language_model_task, many_to_one_task

WHERE = ("data", "weights", "loss", "gradient")
TASKS: Mapping[str, Callable[..., AnyTask]] = {
    "many_to_one": many_to_one_task,
    "language_model": language_model_task,
}


def spoilt(values: Tensor, draw: random.Random) -> Tensor:
    """A copy with one number that is not finite."""
    changed = values.clone()
    bad = draw.choice((math.nan, math.inf, -math.inf))
    changed.view(-1)[draw.randrange(changed.numel())] = bad
    return changed


@contextmanager
def injected(task: AnyTask, where: str, update: int, draw: random.Random) -> Iterator[None]:
    """Inside this context the batch of one update has something that is not finite."""
    real, calls = task.loss, 0

    def loss(epoch: int, batch: int, carried: Carried, share: Share = WHOLE) -> BatchLoss:
        nonlocal calls
        calls += 1
        if calls != update and not (calls == update + 1 and where != "weights"):
            return real(epoch, batch, carried, share)
        hooks: list[Any] = []
        weight = draw.choice(list(task.model.parameters()))
        if where == "weights":
            with torch.no_grad():
                weight.copy_(spoilt(weight, draw))
        if where == "data":
            embedding = task.model.get_submodule("embedding")
            hooks.append(embedding.register_forward_hook(lambda _, __, out: spoilt(out, draw)))
        outcome = real(epoch, batch, carried, share)
        for hook in hooks:
            hook.remove()
        if where == "gradient":
            outcome.mean.register_hook(lambda gradient: spoilt(gradient, draw))
        if where == "loss":
            bad = spoilt(outcome.mean.detach(), draw)
            return BatchLoss(outcome.mean * 0 + bad, outcome.count, outcome.steps, outcome.carried)
        return outcome

    with mock.patch.object(task, "loss", loss):
        yield


def caught(name: str, where: str, draw: random.Random) -> bool:
    """Whether it is met in the update that it is put into, and named, the weights untouched."""
    task = TASKS[name](batch_size=3)
    progress, update = Progress(), draw.randint(1, 9)
    optimizer = make_optimizer(task.model, task.config)
    weights: dict[str, Tensor] = {}

    class Remembers(Notes):
        def step(self, step: Any) -> None:
            weights.update({key: one.clone() for key, one in task.model.state_dict().items()})

    loop = Loop(
        task, task.config, optimizer, progress, lambda *save: None, Remembers(), StopRequest()
    )
    with injected(task, where, update, draw):
        try:
            loop.run(())
        except DivergedError as error:
            named = "epoch" in error.where and "letters" in error.where
            same = where == "weights" or all(
                torch.equal(one, task.model.state_dict()[key]) for key, one in weights.items()
            )
            return named and same and progress.step == update - 1
    return False


def inject(count: int, seed: int) -> dict[str, int]:
    """Put something that is not finite into so many runs; how many were "tried" and "caught"."""
    draw, counts = random.Random(seed), {"tried": 0, "caught": 0}  # noqa: S311
    while counts["tried"] < count:
        where, name = WHERE[counts["tried"] % 4], draw.choice(list(TASKS))
        counts["tried"] += 1
        counts["caught"] += caught(name, where, draw)
    return counts
