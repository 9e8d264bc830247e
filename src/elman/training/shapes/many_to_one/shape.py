"""Many to one, as a run sees it."""

from __future__ import annotations

from elman.models.description import ManyToOneDescription
from elman.training.options import (
    CellOptions,
    DirectionOptions,
    EncodingOptions,
    LabelOptions,
    TextOptions,
)
from elman.training.shapes.contract import ShapeParts
from elman.training.shapes.many_to_one.config import ManyToOneConfig, choose
from elman.training.shapes.many_to_one.options import ManyToOneOptions
from elman.training.shapes.many_to_one.predictor import predictor
from elman.training.shapes.many_to_one.report import report
from elman.training.shapes.many_to_one.rivals import rivals
from elman.training.shapes.many_to_one.task import make_task

MANY_TO_ONE = ShapeParts(
    name="many_to_one",
    options=(
        TextOptions,
        EncodingOptions,
        LabelOptions,
        CellOptions,
        DirectionOptions,
        ManyToOneOptions,
    ),
    config=ManyToOneConfig,
    choose=choose,
    make_task=make_task,
    rivals=rivals,
    report=report,
    description=ManyToOneDescription,
    predictor=predictor,
)
