"""One to many in music, as a run sees it; its measures are those of piano rolls."""

from __future__ import annotations

from elman.models.description import OneToRollDescription
from elman.training.options import CellOptions, NumberOptions, RollOptions
from elman.training.shapes.contract import ShapeParts
from elman.training.shapes.one_to_roll.config import OneToRollConfig, choose
from elman.training.shapes.one_to_roll.predictor import predictor
from elman.training.shapes.one_to_roll.task import make_task
from elman.training.shapes.piano_rolls.report import report
from elman.training.shapes.piano_rolls.rivals import rivals

ONE_TO_ROLL = ShapeParts(
    name="one_to_many",
    reads="rolls",
    options=(NumberOptions, RollOptions, CellOptions),
    config=OneToRollConfig,
    choose=choose,
    make_task=make_task,
    rivals=rivals,
    report=report,
    description=OneToRollDescription,
    predictor=predictor,
)
