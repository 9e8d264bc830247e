"""Learning what vectors, images or sequences of frames are labelled with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from elman.data.arrays.labelled import ArrayDataset
from elman.data.batches import bucketed, by_length
from elman.data.examples import LabelledArray
from elman.data.splits import PARTS, Part
from elman.models.many_to_one import ManyToOne
from elman.models.one_to_one import OneToOne
from elman.sequences import Ragged
from elman.training.bptt import Carried
from elman.training.config import SettledConfig
from elman.training.shapes.arrays.goals import ClassGoal, NumberGoal
from elman.training.share import WHOLE, Share
from elman.training.task import BatchLoss, Check, Metric

_EVALUATION_BATCH = 256


@dataclass(frozen=True)
class Reader:
    """How examples become what a model takes.

    Attributes:
        steps: what they are, in the plural, for people.
        batch: from the examples of a batch to the model's input.
        max_length: longer sequences are cut to so many steps; None where there are no steps.
    """

    steps: str
    batch: Callable[[Sequence[Tensor]], Any]
    max_length: int | None = None

    def tensors(self, examples: Sequence[LabelledArray]) -> list[Tensor]:
        """The values of examples, each a tensor."""
        return [torch.tensor(one.values[: self.max_length]) for one in examples]

    def lengths(self, values: Sequence[Tensor]) -> list[int]:
        """How many steps each example has; 1 where there are none."""
        return [1 if self.max_length is None else len(one) for one in values]


def frames(max_length: int) -> Reader:
    """Of sequences [T, I]."""
    return Reader("frames", Ragged.from_list, max_length)


VALUES = Reader("examples", lambda values: torch.stack(list(values)))
"""Of vectors and images."""


@dataclass(frozen=True)
class _Encoded:
    values: list[Tensor]
    truth: Tensor  # [examples]
    examples: Sequence[LabelledArray]


class ArrayTask:
    """Learns to say the label of numbers.

    Args:
        config: of the run.
        dataset: labelled numbers in three parts.
        goal: what is to be said.
        model: says it.
        reader: makes the model's input.
        summary: the model in a few words.
    """

    def __init__(
        self,
        config: SettledConfig,
        dataset: ArrayDataset,
        goal: ClassGoal | NumberGoal,
        model: OneToOne | ManyToOne,
        reader: Reader,
        summary: str,
    ) -> None:
        self.config = config
        self.name = dataset.name
        self.form = dataset.form
        self.goal = goal
        self.model = model
        self.reader = reader
        self.summary = summary
        whole = {"train": dataset.train, "validation": dataset.validation, "test": dataset.test}
        self.parts: dict[Part, _Encoded] = {}
        for part in PARTS:
            examples = whole[part]
            truth = goal.truth(examples, dataset.name)
            self.parts[part] = _Encoded(reader.tensors(examples), truth, examples)
        self._order: tuple[int, list[list[int]]] = (-1, [])

    @property
    def metric(self) -> Metric:
        """Of what is to be said."""
        return self.goal.metric

    @property
    def steps(self) -> str:
        """What one step is."""
        return self.reader.steps

    def batches(self, epoch: int) -> int:
        """How many batches an epoch has."""
        return len(self._batches_of(epoch))

    def carried_shapes(self, epoch: int, batch: int) -> list[tuple[int, ...]]:
        """No state is carried from batch to batch."""
        return []

    def sequences(self, epoch: int, batch: int) -> int:
        """How many examples a batch has."""
        return len(self._batches_of(epoch)[batch])

    def loss(self, epoch: int, batch: int, carried: Carried, share: Share = WHOLE) -> BatchLoss:
        """The mean loss of the batch's examples."""
        data, chosen = self.parts["train"], share.part(self._batches_of(epoch)[batch])
        values = [data.values[one] for one in chosen]
        mean = self.goal.loss(self.model(self.reader.batch(values)), data.truth[chosen])
        return BatchLoss(mean, len(chosen), sum(self.reader.lengths(values)))

    def evaluate(self, part: Part, check: Check) -> Mapping[str, float]:
        """The metrics of what is to be said."""
        return self.goal.metrics(self.scores(part, check), self.parts[part].truth)

    def scores(self, part: Part, check: Check) -> Tensor:
        """[examples, outputs] for a part of the data, in the order of its examples."""
        return scores_of(self.model, self.goal.outputs, self.parts[part].values, self.reader, check)

    def places(self, epoch: int, batch: int) -> str:
        """The files, or the rows of the table, of a batch."""
        examples = self.parts["train"].examples
        chosen = sorted(self._batches_of(epoch)[batch])
        named = [examples[one].name or f"row {examples[one].row}" for one in chosen]
        return f"{self.name}, {', '.join(named[:8])}" + (", …" if len(named) > 8 else "")

    def _batches_of(self, epoch: int) -> list[list[int]]:
        if self._order[0] != epoch:
            lengths = self.reader.lengths(self.parts["train"].values)
            order = bucketed(lengths, self.config.batch_size, self.config.seed, epoch)
            self._order = (epoch, order)
        return self._order[1]


@torch.no_grad()
def scores_of(
    model: nn.Module,
    outputs: int,
    values: Sequence[Tensor],
    reader: Reader,
    check: Check = lambda: None,
) -> Tensor:
    """A model's scores [examples, outputs] for values, in their order."""
    scores = torch.empty(len(values), outputs)
    for batch in by_length(reader.lengths(values), _EVALUATION_BATCH):
        check()
        scores[batch] = model(reader.batch([values[one] for one in batch]))
    return scores
