"""Small encoders and decoders, and the plain loops that they are held to."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import torch
from torch import Tensor

from elman.cells.spec import CellSpec
from elman.data.batches import ragged
from elman.data.examples import Dataset, TextPair
from elman.models.decoder import Reading
from elman.models.description import EncoderDecoderDescription
from elman.models.encoder_decoder import EncoderDecoder
from elman.models.search import Limits
from elman.training.shapes.encoder_decoder.config import EncoderDecoderConfig
from elman.training.shapes.encoder_decoder.task import make_task
from elman.training.shapes.writing.task import WritingTask

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


PAIRS: dict[str, Any] = {
    "data": "letters.csv", "shape": "encoder_decoder", "unit": "characters",
    "target_unit": "characters", "lowercase": False, "min_count": 1, "embedding_size": 3,
    "hidden_size": 4, "dropout": 0.0, "bidirectional": True, "attention": "general",
    "input_feeding": False, "copy_unknown": True, "beams": 2, "epochs": 3, "batch_size": 4,
    "learning_rate": 0.05, "weight_decay": 0.01, "label_smoothing": 0.0,
}  # fmt: skip


def pairs(count: int, first: int = 0) -> tuple[TextPair, ...]:
    """Texts of unequal length over three letters, to be written backwards."""
    texts = ["".join(word)[: 1 + n % 4] for n, word in enumerate(product("abc", repeat=4))]
    chosen = [texts[(7 * number + first) % len(texts)] for number in range(count)]
    return tuple(TextPair(text, text[::-1], row) for row, text in enumerate(chosen, first + 2))


def pair_data(**parts: Sequence[TextPair]) -> Dataset[TextPair]:
    given = {"train": pairs(14), "validation": pairs(6, 20), "test": pairs(5, 40)} | parts
    return Dataset(
        "letters.csv", "encoder_decoder", "two columns", "text", tuple(given["train"]),
        tuple(given["validation"]), tuple(given["test"]), "given files", "0" * 64, (),
    )  # fmt: skip


def pair_config(**changes: Any) -> EncoderDecoderConfig:
    return EncoderDecoderConfig.checked(PAIRS | changes)


def pair_task(
    data: Dataset[TextPair] | None = None, init_seed: int = 0, **changes: Any
) -> WritingTask:
    torch.manual_seed(init_seed)
    return make_task(pair_config(**changes), data or pair_data())[0]
