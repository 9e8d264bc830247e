"""What a model attended to while it wrote, in pictures."""

from __future__ import annotations

from torch import Tensor

from elman.insight.example import Example
from elman.insight.pictures.kinds import Chapter, Map, file_name, numbers, visible
from elman.pages.matrix import Axis
from elman.pages.text import percentage

MOST_OPEN = 6
"""So many tokens have their maps of an image in sight; those of the others are folded away."""


def attention_chapter(example: Example, weights: Tensor, grid: tuple[int, int] | None) -> Chapter:
    """What was attended to.

    Args:
        example: with its decoding.
        weights: [M, S] of each token written.
        grid: rows and columns of the places, where they are an image's.
    """
    written = visible(example.written)
    most = float(weights.max(1).values.mean())
    told = (
        "At each step the decoder reads a weighted mean of what the encoder made of the input; the"
        f" weights of a step add up to 1. On the average the largest of them is {percentage(most)},"
        f" where even weights would be {percentage(1 / weights.shape[1])}.",
    )
    if grid is None:
        maps = [_alignment(written, visible(example.steps), weights)]
    else:
        maps = [_places(place, written[place], one, grid) for place, one in enumerate(weights)]
    return Chapter(
        "attention", "What it attended to", told, tuple(maps[:MOST_OPEN]), tuple(maps[MOST_OPEN:])
    )


def _alignment(written: tuple[str, ...], steps: tuple[str, ...], weights: Tensor) -> Map:
    return Map(
        "attention",
        "Weights of the attention",
        "Each row is a token written: its full cells are what was read for it. A diagonal goes"
        " along with the input, a row of one pale colour reads all of it alike.",
        tuple(map(numbers, weights)),
        Axis("token written", written),
        Axis("step of the input", steps),
    )


def _places(place: int, token: str, weights: Tensor, grid: tuple[int, int]) -> Map:
    down, across = grid
    return Map(
        file_name("attention", str(place + 1)),
        f"Weights for {token!r}, token {place + 1}",
        "The image from above: full cells are the places that were looked at for this token.",
        tuple(map(numbers, weights.view(down, across))),
        Axis("place from the top", tuple(str(row + 1) for row in range(down))),
        Axis("place from the left", tuple(str(column + 1) for column in range(across))),
        square=True,
    )
