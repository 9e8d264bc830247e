"""A trained one-to-many model, ready to use."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import torch

from elman.data.arrays.items import read_array_items
from elman.data.arrays.labelled import Form
from elman.data.examples import LabelledArray
from elman.data.loading.captions import read_captioned
from elman.data.texts.vocabulary import Vocabulary
from elman.models.description import OneToManyDescription
from elman.models.one_to_many import OneToMany
from elman.models.search import Search
from elman.training.config import SettledConfig
from elman.training.shapes.arrays.content import features_of
from elman.training.shapes.contract import Metrics
from elman.training.shapes.model_file import content_of, require_sizes, restored
from elman.training.shapes.one_to_many.content import Content
from elman.training.shapes.one_to_many.task import examples_of, stacked
from elman.training.shapes.writing.answers import WrittenAnswer
from elman.training.shapes.writing.metrics import text_metrics
from elman.training.shapes.writing.task import mean_loss
from elman.training.shapes.writing.writer import Writer


class Captioner:
    """A trained one-to-many model.

    Args:
        writer: the model, with its weights and in evaluation mode, and what its tokens mean.
        form: what it reads.
        search: how its texts are looked for.
    """

    def __init__(self, writer: Writer, form: Form, search: Search) -> None:
        self.writer = writer
        self.model = writer.model
        self.form = form
        self.search = search

    def read(
        self, words: Sequence[str], file: Path | None, column: str | None
    ) -> Sequence[LabelledArray]:
        """Images by their paths, or numbers: the words, those of a file, or standard input."""
        return read_array_items(self.form, False, words, file, column)

    def predict(self, items: Sequence[LabelledArray]) -> list[WrittenAnswer]:
        """What is written for each item, in the order of the items."""
        inputs = [torch.tensor(item.values) for item in items]
        return [WrittenAnswer(ranked) for ranked in self.writer.write(inputs, self.search)]

    def evaluate(self, path: Path, config: SettledConfig) -> tuple[int, Metrics]:
        """How many examples a table has, and what the texts written for them are worth.

        Raises:
            DataError: it cannot be read, or has no texts.
        """
        items = read_captioned(path, self.form, config.target)
        data = examples_of(items, self.writer.vocabulary, self.form)
        ranked = self.writer.write(data.inputs, self.search)
        written = [texts[0].tokens for texts in ranked]
        metrics = text_metrics(written, data.references, self.writer.vocabulary.unit)
        return len(items), metrics | {"loss": mean_loss(self.writer, data)}


def predictor(description: OneToManyDescription, vocabulary: bytes, weights: bytes) -> Captioner:
    """The model of a generation's files.

    Raises:
        CorruptRunError: the files are damaged, or do not belong together.
    """
    words = content_of(Content, vocabulary, "vocabulary.json")
    targets = Vocabulary.from_json(words.target)
    require_sizes(
        {"tokens": len(targets), "features": features_of(words.form, frames=False)},
        {"tokens": description.target_size, "features": math.prod(description.features)},
    )
    model = restored(lambda: OneToMany(description), weights)
    search = Search(words.beams, words.length_penalty)
    return Captioner(Writer(model, stacked, targets, words.longest), words.form, search)
