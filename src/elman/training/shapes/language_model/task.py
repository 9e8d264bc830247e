"""The language-model task: running text, cross-entropy of the next token, perplexity."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from elman.cells.spec import CellSpec
from elman.data.batches import bucketed, by_length, permutation
from elman.data.examples import Dataset, Document
from elman.data.splits import Part
from elman.data.texts.units import Unit
from elman.data.texts.vocabulary import Vocabulary
from elman.models.description import LanguageModelDescription
from elman.models.language_model import LanguageModel
from elman.training.bptt import Carried, Stream
from elman.training.shapes.language_model.config import LanguageModelConfig
from elman.training.shapes.text import begin_with, layers_and_tokens, text_vocabulary
from elman.training.share import WHOLE, Share
from elman.training.task import BatchLoss, Check, Metric

_EVALUATION_BATCH = 32
_EVALUATION_STEPS = 64


class LanguageModelTask:
    """Learns to say the next token.

    Each document is its tokens and an end; the first token is predicted from the end of an
    unseen document before it. With truncated BPTT the documents, in an order drawn for each
    epoch, are one running text, and the state is carried on over their edges; with full BPTT each
    document stands by itself. Evaluation reads each document from a state of zeros.

    Args:
        config: of the run.
        dataset: documents in three parts.
        vocabulary: of the training part.
    """

    metric = Metric("perplexity", higher_is_better=False)

    def __init__(
        self, config: LanguageModelConfig, dataset: Dataset[Document], vocabulary: Vocabulary
    ) -> None:
        self.config = config
        self.name = dataset.name
        self.vocabulary = vocabulary
        self.parts: dict[Part, list[list[int]]] = {
            "train": with_ends(dataset.train, vocabulary),
            "validation": with_ends(dataset.validation, vocabulary),
            "test": with_ends(dataset.test, vocabulary),
        }
        self.rows = [document.row for document in dataset.train]
        self.model = LanguageModel(describe(config, len(vocabulary)))
        self._epoch: tuple[int, list[Stream]] = (-1, [])

    @property
    def summary(self) -> str:
        """The model in a few words."""
        return layers_and_tokens(self.config, self.vocabulary)

    @property
    def steps(self) -> str:
        """What a time step is: "words" or "characters"."""
        return self.config.unit

    def batches(self, epoch: int) -> int:
        """How many batches (windows, or with full BPTT groups of documents) an epoch has."""
        return sum(len(stream) for stream in self._streams(epoch))

    def sequences(self, epoch: int, batch: int) -> int:
        """How many columns of text (or with full BPTT documents) a batch has."""
        streams = self._streams(epoch)
        return len(streams[batch if self.config.bptt_steps == 0 else 0].columns)

    def carried_shapes(self, epoch: int, batch: int) -> list[tuple[int, ...]]:
        """The shapes of the state that a batch starts from, [L, C, H] each; none at the first."""
        if self.config.bptt_steps == 0 or batch == 0:
            return []
        columns = len(self._streams(epoch)[0].columns)
        shape = (self.config.num_layers, columns, self.config.hidden_size)
        return [shape] * len(self.model.description.cell.state_names)

    def loss(self, epoch: int, batch: int, carried: Carried, share: Share = WHOLE) -> BatchLoss:
        """Mean cross-entropy of the next tokens, in nats."""
        streams = self._streams(epoch)
        if self.config.bptt_steps == 0:
            window = streams[batch].part(share).loss(self.model, 0, ())
            return BatchLoss(window.losses.mean(), len(window.losses), len(window.losses))
        window = streams[0].part(share).loss(self.model, batch, carried if batch else ())
        count = len(window.losses)
        return BatchLoss(window.losses.mean(), count, count, window.carried)

    def evaluate(self, part: Part, check: Check) -> Mapping[str, float]:
        """Loss in nats a token, and perplexity (bits a character where a token is one)."""
        losses = document_losses(self.model, self.parts[part], check)
        return next_token_metrics(losses, self.config.unit)

    def places(self, epoch: int, batch: int) -> str:
        """The documents of a batch, or the window of the running text."""
        if self.config.bptt_steps == 0:
            rows = sorted(self.rows[one] for one in self._documents(epoch)[batch])
            listed = ", ".join(map(str, rows[:8])) + (", …" if len(rows) > 8 else "")
            return f"{self.name}, documents that start at rows {listed}"
        first = batch * self.config.bptt_steps
        last = first + self.config.bptt_steps - 1
        stream = self._streams(epoch)[0]
        read = max(0, last + 1 - stream.k2)
        return (
            f"{self.name}, steps {first} to {last} of its {len(stream.columns)} columns of text,"
            f" read from step {read}"
        )

    def _documents(self, epoch: int) -> list[list[int]]:
        lengths = [len(document) for document in self.parts["train"]]
        return bucketed(lengths, self.config.batch_size, self.config.seed, epoch)

    def _streams(self, epoch: int) -> list[Stream]:
        """One stream with truncated BPTT; with full BPTT one a group of documents."""
        if self._epoch[0] != epoch:
            self._epoch = (epoch, self._streams_of(epoch))
        return self._epoch[1]

    def _streams_of(self, epoch: int) -> list[Stream]:
        documents, k1 = self.parts["train"], self.config.bptt_steps
        if k1 == 0:
            batches = self._documents(epoch)
            columns = [[[Vocabulary.end_id, *documents[one]] for one in batch] for batch in batches]
            longest = max(len(document) for document in documents)
            return [Stream(column, longest, longest) for column in columns]
        order = permutation(len(documents), self.config.seed, epoch)
        running = [token for one in order for token in documents[one]]
        k2 = self.config.bptt_window or k1
        return [
            Stream.of_text([Vocabulary.end_id, *running], self.config.batch_size, k1, k2),
        ]


@torch.no_grad()
def document_losses(
    model: LanguageModel, documents: Sequence[Sequence[int]], check: Check = lambda: None
) -> list[Tensor]:
    """For each document the loss in nats of each of its tokens, its end included.

    Args:
        model: in evaluation mode.
        documents: token numbers, each with its end.
        check: called between windows.
    """
    losses: list[list[Tensor]] = [[] for _ in documents]
    for batch in by_length([len(document) for document in documents], _EVALUATION_BATCH):
        columns = [[Vocabulary.end_id, *documents[one]] for one in batch]
        stream = Stream(columns, _EVALUATION_STEPS, _EVALUATION_STEPS)
        carried: Carried = ()
        for number in range(len(stream)):
            check()
            window = stream.loss(model, number, carried)
            carried = window.carried
            pieces = window.losses.split(window.lengths.tolist())
            for one, piece in zip(batch, pieces, strict=True):
                losses[one].append(piece)
    return [torch.cat(pieces) for pieces in losses]


def next_token_metrics(losses: Sequence[Tensor], unit: Unit) -> dict[str, float]:
    """Perplexity and mean loss in nats; where a token is a character, bits per character too."""
    mean = sum(float(loss.double().sum()) for loss in losses) / sum(map(len, losses))
    measured = {"perplexity": perplexity(mean), "loss": mean}
    if unit == "characters":
        measured["bits_per_character"] = mean / math.log(2)
    return measured


def with_ends(documents: Sequence[Document], vocabulary: Vocabulary) -> list[list[int]]:
    """The token numbers of each document, an end after the last."""
    return [[*vocabulary.encode(document.text), Vocabulary.end_id] for document in documents]


def perplexity(mean_loss: float) -> float:
    """The power of e to the mean loss in nats; infinite where that is beyond a float."""
    return math.exp(mean_loss) if mean_loss < 700 else math.inf


def describe(config: LanguageModelConfig, vocabulary_size: int) -> LanguageModelDescription:
    """The model that a configuration asks for."""
    return LanguageModelDescription(
        cell=CellSpec(config.cell, config.nonlinearity, config.reset_after),
        vocabulary_size=vocabulary_size,
        embedding_size=config.embedding_size,
        encoding=config.encoding,
        frozen=config.freeze_vectors,
        hidden_size=config.hidden_size,
        num_layers=config.num_layers,
        dropout=config.dropout,
        tied=config.tied,
    )


def make_task(
    config: LanguageModelConfig, dataset: Dataset[Document]
) -> tuple[LanguageModelTask, dict[str, Any]]:
    """The task, and what vocabulary.json holds."""
    vocabulary, vectors = text_vocabulary(config, [example.text for example in dataset.train])
    task = LanguageModelTask(config, dataset, vocabulary)
    begin_with(vectors, task.model.embedding, vocabulary)
    return task, {"text": vocabulary.to_json()}
