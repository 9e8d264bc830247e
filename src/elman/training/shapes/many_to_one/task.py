"""The many-to-one task: labelled texts, cross-entropy, accuracy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from elman.cells.spec import CellSpec
from elman.data.batches import bucketed, by_length, ragged
from elman.data.examples import Dataset, LabelledText, Target
from elman.data.splits import Part
from elman.data.texts.vocabulary import Vocabulary
from elman.models.description import ManyToOneDescription
from elman.models.many_to_one import ManyToOne
from elman.training.bptt import Carried
from elman.training.shapes.many_to_one.config import ManyToOneConfig
from elman.training.shapes.text import begin_with, layers_and_tokens, text_vocabulary
from elman.training.share import WHOLE, Share
from elman.training.task import BatchLoss, Check, Metric

_EVALUATION_BATCH = 256


@dataclass(frozen=True)
class _Encoded:
    tokens: list[list[int]]
    labels: Tensor  # [examples]
    examples: Sequence[LabelledText]


class ManyToOneTask:
    """Learns to say the label of a text.

    Args:
        config: of the run.
        dataset: labelled texts in three parts.
        vocabulary: of the training part.
        labels: all labels, in the order of the classes.
    """

    metric = Metric("accuracy", higher_is_better=True)

    def __init__(
        self,
        config: ManyToOneConfig,
        dataset: Dataset[LabelledText],
        vocabulary: Vocabulary,
        labels: Sequence[str],
    ) -> None:
        self.config = config
        self.name = dataset.name
        self.vocabulary = vocabulary
        self.target: Target = dataset.target
        self.labels = tuple(labels)
        numbers = {label: number for number, label in enumerate(labels)}
        self.parts: dict[Part, _Encoded] = {}
        for part, examples in _parts(dataset):
            tokens = [vocabulary.encode(one.text, config.max_length) for one in examples]
            classes = torch.tensor([numbers[one.label] for one in examples])
            self.parts[part] = _Encoded(tokens, classes, examples)
        self.model = ManyToOne(describe(config, len(vocabulary), len(labels)))
        self._order: tuple[int, list[list[int]]] = (-1, [])

    @property
    def summary(self) -> str:
        """The model in a few words."""
        return layers_and_tokens(self.config, self.vocabulary)

    @property
    def steps(self) -> str:
        """What a time step is: "words" or "characters"."""
        return self.config.unit

    def batches(self, epoch: int) -> int:
        """How many batches an epoch has."""
        return len(self._batches_of(epoch))

    def sequences(self, epoch: int, batch: int) -> int:
        """How many texts a batch has."""
        return len(self._batches_of(epoch)[batch])

    def carried_shapes(self, epoch: int, batch: int) -> list[tuple[int, ...]]:
        """No state is carried from batch to batch."""
        return []

    def loss(self, epoch: int, batch: int, carried: Carried, share: Share = WHOLE) -> BatchLoss:
        """Mean cross-entropy of the labels, in nats."""
        data = self.parts["train"]
        chosen = share.part(self._batches_of(epoch)[batch])
        tokens = ragged([data.tokens[one] for one in chosen])
        mean = cross_entropy(self.model(tokens), data.labels[chosen])
        return BatchLoss(mean, len(chosen), len(tokens.values))

    def evaluate(self, part: Part, check: Check) -> Mapping[str, float]:
        """Loss and accuracy; for ratings also the mean distance from the true rating."""
        return self.metrics(self.log_probabilities(part, check), part)

    def log_probabilities(self, part: Part, check: Check) -> Tensor:
        """[examples, classes] for a part of the data, in the order of its examples."""
        return log_probabilities(self.model, self.parts[part].tokens, check)

    def metrics(self, log_probabilities: Tensor, part: Part) -> dict[str, float]:
        """What log-probabilities [examples, classes] are worth on a part of the data."""
        return label_metrics(log_probabilities, self.parts[part].labels, self.labels, self.target)

    def places(self, epoch: int, batch: int) -> str:
        """The rows of a batch in the user's file."""
        examples = self.parts["train"].examples
        rows = sorted(examples[one].row for one in self._batches_of(epoch)[batch])
        listed = ", ".join(map(str, rows[:8])) + (", …" if len(rows) > 8 else "")
        return f"{self.name}, rows {listed}"

    def _batches_of(self, epoch: int) -> list[list[int]]:
        if self._order[0] != epoch:
            lengths = [len(tokens) for tokens in self.parts["train"].tokens]
            order = bucketed(lengths, self.config.batch_size, self.config.seed, epoch)
            self._order = (epoch, order)
        return self._order[1]


@torch.no_grad()
def log_probabilities(
    model: ManyToOne, tokens: Sequence[Sequence[int]], check: Check = lambda: None
) -> Tensor:
    """The model's log-probabilities [examples, classes] for token sequences, in their order."""
    scores = torch.empty(len(tokens), model.description.outputs)
    for batch in by_length([len(one) for one in tokens], _EVALUATION_BATCH):
        check()
        scores[batch] = model(ragged([tokens[one] for one in batch]))
    return torch.log_softmax(scores, 1)


def label_metrics(
    log_probabilities: Tensor, truth: Tensor, labels: Sequence[str], target: Target
) -> dict[str, float]:
    """Accuracy and loss in nats; for ratings also the mean distance from the true rating.

    Args:
        log_probabilities: [examples, classes].
        truth: [examples] the numbers of the true classes.
        labels: of the classes.
        target: "class" or "rating".
    """
    predicted = log_probabilities.argmax(1)
    measured = {
        "accuracy": float((predicted == truth).double().mean()),
        "loss": float(torch.nn.functional.nll_loss(log_probabilities.double(), truth)),
    }
    if target == "rating":
        stars = torch.tensor([float(label) for label in labels])
        distance = (stars[predicted] - stars[truth]).abs().double().mean()
        measured["mean_absolute_error"] = float(distance)
    return measured


def describe(config: ManyToOneConfig, vocabulary_size: int, classes: int) -> ManyToOneDescription:
    """The model that a configuration asks for."""
    return ManyToOneDescription(
        cell=CellSpec(config.cell, config.nonlinearity, config.reset_after),
        vocabulary_size=vocabulary_size,
        embedding_size=config.embedding_size,
        encoding=config.encoding,
        frozen=config.freeze_vectors,
        hidden_size=config.hidden_size,
        num_layers=config.num_layers,
        dropout=config.dropout,
        classes=classes,
        bidirectional=config.bidirectional,
        pooling=config.pooling,
    )


def label_order(dataset: Dataset[LabelledText]) -> list[str]:
    """The labels of the training part: ratings by value, classes by name."""
    labels = {example.label for example in dataset.train}
    return sorted(labels, key=int) if dataset.target == "rating" else sorted(labels)


def _parts(dataset: Dataset[LabelledText]) -> list[tuple[Part, Sequence[LabelledText]]]:
    return [
        ("train", dataset.train),
        ("validation", dataset.validation),
        ("test", dataset.test),
    ]


def make_task(
    config: ManyToOneConfig, dataset: Dataset[LabelledText]
) -> tuple[ManyToOneTask, dict[str, Any]]:
    """The task, and what vocabulary.json holds."""
    vocabulary, vectors = text_vocabulary(config, [example.text for example in dataset.train])
    labels = label_order(dataset)
    content = {
        "text": vocabulary.to_json(),
        "labels": labels,
        "target": dataset.target,
        "max_length": config.max_length,
    }
    task = ManyToOneTask(config, dataset, vocabulary, labels)
    begin_with(vectors, task.model.encoding, vocabulary)
    return task, content
