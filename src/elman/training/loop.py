"""The training loop, short enough to read aloud.

Where a run stands is (epoch, batch); the order of the data is a pure function of (seed, epoch),
and the randomness of an update one of (seed, its number). So a run that is killed and resumed from
its last checkpoint ends with the same weights, bit for bit, as one that never stopped.
"""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import nn

from elman.data.splits import Part
from elman.training import optim
from elman.training.bptt import Carried
from elman.training.checkpoint import MOST_PASSED_OVER, Progress, Since
from elman.training.config import SettledConfig
from elman.training.data_parallel import ALONE, Team
from elman.training.divergence import (
    broken_weights,
    diagnose,
    has_broken_weights,
    refuse_metrics,
    refuse_weights,
)
from elman.training.gradient import Descent, Place, descend
from elman.training.seeds import step_seed
from elman.training.stop import StopRequest, StopRequested
from elman.training.task import Task


@dataclass(frozen=True)
class Step:
    """What a listener hears after each update.

    Attributes:
        epoch: of the batch, from 0.
        done: updates done, of `total`.
        total: updates of the whole run, if it is not stopped early.
        loss: mean loss of the batch in nats.
        gradient_norm: before clipping.
        steps_per_second: real time steps a second, since the last evaluation.
    """

    epoch: int
    done: int
    total: int
    loss: float
    gradient_norm: float
    steps_per_second: float


class Listener(Protocol):
    """Whoever shows the progress of a run."""

    def step(self, step: Step) -> None:
        """After each update."""

    def evaluation(self, line: Mapping[str, Any], best: bool) -> None:
        """After each evaluation, with its line of metrics.jsonl."""

    def warn(self, text: str) -> None:
        """Something that nobody should miss, however quiet a run was asked to be."""


class Nobody:
    """Listens to the processes of a run that are not the first, and says nothing."""

    def step(self, step: Step) -> None:
        """As `Listener`."""

    def evaluation(self, line: Mapping[str, Any], best: bool) -> None:
        """As `Listener`."""

    def warn(self, text: str) -> None:
        """As `Listener`."""

    def announce(self, text: str) -> None:
        """As `RunListener`."""


Save = Callable[[Carried, bool, Mapping[str, Any] | None], None]
"""Writes a checkpoint: the carried state, whether the model is the best so far, a metrics line."""


class Loop:
    """Trains a task's model from where its progress stands to the end.

    Args:
        task: the model and its data.
        config: of the run.
        optimizer: of the model's weights.
        progress: where the run stands; moved on in place.
        save: writes a checkpoint.
        listener: shows the progress.
        stop: is looked at between two batches.
        team: the processes that compute each batch together.
    """

    def __init__(
        self,
        task: Task,
        config: SettledConfig,
        optimizer: torch.optim.Optimizer,
        progress: Progress,
        save: Save,
        listener: Listener,
        stop: StopRequest,
        team: Team = ALONE,
    ) -> None:
        self.task = task
        self.config = config
        self.optimizer = optimizer
        self.progress = progress
        self.save = save
        self.listener = listener
        self.stop = stop
        self.team = team
        self.total = config.epochs * task.batches(0)
        self.saved_at = time.monotonic()
        self.agreed_to_stop = False
        self._carried: Carried = ()

    def run(self, carried: Carried) -> None:
        """Train to the last epoch, or until no epoch has been better for too long.

        Raises:
            StopRequested: the user asked to stop; a checkpoint has been written.
            DivergedError: a loss or a gradient is not finite; the weights are as they were.
        """
        progress, config = self.progress, self.config
        while not progress.done:
            try:
                carried = self._epoch(carried)
                line, best = self._evaluate()
            except StopRequested:
                self._checkpoint(self._carried, False, None)
                raise
            progress.epoch, progress.batch, carried = progress.epoch + 1, 0, ()
            progress.since = Since()
            tired = config.patience > 0 and progress.waited >= config.patience
            progress.done = progress.epoch == config.epochs or tired
            self._checkpoint(carried, best, line)
            self.listener.evaluation(line, best)

    def _epoch(self, carried: Carried) -> Carried:
        """The rest of an epoch, batch after batch."""
        self.task.model.train()
        self._carried = carried
        for batch in range(self.progress.batch, self.task.batches(self.progress.epoch)):
            self._check()
            self._carried = self._update(batch, self._carried)
            self.progress.batch = batch + 1
            if time.monotonic() - self.saved_at > self.config.checkpoint_seconds:
                self._checkpoint(self._carried, False, None)
        self._check()
        return self._carried

    def _check(self) -> None:
        """Stop if asked to; of several processes all, at the same place, when one has been asked.

        Raises:
            StopRequested: it has.
        """
        if self.team.size == 1 or self.agreed_to_stop:
            self.stop.check()

    def _update(self, batch: int, carried: Carried) -> Carried:
        """Loss, gradient, clipping, and one step of the optimiser; the state to carry on."""
        progress, task, start = self.progress, self.task, time.monotonic()
        seed = step_seed(self.config.seed, progress.step + 1)
        place = Place(progress.epoch, batch, carried, seed)
        asked = self.stop.signal_number is not None
        found = descend(task, place, progress, self.team, self.listener.warn, asked_to_stop=asked)
        if found.stop and self.team.size > 1:
            self.agreed_to_stop = True
            self.stop.signal_number = self.stop.signal_number or signal.SIGTERM
        weights = list(task.model.parameters())
        norm = optim.gradient_norm(weights)
        finite = math.isfinite(found.loss) and bool(torch.isfinite(norm))
        if not finite or has_broken_weights(task.model):
            return self._pass_over(place, found.carried)
        progress.passed_over = 0
        clipped = optim.clip(weights, norm, self.config)
        optim.set_learning_rate(self.optimizer, self._learning_rate())
        self.optimizer.step()
        progress.step += 1
        self._count(found, float(norm), clipped, start)
        return found.carried

    def _pass_over(self, place: Place, carried: Carried) -> Carried:
        """Go on after a batch with a loss or a gradient that is not finite; the state to carry on.

        Raises:
            DivergedError: that is not asked for, or was too often in a row.
        """
        progress, policy = self.progress, self.config.on_divergence
        broken = broken_weights(self.task.model)
        error = diagnose(self.task, place, self.team.size * progress.pieces)
        if policy == "stop" or broken or progress.passed_over == MOST_PASSED_OVER:
            raise error
        progress.passed_over += 1
        progress.since.passed_over += 1
        if policy == "halve-lr":
            progress.plateau_factor /= 2
        halved = " and the learning rate halved" if policy == "halve-lr" else ""
        self.listener.warn(
            f"{error.what} ({error.where}) The batch is passed over{halved}:"
            f" {progress.passed_over} in a row, of {MOST_PASSED_OVER} at most."
        )
        return tuple(
            part if bool(torch.isfinite(part).all()) else torch.zeros_like(part) for part in carried
        )

    def _learning_rate(self) -> float:
        share = optim.scheduled_share(self.config, self.progress.step, self.total)
        return self.config.learning_rate * share * self.progress.plateau_factor

    def _count(self, found: Descent, norm: float, clipped: optim.Clipped, start: float) -> None:
        since, seconds = self.progress.since, time.monotonic() - start
        since.loss += found.loss * found.count
        since.count += found.count
        since.steps += found.steps
        since.batches += 1
        since.gradient_norm += norm
        since.gradient_norm_left += clipped.norm
        since.clipped += clipped.changed
        since.seconds += seconds
        self.progress.seconds += seconds
        rate = since.steps / max(since.seconds, 1e-9)
        done = self.progress.step
        self.listener.step(Step(self.progress.epoch, done, self.total, found.loss, norm, rate))

    def _evaluate(self) -> tuple[dict[str, Any], bool]:
        """The line of this epoch in metrics.jsonl, and whether it is the best so far."""
        progress, metric, since = self.progress, self.task.metric, self.progress.since
        refuse_weights(self.task.model, progress.step)
        measured = dict(evaluate(self.task, "validation", self._check))
        refuse_metrics(measured, "validation", progress.step)
        value = measured[metric.name]
        best = metric.better(value, progress.best_value)
        line = {
            "step": progress.step,
            "epoch": progress.epoch + 1,
            "train_loss": since.loss / max(since.count, 1),
            "validation_loss": measured.pop("loss"),
            "validation": measured,
            "learning_rate": self._learning_rate(),
            "gradient_norm": since.gradient_norm / max(since.batches, 1),
            "gradient_norm_left": since.gradient_norm_left / max(since.batches, 1),
            "clipped_share": since.clipped / max(since.batches, 1),
            "tokens_per_second": since.steps / max(since.seconds, 1e-9),
            "seconds": progress.seconds,
            "passed_over": since.passed_over,
        }
        if best:
            progress.best_value, progress.best_step = value, progress.step
        progress.waited = 0 if best else progress.waited + 1
        if self.config.schedule == "plateau":
            plateau = optim.Plateau(progress.plateau_factor, progress.plateau_waited)
            plateau.see(best)
            progress.plateau_factor, progress.plateau_waited = plateau.factor, plateau.waited
        return line, best

    def _checkpoint(self, carried: Carried, best: bool, line: Mapping[str, Any] | None) -> None:
        refuse_weights(self.task.model, self.progress.step)
        self.save(carried, best, line)
        self.saved_at = time.monotonic()


def evaluate(task: Task, part: Part, check: Callable[[], None]) -> Mapping[str, float]:
    """A task's metrics on a part, its model in evaluation mode for that while."""
    model: nn.Module = task.model
    was_training = model.training
    model.eval()
    try:
        return task.evaluate(part, check)
    finally:
        model.train(was_training)
