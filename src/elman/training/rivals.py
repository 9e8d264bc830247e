"""The baselines of each shape, on the same split and tokens as the model."""

from __future__ import annotations

import math

import torch

from elman.baselines.kneser_ney import KneserNey, WittenBell
from elman.baselines.majority import majority_class
from elman.baselines.ngram_classifier import NgramClassifier
from elman.training.language_model import LanguageModelTask
from elman.training.many_to_one import ManyToOneTask

_ORDER = {"words": 3, "characters": 6}

Rivals = dict[str, dict[str, float]]


def many_to_one_rivals(task: ManyToOneTask) -> Rivals:
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


def language_model_rivals(task: LanguageModelTask) -> Rivals:
    """Interpolated n-gram models, which score the same tokens of the same vocabulary."""
    order = _ORDER[task.config.unit]
    rivals: Rivals = {}
    for name, model in [("Kneser-Ney", KneserNey()), ("Witten-Bell", WittenBell())]:
        model.fit(task.parts["train"], len(task.vocabulary), order)
        perplexity = model.perplexity(task.parts["test"])
        measured = {"perplexity": perplexity, "loss": math.log(perplexity)}
        if task.config.unit == "characters":
            measured["bits_per_character"] = math.log2(perplexity)
        rivals[f"{name} {order}-gram"] = measured
    return rivals
