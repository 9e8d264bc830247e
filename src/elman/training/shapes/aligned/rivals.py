"""The baseline of the aligned shape, on the same split and tokens as the model."""

from __future__ import annotations

from elman.baselines.most_frequent_tag import MostFrequentTag
from elman.training.shapes.aligned.scores import tag_metrics
from elman.training.shapes.aligned.task import AlignedTask
from elman.training.shapes.contract import Rivals


def rivals(task: AlignedTask) -> Rivals:
    """Each token's most frequent tag."""
    train, test = task.examples["train"], task.examples["test"]
    counted = MostFrequentTag().fit((one.tokens, one.tags) for one in train)
    truth = [one.tags for one in test]
    said = [counted.tags(one.tokens) for one in test]
    return {"most frequent tag": tag_metrics(truth, said, task.config.scheme)}
