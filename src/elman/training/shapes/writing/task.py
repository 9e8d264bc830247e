"""Learning to write: the loss of given texts, and what the texts written are worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from elman.data.batches import bucketed, by_length
from elman.data.splits import Part
from elman.models.search import Search
from elman.training.bptt import Carried
from elman.training.shapes.writing.config import WritingConfig
from elman.training.shapes.writing.metrics import text_metrics
from elman.training.shapes.writing.writer import Writer, Writing
from elman.training.share import WHOLE, Share
from elman.training.task import METRICS, BatchLoss, Check, Metric

_EVALUATION_BATCH = 64


@dataclass(frozen=True)
class Examples:
    """The examples of a part.

    Attributes:
        shown: each input as people are shown it.
        inputs: what the model reads of each; its length is the number of steps.
        copies: for each step of an input the token that may be copied there; None for none.
        targets: the numbers of the tokens to write, without ends.
        references: the tokens to write.
        rows: where each example stands in the user's data.
        item: what an input is called.
    """

    shown: Sequence[str]
    inputs: Sequence[Any]
    copies: Sequence[Sequence[str]] | None
    targets: Sequence[Sequence[int]]
    references: Sequence[Sequence[str]]
    rows: Sequence[int]
    item: str = "Text"


class WritingTask:
    """Learns to write a text for each input.

    Args:
        config: of the run.
        name: of the data.
        parts: the examples of each part.
        writer: the model, and what its tokens mean.
        summary: the model in a few words.
    """

    def __init__(
        self,
        config: WritingConfig,
        name: str,
        parts: Mapping[Part, Examples],
        writer: Writer,
        summary: str,
    ) -> None:
        self.config = config
        self.name = name
        self.parts = parts
        self.writer = writer
        self.model = writer.model
        self.summary = summary
        self.steps: str = writer.vocabulary.unit
        by = "bleu" if self.steps == "words" else "character_error_rate"
        self.metric: Metric = next(metric for metric in METRICS if metric.name == by)
        self._order: tuple[int, list[list[int]]] = (-1, [])

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
        """Mean cross-entropy of the tokens to write, smoothed, their ends included, in nats.

        The share of the model's own tokens rises from 0 in the first epoch to all that was asked
        for in the last.
        """
        data, chosen = self.parts["train"], share.part(self._batches_of(epoch)[batch])
        own = self.config.scheduled_sampling * epoch / max(self.config.epochs - 1, 1)
        inputs = [data.inputs[one] for one in chosen]
        targets = [data.targets[one] for one in chosen]
        losses = self.writer.losses(inputs, targets, own, self.config.label_smoothing)
        read = sum(len(data.copies[one]) for one in chosen) if data.copies else 0
        return BatchLoss(losses.mean(), len(losses), read + len(losses))

    def evaluate(self, part: Part, check: Check) -> Mapping[str, float]:
        """What the texts written are worth, and the loss in nats of the given ones.

        The validation part is written greedily, once an epoch; the test part by the search that
        the configuration asks for.
        """
        beams = self.config.beams if part == "test" else 1
        ranked = self.written(part, Search(beams, self.config.length_penalty), check)
        metrics = self.measured([texts[0].tokens for texts in ranked], part)
        return metrics | {"loss": mean_loss(self.writer, self.parts[part], check)}

    def written(self, part: Part, search: Search, check: Check) -> list[list[Writing]]:
        """What the model writes for each example of a part, the best first."""
        data = self.parts[part]
        return self.writer.write(data.inputs, search, data.copies, check)

    def measured(self, written: Sequence[Sequence[str]], part: Part) -> dict[str, float]:
        """What texts are worth that were written, by whomever, for the examples of a part."""
        return text_metrics(written, self.parts[part].references, self.writer.vocabulary.unit)

    def places(self, epoch: int, batch: int) -> str:
        """The rows of a batch in the user's data."""
        rows = sorted(self.parts["train"].rows[one] for one in self._batches_of(epoch)[batch])
        listed = ", ".join(map(str, rows[:8])) + (", …" if len(rows) > 8 else "")
        return f"{self.name}, rows {listed}"

    def _batches_of(self, epoch: int) -> list[list[int]]:
        if self._order[0] != epoch:
            data = self.parts["train"]
            lengths = [
                len(one) + len(target)
                for one, target in zip(data.inputs, data.targets, strict=True)
            ]
            order = bucketed(lengths, self.config.batch_size, self.config.seed, epoch)
            self._order = (epoch, order)
        return self._order[1]


@torch.no_grad()
def mean_loss(writer: Writer, data: Examples, check: Check = lambda: None) -> float:
    """The mean loss in nats of the tokens of given texts; the model is in evaluation mode."""
    total, count = 0.0, 0
    for chosen in by_length([len(target) for target in data.targets], _EVALUATION_BATCH):
        check()
        losses = writer.losses(
            [data.inputs[one] for one in chosen], [data.targets[one] for one in chosen]
        )
        total, count = total + float(losses.double().sum()), count + len(losses)
    return total / count


def longest_text(targets: Sequence[Sequence[int]]) -> int:
    """Most tokens of a text that is written, its end counted: twice as many as were learnt of."""
    return 2 * max(map(len, targets)) + 1
