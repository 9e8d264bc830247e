"""The baselines of many to one, on the same split and tokens as the model."""

from __future__ import annotations

import math

import torch

from elman.baselines.majority import majority_class
from elman.baselines.ngram_classifier import NgramClassifier
from elman.training.shapes.contract import Rivals
from elman.training.shapes.many_to_one.task import ManyToOneTask


def rivals(task: ManyToOneTask) -> Rivals:
    """The majority class, and logistic regression on a bag of n-grams."""
    train, test = task.parts["train"], task.parts["test"]
    labels = train.labels.tolist()
    answer = majority_class(labels)
    always = torch.full((len(test.labels), len(task.labels)), -math.inf)
    always[:, answer] = 0.0
    constant = task.metrics(always, "test")
    del constant["loss"]  # it is sure of itself, and infinitely wrong where it is wrong
    ngrams = NgramClassifier().fit(
        [example.text for example in train.examples],
        labels,
        len(task.labels),
        task.config.unit,
        task.config.seed,
    )
    texts = [example.text for example in test.examples]
    return {
        "majority class": constant,
        "n-grams + logistic regression": task.metrics(ngrams.log_probabilities(texts), "test"),
    }
