"""The baseline of encoder and decoder, on the same split and tokens as the model."""

from __future__ import annotations

from elman.baselines.nearest import NearestText
from elman.training.shapes.contract import Rivals
from elman.training.shapes.writing.task import WritingTask


def rivals(task: WritingTask) -> Rivals:
    """The target of the training pair whose source is the most similar."""
    train, test = task.parts["train"], task.parts["test"]
    nearest = NearestText(task.writer.vocabulary.unit).fit(train.shown).nearest(test.shown)
    answers = [train.references[place] for place in nearest]
    return {"nearest training pair": task.measured(answers, "test")}
