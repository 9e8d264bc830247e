"""The baselines of the language model, on the same split and tokens as the model."""

from __future__ import annotations

import math

from elman.baselines.kneser_ney import KneserNey, WittenBell
from elman.training.shapes.contract import Rivals
from elman.training.shapes.language_model.task import LanguageModelTask

_ORDER = {"words": 3, "characters": 6, "codepoints": 6}


def rivals(task: LanguageModelTask) -> Rivals:
    """Interpolated n-gram models, which score the same tokens of the same vocabulary."""
    order = _ORDER[task.config.unit]
    measured: Rivals = {}
    for name, model in [("Kneser-Ney", KneserNey()), ("Witten-Bell", WittenBell())]:
        model.fit(task.parts["train"], len(task.vocabulary), order)
        perplexity = model.perplexity(task.parts["test"])
        metrics = {"perplexity": perplexity, "loss": math.log(perplexity)}
        if task.config.unit == "characters":
            metrics["bits_per_character"] = math.log2(perplexity)
        measured[f"{name} {order}-gram"] = metrics
    return measured
