"""The baseline of one to many, on the same split and tokens as the model."""

from __future__ import annotations

from elman.baselines.nearest import nearest_vectors
from elman.training.shapes.contract import Rivals
from elman.training.shapes.one_to_many.task import stacked
from elman.training.shapes.writing.task import WritingTask


def rivals(task: WritingTask) -> Rivals:
    """The text of the training example whose numbers are the nearest."""
    train, test = task.parts["train"], task.parts["test"]
    known, asked = (stacked(part.inputs).double().flatten(1) for part in (train, test))
    answers = [train.references[place] for place in nearest_vectors(known, asked)]
    return {"nearest training pair": task.measured(answers, "test")}
