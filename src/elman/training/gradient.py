"""The gradient of a batch: at once, or in pieces where memory is short or processes share it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from elman.errors import OutOfMemory, is_out_of_memory
from elman.training.bptt import Carried
from elman.training.checkpoint import Progress
from elman.training.data_parallel import Team
from elman.training.seeds import step_seed
from elman.training.share import WHOLE, Share
from elman.training.task import BatchLoss, Task


@dataclass(frozen=True)
class Place:
    """A batch, and what its losses depend on besides the weights.

    Attributes:
        epoch: of the batch.
        batch: its number.
        carried: the state that it starts from.
        seed: of its randomness.
    """

    epoch: int
    batch: int
    carried: Carried
    seed: int


@dataclass(frozen=True)
class Descent:
    """What a batch gives, its gradient being in the weights.

    Attributes:
        loss: mean over the batch, in nats.
        count: how many losses it is the mean of.
        steps: real time steps in the batch.
        carried: the state to carry on.
        stop: whether any process was asked to stop.
    """

    loss: float
    count: int
    steps: int
    carried: Carried
    stop: bool


def share_loss(task: Task, place: Place, share: Share) -> BatchLoss:
    """The loss of a share of a batch; its randomness depends on the share, not on who computes it.

    Args:
        task: model and data.
        place: the batch.
        share: of its sequences.
    """
    if share == WHOLE:
        torch.manual_seed(place.seed)
        return task.loss(place.epoch, place.batch, place.carried)
    torch.manual_seed(step_seed(place.seed, share.of + share.index))
    carried = tuple(share.columns(part) for part in place.carried)
    return task.loss(place.epoch, place.batch, carried, share)


def descend(
    task: Task,
    place: Place,
    progress: Progress,
    team: Team,
    warn: Callable[[str], None],
    *,
    asked_to_stop: bool,
) -> Descent:
    """Put the gradient of a batch's mean loss into the weights.

    Where there is no memory for it, the batch is computed in twice as many pieces, from then on.

    Args:
        task: model and data.
        place: the batch.
        progress: says in how many pieces a share is computed, and is told of more.
        team: the processes that compute the batch together.
        warn: tells the user.
        asked_to_stop: this process.

    Raises:
        OutOfMemory: there is no memory for a single sequence.
        Interrupted: another process of the team has ended.
    """
    while True:
        try:
            if team.size == progress.pieces == 1:
                return _at_once(task, place, stop=asked_to_stop)
            own = _in_pieces(task, place, team.share, progress.pieces, stop=asked_to_stop)
            break
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            task.model.zero_grad(set_to_none=True)
            warn(_with_more_pieces(task, place, progress, team))
    return _added_up(task, own, team)


def _at_once(task: Task, place: Place, *, stop: bool) -> Descent:
    task.model.zero_grad(set_to_none=True)
    outcome = share_loss(task, place, WHOLE)
    outcome.mean.backward()
    return Descent(outcome.mean.item(), outcome.count, outcome.steps, outcome.carried, stop)


def _in_pieces(task: Task, place: Place, share: Share, pieces: int, *, stop: bool) -> Descent:
    """The sum of the losses of a share, and of their gradients, piece after piece."""
    task.model.zero_grad(set_to_none=True)
    sequences = task.sequences(place.epoch, place.batch)
    carried = tuple(map(torch.zeros, task.carried_shapes(place.epoch, place.batch + 1)))
    loss, count, steps = 0.0, 0, 0
    for number in range(pieces):
        piece = share.split(number, pieces)
        if piece.index >= sequences:
            break
        outcome = share_loss(task, place, piece)
        if outcome.count:  # columns of a text may have ended where others have a last token
            total = outcome.mean * outcome.count
            total.backward()
            loss, count = loss + total.item(), count + outcome.count
        steps += outcome.steps
        for whole, part in zip(carried, outcome.carried, strict=True):
            piece.columns(whole).copy_(part)
    return Descent(loss, count, steps, carried, stop)


def _added_up(task: Task, own: Descent, team: Team) -> Descent:
    """The sums of all processes, and in the weights the gradient of the mean."""
    for weight in task.model.parameters():
        if weight.grad is None:
            weight.grad = torch.zeros_like(weight)
    gradients = [weight.grad for weight in task.model.parameters() if weight.grad is not None]
    sums = torch.tensor([own.loss, own.count, own.steps, own.stop], dtype=torch.float64)
    team.add_up([*gradients, *own.carried, sums])
    loss, count, steps, stop = sums.tolist()
    for gradient in gradients:
        gradient /= count
    return Descent(loss / count, int(count), int(steps), own.carried, stop > 0)


def _with_more_pieces(task: Task, place: Place, progress: Progress, team: Team) -> str:
    """Halve the pieces of a share; what to tell of it.

    Raises:
        OutOfMemory: they are single sequences already.
    """
    own = -(-task.sequences(place.epoch, place.batch) // team.size)
    where = f"epoch {place.epoch + 1}, batch {place.batch + 1}"
    if progress.pieces >= own:
        raise OutOfMemory(
            "The machine has not enough memory for this model and a single sequence.",
            where=f"{where} ({task.places(place.epoch, place.batch)})",
            expected="a model and a sequence that fit",
            next_step="a smaller --hidden-size or --max-length",
        )
    progress.pieces *= 2
    size = -(-own // progress.pieces)
    return (
        f"Out of memory in {where}. From here on a batch is computed in {progress.pieces} pieces"
        f" (here of at most {size} sequences each), whose gradients are added up: the same batches"
        " and the same mean, but rounding and dropout differ, so that the run is no longer equal"
        " to an undisturbed one bit for bit."
    )
