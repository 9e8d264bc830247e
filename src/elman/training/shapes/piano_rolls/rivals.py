"""The baselines of a model of piano rolls, which foretell the same steps."""

from __future__ import annotations

from elman.baselines.key_frequencies import KeyFrequencies, KeyTransitions
from elman.training.shapes.contract import Rivals
from elman.training.shapes.piano_rolls.task import PianoRollTask, roll_metrics


def rivals(task: PianoRollTask) -> Rivals:
    """Each key by itself: how often it is down, and how often after what it was before."""
    train, test = task.parts["train"].frames, task.parts["test"].frames
    often, after = KeyFrequencies().fit(train), KeyTransitions().fit(train)
    return {
        "key frequencies": roll_metrics([often.losses(roll) for roll in test]),
        "key transitions": roll_metrics([after.losses(roll) for roll in test]),
    }
