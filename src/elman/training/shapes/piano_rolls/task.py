"""Learning which keys come next: piano rolls, the negative log-likelihood of a step's keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from elman.cells.spec import CellSpec
from elman.data.batches import bucketed, by_length
from elman.data.examples import Roll
from elman.data.loading.rolls import RollDataset
from elman.data.splits import Part
from elman.models.description import PianoRollDescription
from elman.models.piano_roll import PianoRoll
from elman.sequences import Ragged
from elman.training.bptt import Carried
from elman.training.shapes.piano_rolls.config import PianoRollConfig
from elman.training.shapes.text import layers
from elman.training.share import WHOLE, Share
from elman.training.task import BatchLoss, Check, Metric

_EVALUATION_BATCH = 32


class PianoRollTask:
    """Learns to say the keys of the next step.

    Each piece is read whole, from a state of zeros; its first step is given, all others are
    foretold. The loss of a step is the sum over its keys of -log p, as if they were independent
    once the past is known.

    Args:
        config: of the run.
        dataset: pieces in three parts.

    Source: Boulanger-Lewandowski, Bengio, Vincent (2012), arXiv:1206.6392, section 3; the mean is
    over all foretold steps of all pieces, as in Bai, Kolter, Koltun (2018), arXiv:1803.01271.
    """

    metric = Metric("nll_per_frame", higher_is_better=False)
    steps = "frames"

    def __init__(self, config: PianoRollConfig, dataset: RollDataset) -> None:
        self.config = config
        self.name = dataset.name
        self.rolls: dict[Part, Sequence[Roll]] = {
            "train": dataset.train,
            "validation": dataset.validation,
            "test": dataset.test,
        }
        self.parts = {part: tensors(rolls) for part, rolls in self.rolls.items()}
        self.model = PianoRoll(
            PianoRollDescription(
                cell=CellSpec(config.cell, config.nonlinearity, config.reset_after),
                keys=self.parts["train"][0].shape[1],
                hidden_size=config.hidden_size,
                num_layers=config.num_layers,
                dropout=config.dropout,
            )
        )
        self._order: tuple[int, list[list[int]]] = (-1, [])

    @property
    def summary(self) -> str:
        """The model in a few words."""
        return f"{layers(self.config)}, {self.model.description.keys} keys"

    def batches(self, epoch: int) -> int:
        """How many batches an epoch has."""
        return len(self._batches_of(epoch))

    def sequences(self, epoch: int, batch: int) -> int:
        """How many pieces a batch has."""
        return len(self._batches_of(epoch)[batch])

    def carried_shapes(self, epoch: int, batch: int) -> list[tuple[int, ...]]:
        """No state is carried from batch to batch."""
        return []

    def loss(self, epoch: int, batch: int, carried: Carried, share: Share = WHOLE) -> BatchLoss:
        """The mean loss of the foretold steps, in nats, summed over the keys."""
        rolls = self.parts["train"]
        chosen = share.part(self._batches_of(epoch)[batch])
        losses = torch.cat(step_losses(self.model, [rolls[one] for one in chosen]))
        return BatchLoss(losses.mean(), len(losses), len(losses))

    def evaluate(self, part: Part, check: Check) -> Mapping[str, float]:
        """The negative log-likelihood of a step, in nats."""
        return roll_metrics(losses_of(self.model, self.parts[part], check))

    def places(self, epoch: int, batch: int) -> str:
        """The pieces of a batch."""
        names = [self.rolls["train"][one].name for one in sorted(self._batches_of(epoch)[batch])]
        return f"{self.name}, pieces {', '.join(names[:8])}" + (", …" if len(names) > 8 else "")

    def _batches_of(self, epoch: int) -> list[list[int]]:
        if self._order[0] != epoch:
            lengths = [len(roll) for roll in self.parts["train"]]
            order = bucketed(lengths, self.config.batch_size, self.config.seed, epoch)
            self._order = (epoch, order)
        return self._order[1]


def tensors(rolls: Sequence[Roll]) -> list[Tensor]:
    """The keys of each piece, [T, K]."""
    return [torch.tensor(roll.frames, dtype=torch.float32) for roll in rolls]


def step_losses(model: PianoRoll, rolls: Sequence[Tensor]) -> list[Tensor]:
    """For each piece [T, K] the loss [T - 1] in nats of each step after the first."""
    scores = model(Ragged.from_list([roll[:-1] for roll in rolls]))
    wanted = torch.cat([roll[1:] for roll in rolls])
    losses = binary_cross_entropy_with_logits(scores, wanted, reduction="none").sum(1)
    return list(losses.split([len(roll) - 1 for roll in rolls]))


@torch.no_grad()
def losses_of(
    model: PianoRoll, rolls: Sequence[Tensor], check: Check = lambda: None
) -> list[Tensor]:
    """The same for many pieces, in their order; the model is in evaluation mode."""
    losses: list[Tensor] = [torch.empty(0)] * len(rolls)
    for batch in by_length([len(roll) for roll in rolls], _EVALUATION_BATCH):
        check()
        told = step_losses(model, [rolls[one] for one in batch])
        for one, loss in zip(batch, told, strict=True):
            losses[one] = loss
    return losses


def roll_metrics(losses: Sequence[Tensor]) -> dict[str, float]:
    """The mean loss of all foretold steps of all pieces, in nats."""
    mean = float(torch.cat(list(losses)).double().mean())
    return {"nll_per_frame": mean, "loss": mean}


def make_task(
    config: PianoRollConfig, dataset: RollDataset
) -> tuple[PianoRollTask, dict[str, Any]]:
    """The task, and what vocabulary.json holds."""
    return PianoRollTask(config, dataset), {"step": dataset.step}
