"""One to one, as a run sees it."""

from __future__ import annotations

import math
from typing import Any

import torch

from elman.data.arrays.labelled import ArrayDataset
from elman.data.files.images import ImageForm
from elman.models.description import OneToOneDescription
from elman.models.one_to_one import OneToOne
from elman.training.options import ArrayOptions, LabelOptions, LayerOptions, NumberOptions
from elman.training.shapes.arrays.content import content_for, read_content
from elman.training.shapes.arrays.goals import goal_of
from elman.training.shapes.arrays.predictor import ArrayPredictor
from elman.training.shapes.arrays.report import report
from elman.training.shapes.arrays.rivals import rivals
from elman.training.shapes.arrays.task import VALUES, ArrayTask
from elman.training.shapes.contract import ShapeParts
from elman.training.shapes.model_file import restored
from elman.training.shapes.one_to_one.config import OneToOneConfig, choose


def make_task(config: OneToOneConfig, dataset: ArrayDataset) -> tuple[ArrayTask, dict[str, Any]]:
    """The task, and what vocabulary.json holds."""
    goal = goal_of(dataset)
    model = OneToOne(
        OneToOneDescription(
            features=dataset.train[0].values.shape,
            outputs=goal.outputs,
            hidden_size=config.hidden_size,
            num_layers=config.num_layers,
            dropout=config.dropout,
        )
    )
    model.scaling.fit(torch.stack(VALUES.tensors(dataset.train)))
    image = isinstance(dataset.form, ImageForm)
    summary = f"{'convolutions and ' * image}{config.num_layers} x {config.hidden_size} units"
    task = ArrayTask(config, dataset, goal, model, VALUES, f"feed-forward, {summary}")
    return task, content_for(goal, dataset.form)


def predictor(
    description: OneToOneDescription, vocabulary: bytes, weights: bytes
) -> ArrayPredictor:
    """The model of a generation's files.

    Raises:
        CorruptRunError: the files are damaged, or do not belong together.
    """
    features = math.prod(description.features)
    content = read_content(vocabulary, features, description.outputs, frames=False)
    model = restored(lambda: OneToOne(description), weights)
    return ArrayPredictor(model, content.goal, content.form, VALUES)


ONE_TO_ONE = ShapeParts(
    name="one_to_one",
    options=(ArrayOptions, NumberOptions, LabelOptions, LayerOptions),
    config=OneToOneConfig,
    choose=choose,
    make_task=make_task,
    rivals=rivals,
    report=report,
    description=OneToOneDescription,
    predictor=predictor,
)
