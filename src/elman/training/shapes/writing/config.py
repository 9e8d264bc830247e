"""What shapes that write texts have in common in their configurations."""

from __future__ import annotations

import math
from typing import Any

from elman.data.texts.units import Unit
from elman.models.description import AttentionKind, Rate
from elman.training.choices import batch_size_for, epochs_for
from elman.training.config import RecurrentConfig, TrainingConfig
from elman.training.shapes.writing.options import Beams


class WritingConfig(RecurrentConfig):
    """Of a run of a model that writes."""

    target_unit: Unit
    attention: AttentionKind
    input_feeding: bool
    label_smoothing: Rate
    beams: Beams


def writing_choices(config: TrainingConfig, examples: int, unit: Unit) -> dict[str, Any]:
    """What is left open, chosen alike for every shape that writes.

    Args:
        config: of the run.
        examples: in the training part.
        unit: what a step of a target is.
    """
    batch_size = config.batch_size or batch_size_for(examples // 2)
    return {
        "target_unit": unit,
        "min_count": 2 if unit == "words" else 1,
        "hidden_size": 128,
        "input_feeding": False,
        "beams": 5,
        "batch_size": batch_size,
        "epochs": epochs_for(math.ceil(examples / batch_size), least=10),
    }
