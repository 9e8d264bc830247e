"""Aligned, as a run sees it."""

from __future__ import annotations

from elman.models.description import AlignedDescription
from elman.training.options import (
    CellOptions,
    DirectionOptions,
    EncodingOptions,
    LabelOptions,
    TextOptions,
)
from elman.training.shapes.aligned.config import AlignedConfig, choose
from elman.training.shapes.aligned.options import AlignedOptions
from elman.training.shapes.aligned.predictor import predictor
from elman.training.shapes.aligned.report import report
from elman.training.shapes.aligned.rivals import rivals
from elman.training.shapes.aligned.task import make_task
from elman.training.shapes.contract import ShapeParts

ALIGNED = ShapeParts(
    name="aligned",
    options=(
        TextOptions,
        EncodingOptions,
        LabelOptions,
        CellOptions,
        DirectionOptions,
        AlignedOptions,
    ),
    config=AlignedConfig,
    choose=choose,
    make_task=make_task,
    rivals=rivals,
    report=report,
    description=AlignedDescription,
    predictor=predictor,
)
