"""What each step of the input did, in pictures."""

from __future__ import annotations

from torch import Tensor

from elman.insight.example import Seen
from elman.insight.explain import Explanation
from elman.insight.pictures.kinds import (
    Chapter,
    Columns,
    Lines,
    Map,
    Picture,
    numbers,
    points,
    visible,
)
from elman.pages.charts import Series
from elman.pages.matrix import Axis
from elman.pages.text import number, percentage


def input_chapter(found: Explanation) -> Chapter:
    """What the input did."""
    shares, example = found.attribution, found.example
    scale, step = example.scale, example.step
    (answer,) = visible([example.answer])
    hidden = f"the {step} is"
    if shares.together > 1:
        hidden = f"{shares.together} neighbouring {step}s are"
    if scale.ranks:
        says = f"these {step}s speak most for {answer!r}; below 0 they speak against it"
    else:
        says = f"these {step}s raise the {scale.score} most; below 0 they lower it"
    pictures: list[Picture] = [] if example.seen is None else [_seen(found, example.seen)]
    pictures += [
        _shared_out(
            found,
            "integrated-gradients",
            f"Integrated gradients ({scale.unit})",
            f"Look for the {'fullest' if example.grid else 'highest'}: {says}.",
            shares.integrated,
        ),
        _shared_out(
            found,
            "hidden-steps",
            f"Fall of the {scale.score} when {hidden} hidden ({scale.unit})",
            f"Look where this differs from the integrated gradients: there the {step}s only count"
            " together with others.",
            shares.hidden,
        ),
    ]
    told = (
        f"The {scale.score} of {answer!r} is {number(shares.score)}; of an input of the same"
        f" size that says nothing it is {number(shares.neutral)}. The integrated gradients"
        f" share the difference out among the {step}s and add up to it within"
        f" {percentage(shares.gap)} ({shares.points} points).",
    )
    return Chapter("input", f"What each {step} did for the answer", told, tuple(pictures))


def _shared_out(found: Explanation, name: str, title: str, look: str, values: Tensor) -> Picture:
    """A column for each step, or a place for each patch of an image."""
    example = found.example
    if example.grid is None:
        steps = visible(example.steps)
        return Columns(name, title, look, steps, numbers(values), label=example.step)
    down, across = example.grid
    return Map(
        name,
        title,
        look,
        tuple(map(numbers, values.view(down, across))),
        Axis("square from the top", tuple(str(row + 1) for row in range(down))),
        Axis("square from the left", tuple(str(column + 1) for column in range(across))),
        square=True,
    )


def _seen(found: Explanation, seen: Seen) -> Picture:
    if len(seen.values) > 1:
        return Map(
            "input",
            seen.title,
            "This is what is explained: look at it beside the pictures that follow.",
            tuple(map(numbers, seen.values)),
            seen.rows,
            seen.columns,
            square=found.example.grid is not None,
        )
    past, ahead = seen.values[0], [value for _, value in found.answers]
    return Lines(
        "input",
        seen.title,
        "The line up to 0 is what was looked back on, the one after it is what is explained.",
        (
            Series("past", points(range(1 - len(past), 1), past)),
            Series("forecast", list(zip(range(1, len(ahead) + 1), ahead, strict=True))),
        ),
        seen.columns.label,
    )
