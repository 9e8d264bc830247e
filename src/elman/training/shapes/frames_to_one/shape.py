"""Many to one over frames, as a run sees it."""

from __future__ import annotations

from typing import Any

import torch

from elman.cells.spec import CellSpec
from elman.data.arrays.labelled import ArrayDataset
from elman.models.description import FramesToOneDescription
from elman.models.many_to_one import ManyToOne
from elman.training.options import (
    ArrayOptions,
    CellOptions,
    DirectionOptions,
    LabelOptions,
    NumberOptions,
)
from elman.training.shapes.arrays.content import content_for, read_content
from elman.training.shapes.arrays.goals import goal_of
from elman.training.shapes.arrays.predictor import ArrayPredictor
from elman.training.shapes.arrays.report import report
from elman.training.shapes.arrays.rivals import rivals
from elman.training.shapes.arrays.task import ArrayTask, frames
from elman.training.shapes.contract import ShapeParts
from elman.training.shapes.frames_to_one.config import FramesToOneConfig, choose
from elman.training.shapes.many_to_one.options import ManyToOneOptions
from elman.training.shapes.model_file import restored
from elman.training.shapes.text import layers


def make_task(config: FramesToOneConfig, dataset: ArrayDataset) -> tuple[ArrayTask, dict[str, Any]]:
    """The task, and what vocabulary.json holds."""
    goal, reader = goal_of(dataset), frames(config.max_length)
    values = reader.tensors(dataset.train)
    model = ManyToOne(
        FramesToOneDescription(
            cell=CellSpec(config.cell, config.nonlinearity, config.reset_after),
            frame_size=values[0].shape[1],
            outputs=goal.outputs,
            hidden_size=config.hidden_size,
            num_layers=config.num_layers,
            dropout=config.dropout,
            bidirectional=config.bidirectional,
            pooling=config.pooling,
        )
    )
    model.scaling.fit(torch.cat(values))
    summary = f"{layers(config)}, frames of {values[0].shape[1]} numbers"
    task = ArrayTask(config, dataset, goal, model, reader, summary)
    return task, content_for(goal, dataset.form, config.max_length)


def predictor(
    description: FramesToOneDescription, vocabulary: bytes, weights: bytes
) -> ArrayPredictor:
    """The model of a generation's files.

    Raises:
        CorruptRunError: the files are damaged, or do not belong together.
    """
    content = read_content(vocabulary, description.frame_size, description.outputs, frames=True)
    model = restored(lambda: ManyToOne(description), weights)
    return ArrayPredictor(model, content.goal, content.form, frames(content.max_length))


FRAMES_TO_ONE = ShapeParts(
    name="many_to_one",
    reads="frames",
    options=(
        ArrayOptions,
        NumberOptions,
        LabelOptions,
        CellOptions,
        DirectionOptions,
        ManyToOneOptions,
    ),
    config=FramesToOneConfig,
    choose=choose,
    make_task=make_task,
    rivals=rivals,
    report=report,
    description=FramesToOneDescription,
    predictor=predictor,
)
