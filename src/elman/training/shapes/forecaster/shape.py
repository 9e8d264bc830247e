"""The forecaster, as a run sees it."""

from __future__ import annotations

from elman.models.description import ForecasterDescription
from elman.training.options import CellOptions, NumberOptions
from elman.training.shapes.contract import ShapeParts
from elman.training.shapes.forecaster.config import ForecasterConfig, choose
from elman.training.shapes.forecaster.options import ForecasterOptions
from elman.training.shapes.forecaster.predictor import predictor
from elman.training.shapes.forecaster.report import report
from elman.training.shapes.forecaster.rivals import rivals
from elman.training.shapes.forecaster.task import make_task

FORECASTER = ShapeParts(
    name="forecaster",
    options=(NumberOptions, CellOptions, ForecasterOptions),
    config=ForecasterConfig,
    choose=choose,
    make_task=make_task,
    rivals=rivals,
    report=report,
    description=ForecasterDescription,
    predictor=predictor,
)
