"""One to many, as a run sees it."""

from __future__ import annotations

from elman.models.description import OneToManyDescription
from elman.training.options import ArrayOptions, CellOptions, TokenOptions
from elman.training.shapes.contract import ShapeParts
from elman.training.shapes.one_to_many.config import OneToManyConfig, choose
from elman.training.shapes.one_to_many.predictor import predictor
from elman.training.shapes.one_to_many.rivals import rivals
from elman.training.shapes.one_to_many.task import make_task
from elman.training.shapes.writing.options import WritingOptions
from elman.training.shapes.writing.report import report

ONE_TO_MANY = ShapeParts(
    name="one_to_many",
    options=(ArrayOptions, TokenOptions, CellOptions, WritingOptions),
    config=OneToManyConfig,
    choose=choose,
    make_task=make_task,
    rivals=rivals,
    report=report,
    description=OneToManyDescription,
    predictor=predictor,
)
