"""What was sampled while a model was trained, in pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence

from elman.insight.pictures.kinds import Chapter, Lines, Map, Picture, file_name
from elman.insight.place import Place
from elman.insight.watching import Sample
from elman.pages.charts import Series
from elman.pages.matrix import Axis
from elman.pages.text import number

VANISHED = 1e-3


def training_chapter(samples: Sequence[Sample]) -> Chapter:
    """The gradient by the state and the saturated gates, over the training."""
    pictures: list[Picture] = []
    more: list[Picture] = []
    told = []
    for which, place in enumerate(_places(samples)):
        mine = [one for one in samples if one.place == place]
        shown = pictures if which == 0 else more
        shown.append(_gradients(place, mine))
        if mine[0].saturated:
            shown.append(_saturated(place, mine))
        told.append(_sentence(place, mine[-1]))
    return Chapter("training", "While it was trained", tuple(told), tuple(pictures), tuple(more))


def _places(samples: Sequence[Sample]) -> list[Place]:
    """Each place once, from the bottom up."""
    return sorted({one.place for one in samples}, key=lambda place: (place.layer, place.reverse))


def _gradients(place: Place, samples: Sequence[Sample]) -> Map:
    longest = max(len(one.norms) for one in samples)
    rows = []
    for one in samples:
        read_last_first = one.norms.tolist() if place.reverse else one.norms.flip(0).tolist()
        rows.append(tuple(read_last_first + [math.nan] * (longest - len(read_last_first))))
    return Map(
        file_name("trained", place.name),
        f"‖∂L/∂h‖ of the longest sequence of a batch, {place.name}",
        "Read it from the top, the beginning of the training, down: look whether the colour comes"
        " to reach further to the right, to steps that were read long before the last one.",
        tuple(rows),
        Axis("call in training", tuple(str(one.call) for one in samples)),
        Axis("steps before the last one read", tuple(map(str, range(longest)))),
        logarithmic=True,
    )


def _saturated(place: Place, samples: Sequence[Sample]) -> Lines:
    return Lines(
        file_name("stuck", place.name),
        f"Units within 5 % of an end of their range, of 1, {place.name}",
        "Look for lines that climb towards 1: such a gate stops to decide anything.",
        tuple(
            Series(gate, [(one.call, one.saturated[gate]) for one in samples])
            for gate in samples[0].saturated
        ),
        "call in training",
    )


def _sentence(place: Place, last: Sample) -> str:
    norms = last.norms.flip(0) if place.reverse else last.norms
    share = float(norms[0] / norms[-1]) if norms[-1] > 0 else math.nan
    told = (
        f"{place.name.capitalize()}, at call {last.call} in training: the gradient by the state"
        f" {len(norms) - 1} steps before the last one is {number(share, 2)} of that at the last one"
    )
    return f"{told}: it vanishes." if share < VANISHED else f"{told}."
