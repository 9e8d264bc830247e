"""Learning which keys come next: piano rolls, the negative log-likelihood of a step's keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from elman.models.one_to_roll import OneToRoll
from elman.models.piano_roll import PianoRoll
from elman.sequences import Ragged
from elman.training.bptt import Carried
from elman.training.config import RecurrentConfig
from elman.training.shapes.piano_rolls.config import PianoRollConfig
from elman.training.shapes.text import layers
from elman.training.share import WHOLE, Share
from elman.training.task import BatchLoss, Check, Metric

_EVALUATION_BATCH = 32


@dataclass(frozen=True)
class Pieces:
    """The pieces of a part.

    Attributes:
        frames: [T, K] of each; all steps after the first are foretold.
        names: of each, for people.
        vectors: [N, I] what each is to be written for; None where they stand by themselves.
    """

    frames: Sequence[Tensor]
    names: Sequence[str]
    vectors: Tensor | None = None

    def __len__(self) -> int:
        return len(self.frames)


class PianoRollTask:
    """Learns to say the keys of the next step.

    Each piece is read whole, from a state of zeros or from that of its vector; its first step is
    given, all others are foretold. The loss of a step is the sum over its keys of -log p, as if
    they were independent once the past is known.

    Args:
        config: of the run.
        name: of the data.
        parts: the pieces of each part.
        model: says from steps, and from vectors if there are any, the scores of the next ones.

    Source: Boulanger-Lewandowski, Bengio, Vincent (2012), arXiv:1206.6392, section 3; the mean is
    over all foretold steps of all pieces, as in Bai, Kolter, Koltun (2018), arXiv:1803.01271.
    """

    metric = Metric("nll_per_frame", higher_is_better=False)
    steps = "frames"

    def __init__(
        self,
        config: RecurrentConfig,
        name: str,
        parts: Mapping[Part, Pieces],
        model: PianoRoll | OneToRoll,
    ) -> None:
        self.config = config
        self.name = name
        self.parts = parts
        self.model = model
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
        chosen = share.part(self._batches_of(epoch)[batch])
        losses = torch.cat(step_losses(self.model, self.parts["train"], chosen))
        return BatchLoss(losses.mean(), len(losses), len(losses))

    def evaluate(self, part: Part, check: Check) -> Mapping[str, float]:
        """The negative log-likelihood of a step, in nats."""
        return roll_metrics(losses_of(self.model, self.parts[part], check))

    def places(self, epoch: int, batch: int) -> str:
        """The pieces of a batch."""
        names = [self.parts["train"].names[one] for one in sorted(self._batches_of(epoch)[batch])]
        return f"{self.name}, pieces {', '.join(names[:8])}" + (", …" if len(names) > 8 else "")

    def _batches_of(self, epoch: int) -> list[list[int]]:
        if self._order[0] != epoch:
            lengths = [len(frames) for frames in self.parts["train"].frames]
            order = bucketed(lengths, self.config.batch_size, self.config.seed, epoch)
            self._order = (epoch, order)
        return self._order[1]


def pieces_alone(rolls: Sequence[Roll]) -> Pieces:
    """Pieces that stand by themselves."""
    return Pieces([tensor_of(roll) for roll in rolls], [roll.name for roll in rolls])


def tensor_of(roll: Roll) -> Tensor:
    """The keys of a piece, [T, K]."""
    return torch.tensor(roll.frames, dtype=torch.float32)


def step_scores(
    model: PianoRoll | OneToRoll, pieces: Pieces, chosen: Sequence[int]
) -> list[Tensor]:
    """For each of some pieces [T, K] the scores [T - 1, K] of each step after the first."""
    read = Ragged.from_list([pieces.frames[one][:-1] for one in chosen])
    told = model(read) if pieces.vectors is None else model(read, pieces.vectors[list(chosen)])
    return list(told.split(read.lengths.tolist()))


def step_losses(
    model: PianoRoll | OneToRoll, pieces: Pieces, chosen: Sequence[int]
) -> list[Tensor]:
    """For each of some pieces the loss [T - 1] in nats of each step after the first."""
    scores = step_scores(model, pieces, chosen)
    wanted = torch.cat([pieces.frames[one][1:] for one in chosen])
    losses = binary_cross_entropy_with_logits(torch.cat(scores), wanted, reduction="none").sum(1)
    return list(losses.split([len(told) for told in scores]))


@torch.no_grad()
def losses_of(
    model: PianoRoll | OneToRoll, pieces: Pieces, check: Check = lambda: None
) -> list[Tensor]:
    """The same for all pieces, in their order; the model is in evaluation mode."""
    losses: list[Tensor] = [torch.empty(0)] * len(pieces)
    for batch in by_length([len(frames) for frames in pieces.frames], _EVALUATION_BATCH):
        check()
        for one, loss in zip(batch, step_losses(model, pieces, batch), strict=True):
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
    parts: dict[Part, Pieces] = {
        "train": pieces_alone(dataset.train),
        "validation": pieces_alone(dataset.validation),
        "test": pieces_alone(dataset.test),
    }
    description = PianoRollDescription(
        cell=CellSpec(config.cell, config.nonlinearity, config.reset_after),
        keys=parts["train"].frames[0].shape[1],
        hidden_size=config.hidden_size,
        num_layers=config.num_layers,
        dropout=config.dropout,
    )
    task = PianoRollTask(config, dataset.name, parts, PianoRoll(description))
    return task, {"step": dataset.step}
