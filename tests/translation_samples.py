"""Small encoders and decoders, and the plain loops that they are held to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from elman.cells.spec import CellSpec
from elman.data.batches import ragged
from elman.models.decoder import Reading
from elman.models.description import EncoderDecoderDescription
from elman.models.encoder_decoder import EncoderDecoder
from elman.models.search import Limits

SOURCES = [[3, 1, 4, 1, 5], [2], [1, 5, 0, 2, 6, 5, 3]]
TARGETS = [[2, 4], [3, 3, 0, 2, 1, 4], [5]]
END = 1
LIMITS = Limits(END, 9, {0})


def translator(seed: int = 0, sharpness: float = 3.0, **options: Any) -> EncoderDecoder:
    """An untrained model in double precision, in evaluation mode.

    `sharpness` spreads the weights, so that the likeliest token differs from step to step.
    """
    torch.manual_seed(seed)
    sizes: dict[str, Any] = {
        "cell": CellSpec("lstm"), "vocabulary_size": 8, "target_size": 6, "embedding_size": 4,
        "hidden_size": 3,
    }  # fmt: skip
    model = EncoderDecoder(EncoderDecoderDescription(**(sizes | options))).double()
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(sharpness)
    return model.eval()


def shifted(targets: Sequence[Sequence[int]]) -> list[list[int]]:
    """What the decoder reads: an end, then each target."""
    return [[END, *target] for target in targets]


@torch.no_grad()
def log_probabilities(model: EncoderDecoder, source: Sequence[int], written: list[int]) -> Tensor:
    """Of the next token [V] after what has been written, by reading all of it anew."""
    scores: Tensor = model(ragged([source]), ragged(shifted([written])))[-1]
    scores[list(LIMITS.banned)] = -torch.inf
    return scores.log_softmax(0)


def reading_of(model: EncoderDecoder, sources: Sequence[Sequence[int]]) -> Reading:
    with torch.no_grad():
        return model.encode(ragged(sources))
