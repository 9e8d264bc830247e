"""Stuck gates, dead units and clipping, in pictures."""

from __future__ import annotations

from collections.abc import Sequence

from elman.insight.explain import Explanation
from elman.insight.health import Saturation
from elman.insight.optimisation import Optimisation
from elman.insight.pictures.kinds import Chapter, Lines, Picture, file_name, points
from elman.pages.charts import Series


def health_chapter(found: Explanation) -> Chapter:
    """Stuck gates, dead units, clipping, and what to do."""
    pictures: list[Picture] = []
    more: list[Picture] = []
    places = list(dict.fromkeys(one.place for one in found.saturation))
    for which, place in enumerate(places):
        mine = [one for one in found.saturation if one.place == place]
        (pictures if which == 0 else more).append(_saturated(place.name, mine))
    if found.optimisation is not None:
        pictures += _optimised(found.optimisation)
    dead = [
        f"{one.place.name.capitalize()}: {one.dead} of {one.units} relu units were 0 at every step."
        for one in found.dead
    ]
    told = found.advice or ("None of the numbers asks for a cure.",)
    return Chapter("health", "Health, and what to do", (*told, *dead), tuple(pictures), tuple(more))


def _saturated(place: str, gates: Sequence[Saturation]) -> Lines:
    return Lines(
        file_name("saturated", place),
        f"Units within 5 % of an end of their range, of 1, {place}",
        "Look for lines near 1: such a gate decides nothing any more, and hardly any gradient goes"
        " through it.",
        tuple(Series(one.gate, points(range(len(one.low)), one.low + one.high)) for one in gates),
        "step",
    )


def _optimised(found: Optimisation) -> list[Picture]:
    pairs = zip(found.updates, found.left, strict=False)
    left = [(update, norm) for update, norm in pairs if norm is not None]
    return [
        Lines(
            "gradient-norm",
            "Norm of the gradient in training",
            "Look for peaks before clipping that clipping cuts off.",
            (
                Series("before clipping", list(zip(found.updates, found.norms, strict=True))),
                *([Series("after clipping", left)] if left else []),
            ),
            "update",
        ),
        Lines(
            "clipped",
            "Clipped updates, of 1",
            "Look whether it stays near 1: then the threshold decides the length of the steps.",
            (Series("clipped", list(zip(found.updates, found.clipped, strict=True))),),
            "update",
        ),
    ]
