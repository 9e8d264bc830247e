"""The one-to-many task: vectors or images, and a text for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from elman.cells.spec import CellSpec
from elman.data.arrays.labelled import ArrayDataset, Form
from elman.data.examples import LabelledArray
from elman.data.files.images import ImageForm
from elman.data.texts.tokens import tokenise
from elman.data.texts.vocabulary import Vocabulary
from elman.models.description import OneToManyDescription
from elman.models.one_to_many import OneToMany
from elman.training.shapes.arrays.report import pictured
from elman.training.shapes.one_to_many.config import OneToManyConfig
from elman.training.shapes.one_to_many.content import Content
from elman.training.shapes.text import layers
from elman.training.shapes.writing.task import Examples, WritingTask, longest_text
from elman.training.shapes.writing.writer import Writer


def make_task(config: OneToManyConfig, dataset: ArrayDataset) -> tuple[WritingTask, dict[str, Any]]:
    """The task, and what vocabulary.json holds."""
    vocabulary = Vocabulary.build(
        [example.label for example in dataset.train],
        config.target_unit,
        config.lowercase,
        config.min_count,
        config.max_vocabulary,
    )
    form = dataset.form
    train = examples_of(dataset.train, vocabulary, form)
    longest = longest_text(train.targets)
    model = OneToMany(describe(config, dataset.train[0].values.shape, len(vocabulary)))
    model.fit(stacked(train.inputs))
    image = "convolutions, " if isinstance(form, ImageForm) else ""
    task = WritingTask(
        config,
        dataset.name,
        {
            "train": train,
            "validation": examples_of(dataset.validation, vocabulary, form),
            "test": examples_of(dataset.test, vocabulary, form),
        },
        Writer(model, stacked, vocabulary, longest),
        f"{image}{layers(config)}, {len(vocabulary):,} tokens",
    )
    content = Content(
        form=form,
        target=vocabulary.to_json(),
        longest=longest,
        beams=config.beams,
        length_penalty=config.length_penalty,
    )
    return task, content.model_dump(mode="json")


def examples_of(captioned: Sequence[LabelledArray], vocabulary: Vocabulary, form: Form) -> Examples:
    """Images or vectors as tensors, and their texts as numbers and as tokens."""
    return Examples(
        shown=[pictured(one, form) for one in captioned],
        inputs=[torch.tensor(one.values) for one in captioned],
        copies=None,
        targets=[vocabulary.encode(one.label) for one in captioned],
        references=[
            tokenise(one.label, vocabulary.unit, vocabulary.lowercase) for one in captioned
        ],
        rows=[one.row for one in captioned],
        item="Image" if isinstance(form, ImageForm) else "Numbers",
    )


def stacked(inputs: Sequence[Tensor]) -> Tensor:
    """A batch [B, ...] of images or vectors."""
    return torch.stack(list(inputs))


def describe(
    config: OneToManyConfig, features: tuple[int, ...], target_size: int
) -> OneToManyDescription:
    """The model that a configuration asks for."""
    return OneToManyDescription(
        cell=CellSpec(config.cell, config.nonlinearity, config.reset_after),
        features=features,
        target_size=target_size,
        embedding_size=config.embedding_size,
        hidden_size=config.hidden_size,
        num_layers=config.num_layers,
        dropout=config.dropout,
        attention=config.attention,
        input_feeding=config.input_feeding,
    )
