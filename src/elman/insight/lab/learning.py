"""Training a small network on a task, and what it gets right afterwards."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss

from elman.insight.lab.drawing import generator
from elman.insight.lab.tasks import CLOSE, Batch, Task
from elman.layers.cell_layer import CellLayer
from elman.training.optim import gradient_norm


class Network(nn.Module):
    """A recurrent layer, and an output at the steps where an answer is due.

    Args:
        layer: which reads the input.
        answers: the width of the output.
    """

    def __init__(self, layer: CellLayer, answers: int) -> None:
        super().__init__()
        self.layer = layer
        self.output = nn.Linear(layer.output_size * layer.num_directions, answers)

    def forward(self, batch: Batch) -> Tensor:
        """[M, answers]."""
        states, _ = self.layer(batch.inputs)
        return self.output(states.values[batch.at])  # type: ignore[no-any-return]


@dataclass(frozen=True)
class Update:
    """One step of training: the loss, and the norm of the gradient before it was clipped."""

    loss: float
    norm: float


Optimizer = Callable[[Sequence[nn.Parameter]], torch.optim.Optimizer]


def train(
    network: Network,
    draw: Callable[[torch.Generator], Batch],
    updates: int,
    make_optimizer: Optimizer,
    *,
    seed: int,
    clip: float | None,
) -> list[Update]:
    """Train, until it is over or until loss or gradient is no finite number.

    Args:
        network: which is trained.
        draw: makes a batch.
        updates: how many at most.
        make_optimizer: of the weights.
        seed: the batch of update n is drawn from (seed, n).
        clip: the largest norm of the gradient; None clips nothing.
    """
    weights = list(network.parameters())
    optimizer = make_optimizer(weights)
    history = []
    for n in range(1, updates + 1):
        batch = draw(generator(seed, n))
        loss = loss_of(network(batch), batch)
        optimizer.zero_grad()
        loss.backward()
        norm = gradient_norm(weights)
        history.append(Update(float(loss.detach()), float(norm)))
        if not (math.isfinite(history[-1].loss) and math.isfinite(history[-1].norm)):
            break
        if clip is not None:
            nn.utils.clip_grads_with_norm_(weights, clip, norm)
        optimizer.step()
    return history


def loss_of(answers: Tensor, batch: Batch) -> Tensor:
    """Cross-entropy of classes, or the mean squared error of numbers."""
    if batch.targets.is_floating_point():
        return mse_loss(answers[:, 0], batch.targets)
    return cross_entropy(answers, batch.targets)


@torch.no_grad()
def share_right(network: Network, task: Task, lag: int, seed: int, count: int = 256) -> float:
    """The share of right answers at one lag, over fresh sequences.

    Args:
        network: trained.
        task: on which.
        lag: of all sequences.
        seed: of the sequences, which no training drew (their number is negative).
        count: of sequences.
    """
    batch = task.draw(torch.full((count,), lag), generator(seed, -lag))
    answers = network(batch)
    if task.answers == 1:
        right = (answers[:, 0] - batch.targets).abs() < CLOSE
    else:
        right = answers.argmax(1) == batch.targets
    return float(right.double().mean())
