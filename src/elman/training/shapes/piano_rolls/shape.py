"""The language model over piano rolls, as a run sees it."""

from __future__ import annotations

from elman.models.description import PianoRollDescription
from elman.training.options import CellOptions, RollOptions
from elman.training.shapes.contract import ShapeParts
from elman.training.shapes.piano_rolls.config import PianoRollConfig, choose
from elman.training.shapes.piano_rolls.predictor import predictor
from elman.training.shapes.piano_rolls.report import report
from elman.training.shapes.piano_rolls.rivals import rivals
from elman.training.shapes.piano_rolls.task import make_task

PIANO_ROLLS = ShapeParts(
    name="language_model",
    reads="rolls",
    options=(RollOptions, CellOptions),
    config=PianoRollConfig,
    choose=choose,
    make_task=make_task,
    rivals=rivals,
    report=report,
    description=PianoRollDescription,
    predictor=predictor,
)
