"""The aligned task: tagged sentences, the loss of their tags, accuracy and whole entities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import torch

from elman.cells.spec import CellSpec
from elman.data.batches import bucketed
from elman.data.examples import Dataset, TaggedSentence
from elman.data.splits import Part
from elman.data.texts.tagged import tags_of
from elman.data.texts.vocabulary import Vocabulary
from elman.models.aligned import Aligned
from elman.models.description import AlignedDescription, SpellingDescription
from elman.training.bptt import Carried
from elman.training.shapes.aligned.config import AlignedConfig
from elman.training.shapes.aligned.decoding import allowed_tags, measured, tag_numbers
from elman.training.shapes.aligned.reading import Reading
from elman.training.shapes.aligned.scores import tag_metrics
from elman.training.shapes.text import begin_with, layers_and_tokens, token_vocabulary
from elman.training.share import WHOLE, Share
from elman.training.task import BatchLoss, Check, Metric


class AlignedTask:
    """Learns to give each step of a sequence its tag.

    Args:
        config: of the run.
        dataset: tagged sentences in three parts.
        reading: the vocabularies of the training part.
        tags: all tags of the training part.
    """

    def __init__(
        self,
        config: AlignedConfig,
        dataset: Dataset[TaggedSentence],
        reading: Reading,
        tags: Sequence[str],
    ) -> None:
        self.config = config
        self.name = dataset.name
        self.reading = reading
        self.tags = tuple(tags)
        self.metric = Metric("accuracy" if config.scheme == "plain" else "entity_f1", True)
        self.examples: dict[Part, Sequence[TaggedSentence]] = {
            "train": dataset.train,
            "validation": dataset.validation,
            "test": dataset.test,
        }
        self._encoded = {
            part: [reading.encode(one.tokens) for one in examples]
            for part, examples in self.examples.items()
        }
        self._truth = {
            part: tag_numbers(examples, tags) for part, examples in self.examples.items()
        }
        self.model = Aligned(
            describe(config, reading, len(tags)), allowed_tags(tags, config.scheme)
        )
        self._order: tuple[int, list[list[int]]] = (-1, [])

    @property
    def summary(self) -> str:
        """The model in a few words."""
        return (
            layers_and_tokens(self.config, self.reading.words)
            + (" and their characters" if self.config.characters else "")
            + f", {len(self.tags)} tags"
            + (", CRF" if self.config.crf else "")
        )

    @property
    def steps(self) -> str:
        """What a time step is: "words" or "characters"."""
        return self.config.unit

    def batches(self, epoch: int) -> int:
        """How many batches an epoch has."""
        return len(self._batches_of(epoch))

    def carried_shapes(self, epoch: int, batch: int) -> list[tuple[int, ...]]:
        """No state is carried from batch to batch."""
        return []

    def sequences(self, epoch: int, batch: int) -> int:
        """How many sentences a batch has."""
        return len(self._batches_of(epoch)[batch])

    def loss(self, epoch: int, batch: int, carried: Carried, share: Share = WHOLE) -> BatchLoss:
        """The mean negative log-likelihood of a step's tag, in nats; with that of its neighbours.

        A share of the loss of the tokens beside each one is added, where it is asked for.
        """
        chosen = share.part(self._batches_of(epoch)[batch])
        tokens, spelt = self.reading.batch([self._encoded["train"][one] for one in chosen])
        read = tokens.values
        if self.config.word_dropout:
            hidden = torch.rand(len(tokens.values)) < self.config.word_dropout
            tokens = tokens.with_values(tokens.values.masked_fill(hidden, Vocabulary.unknown_id))
        truth = torch.tensor([tag for one in chosen for tag in self._truth["train"][one]])
        states = self.model.states(tokens, spelt)
        mean = self.model.loss(self.model.scores(states), truth).sum() / len(truth)
        if self.model.neighbours is not None:
            beside = self.model.neighbours.loss(states, read, Vocabulary.unknown_id)
            mean = mean + self.config.neighbour_loss * beside / len(truth)
        return BatchLoss(mean, len(truth), len(truth))

    def evaluate(self, part: Part, check: Check) -> Mapping[str, float]:
        """Loss and accuracy, and where tags mark entities their precision, recall and F1."""
        answers, loss = measured(
            self.model, self.reading, self._encoded[part], self._truth[part], check
        )
        return self.metrics(answers, part) | {"loss": loss}

    def answers(self, part: Part) -> list[list[str]]:
        """The tags that the model gives to each sentence of a part, in their order."""
        found, _ = measured(self.model, self.reading, self._encoded[part], self._truth[part])
        return [[self.tags[number] for number in numbers] for numbers in found]

    def metrics(self, tags: Sequence[Sequence[int]], part: Part) -> dict[str, float]:
        """What tags, by number, are worth on a part of the data."""
        said = [[self.tags[number] for number in numbers] for numbers in tags]
        truth = [one.tags for one in self.examples[part]]
        return tag_metrics(truth, said, self.config.scheme)

    def places(self, epoch: int, batch: int) -> str:
        """The rows of a batch in the user's file."""
        examples = self.examples["train"]
        rows = sorted(examples[one].row for one in self._batches_of(epoch)[batch])
        listed = ", ".join(map(str, rows[:8])) + (", …" if len(rows) > 8 else "")
        return f"{self.name}, sentences from rows {listed}"

    def _batches_of(self, epoch: int) -> list[list[int]]:
        if self._order[0] != epoch:
            lengths = [len(sentence.numbers) for sentence in self._encoded["train"]]
            order = bucketed(lengths, self.config.batch_size, self.config.seed, epoch)
            self._order = (epoch, order)
        return self._order[1]


def describe(config: AlignedConfig, reading: Reading, tags: int) -> AlignedDescription:
    """The model that a configuration asks for."""
    spelling = None
    if reading.characters is not None:
        spelling = SpellingDescription(
            vocabulary_size=len(reading.characters),
            embedding_size=config.character_embedding_size,
            hidden_size=config.character_hidden_size,
        )
    return AlignedDescription(
        cell=CellSpec(config.cell, config.nonlinearity, config.reset_after),
        vocabulary_size=len(reading.words),
        embedding_size=config.embedding_size,
        encoding=config.encoding,
        frozen=config.freeze_vectors,
        hidden_size=config.hidden_size,
        num_layers=config.num_layers,
        dropout=config.dropout,
        tags=tags,
        bidirectional=config.bidirectional,
        crf=config.crf,
        spelling=spelling,
        neighbours=config.neighbour_loss > 0,
    )


def make_task(
    config: AlignedConfig, dataset: Dataset[TaggedSentence]
) -> tuple[AlignedTask, dict[str, Any]]:
    """The task, and what vocabulary.json holds."""
    tokens = list(chain.from_iterable(example.tokens for example in dataset.train))
    words, vectors = token_vocabulary(config, tokens)
    characters = Vocabulary.build(tokens, "characters") if config.characters else None
    tags = tags_of(dataset.train)
    content = {
        "text": words.to_json(),
        "characters": characters.to_json() if characters is not None else None,
        "tags": tags,
        "scheme": config.scheme,
    }
    task = AlignedTask(config, dataset, Reading(words, characters), tags)
    begin_with(vectors, task.model.embedding, words)
    return task, content
