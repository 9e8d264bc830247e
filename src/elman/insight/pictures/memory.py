"""How far back a network remembers, in pictures."""

from __future__ import annotations

from torch import Tensor

from elman.data.wording import counted
from elman.insight.explain import Explanation
from elman.insight.horizon import FADED, BehaviouralHorizon, GradientHorizon
from elman.insight.jacobians import Highway, StateJacobians
from elman.insight.pictures.kinds import Chapter, Lines, Map, Picture, file_name, numbers, points
from elman.insight.scale import Scale
from elman.insight.truncation import Truncation
from elman.pages.charts import Reference, Series
from elman.pages.matrix import Axis
from elman.pages.text import number, percentage

MOST_VALUES = 32


def memory_chapter(found: Explanation, behaviour: BehaviouralHorizon) -> Chapter:
    """How far back it remembers."""
    pictures: list[Picture] = [_behaviour(found.example.scale, behaviour)]
    more: list[Picture] = []
    for which, (one, fading) in enumerate(zip(found.jacobians, found.fading, strict=True)):
        shown = pictures if which == 0 else more
        shown += [_fading(one.place.name, fading), _jacobians(one)]
        if one.highway is not None:
            shown.append(_highways(one.place.name, one.lags, one.highway))
        more.append(_singular(one))
    if found.terms.truncation is not None:
        pictures.append(_truncation(found.terms.truncation))
    return Chapter(
        "memory",
        "How far back it remembers",
        _horizons(found, behaviour),
        tuple(pictures),
        tuple(more),
    )


def _horizons(found: Explanation, behaviour: BehaviouralHorizon) -> tuple[str, ...]:
    length = len(found.example.steps)
    moved = f"{percentage(behaviour.noticed)} of {found.example.scale.share}"
    if behaviour.horizon is None:
        told = [f"No single changed step moves {moved}."]
    else:
        told = [
            f"By behaviour: another step moves {moved} or more up to"
            f" {counted(behaviour.horizon, 'step')} before the last one (of {length - 1})."
        ]
    for one, fading in zip(found.jacobians, found.fading, strict=True):
        where = one.place.name
        if fading.horizon is None:
            told.append(f"By gradient, {where}: it never falls under 1 % of that at lag 0.")
        else:
            told.append(
                f"By gradient, {where}: it falls under 1 % of that at lag 0 at lag"
                f" {fading.horizon}."
            )
    return tuple(told)


def _behaviour(scale: Scale, behaviour: BehaviouralHorizon) -> Lines:
    lags = behaviour.lags.tolist()
    return Lines(
        "behaviour",
        scale.moving,
        "Look where the line of changed steps falls under the dotted one: what was further back,"
        " the answer does not notice.",
        (
            Series("one step changed", points(lags, behaviour.changed)),
            Series("only later steps shown", points(lags[1:], behaviour.hidden[1:])),
        ),
        "lag",
        (Reference("noticed", behaviour.noticed),),
    )


def _fading(place: str, fading: GradientHorizon) -> Lines:
    return Lines(
        file_name("fading", place),
        f"Gradient by the state, as a share of that at lag 0, {place}",
        "Look where the line crosses the dotted one, 1 %: that is how far back the losses teach.",
        (Series("∂L/∂h", points(fading.lags.tolist(), fading.shares)),),
        "lag",
        (Reference("1 %", FADED),),
        logarithmic=True,
    )


def _jacobians(found: StateJacobians) -> Lines:
    lags = found.lags.tolist()
    series = [Series("largest singular value", points(lags, found.norms))]
    look = (
        f"A straight line that falls is a gradient that vanishes, one that rises explodes; here a"
        f" step multiplies it by {number(found.factor, 3)} on the average."
    )
    if found.bound is not None:
        series.append(Series("bound γ‖R‖ a step", points(lags, found.bound)))
        look += " The bound lies above it, often far above."
    return Lines(
        file_name("jacobians", found.place.name),
        f"‖∂s_T/∂s_(T-lag)‖, {found.place.name}",
        look,
        tuple(series),
        "lag",
        logarithmic=True,
    )


def _highways(place: str, lags: Tensor, found: Highway) -> Lines:
    part, gate, ages = found.part, found.gate, lags.tolist()
    return Lines(
        file_name("highway", place),
        f"Two ways through time for {part}, {place}",
        f"Look which of the two lies higher at large lags: the product of {gate} is memory that no"
        " weight touches, the rest goes through R.",
        (
            Series(f"∂{part}/∂{part}, all ways", points(ages, found.whole)),
            Series(f"highway Π{gate}, its best unit", points(ages, found.past)),
            Series("through the weights", points(ages, found.through)),
        ),
        "lag",
        logarithmic=True,
    )


def _singular(found: StateJacobians) -> Map:
    count = min(MOST_VALUES, found.singular.shape[1])
    return Map(
        file_name("singular", found.place.name),
        f"Singular values of ∂s_T/∂s_(T-lag), {found.place.name}",
        "Look how many rows keep their colour to the right: so many directions of the state are"
        " remembered.",
        tuple(map(numbers, found.singular[:, :count].t())),
        Axis("singular value", tuple(str(rank + 1) for rank in range(count))),
        Axis("lag", tuple(map(str, found.lags.tolist()))),
        logarithmic=True,
    )


def _truncation(found: Truncation) -> Lines:
    windows = found.windows.tolist()
    return Lines(
        "truncation",
        "What truncated BPTT drops, as a share",
        "Look at which window the lines reach 0: a longer one buys nothing on this input.",
        (
            Series("of the gradient's norm", points(windows, found.dropped)),
            Series("of the norms of all terms", points(windows, found.share)),
        ),
        "steps that the gradient flows back",
    )
