"""What is settled in the configuration of every shape that writes texts."""

from __future__ import annotations

from elman.data.tokens import Unit
from elman.models.description import AttentionKind, Rate
from elman.training.config import RecurrentConfig
from elman.training.shapes.writing.options import Beams


class WritingConfig(RecurrentConfig):
    """Of a run of a model that writes."""

    target_unit: Unit
    attention: AttentionKind
    input_feeding: bool
    label_smoothing: Rate
    beams: Beams
