"""The language model, as a run sees it."""

from __future__ import annotations

from elman.models.description import LanguageModelDescription
from elman.training.options import CellOptions, EncodingOptions, TextOptions
from elman.training.shapes.contract import ShapeParts
from elman.training.shapes.language_model.config import LanguageModelConfig, choose
from elman.training.shapes.language_model.options import LanguageModelOptions
from elman.training.shapes.language_model.predictor import predictor
from elman.training.shapes.language_model.report import report
from elman.training.shapes.language_model.rivals import rivals
from elman.training.shapes.language_model.task import make_task

LANGUAGE_MODEL = ShapeParts(
    name="language_model",
    options=(TextOptions, EncodingOptions, CellOptions, LanguageModelOptions),
    config=LanguageModelConfig,
    choose=choose,
    make_task=make_task,
    rivals=rivals,
    report=report,
    description=LanguageModelDescription,
    predictor=predictor,
)
