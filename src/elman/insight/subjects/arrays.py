"""Numbers and what is told of them: frames, vectors and images."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor
from torch.nn.functional import log_softmax

from elman.data.examples import LabelledArray
from elman.data.wording import shown
from elman.insight.example import Example, Seen
from elman.insight.scale import LABELS, Numbers, Scale
from elman.insight.subjects.items import item_of
from elman.insight.subjects.still import still_of
from elman.insight.subjects.tokens import MOST_STEPS, place_of
from elman.models.many_to_one import ManyToOne
from elman.models.one_to_one import OneToOne
from elman.pages.matrix import Axis
from elman.sequences import Ragged
from elman.training.shapes.arrays.goals import ClassGoal, NumberGoal
from elman.training.shapes.arrays.predictor import ArrayPredictor

THE_NUMBER = "the number told"


@torch.no_grad()
def told(predictor: ArrayPredictor, text: str, answer: str | None) -> Example:
    """The loss is that of the answer; where a number is told, it is the number itself.

    Raises:
        DataError: the input cannot be read.
        UsageError: the model does not know the answer that was asked for.
    """
    item, named = item_of(predictor, text)
    if isinstance(predictor.model, ManyToOne):
        return _frames(predictor, item, named, answer)
    return _still(predictor, item, named, answer)


def _frames(
    predictor: ArrayPredictor, item: LabelledArray, named: str, answer: str | None
) -> Example:
    model = cast(ManyToOne, predictor.model)
    (values,) = predictor.reader.tensors([item])
    inputs = model.scaling(values[-MOST_STEPS:].to(model.scaling.mean.dtype))
    names, scale, answers = _goal(cast(ClassGoal | NumberGoal, predictor.goal), model.read)
    chosen = _chosen(answers(Ragged.from_list([inputs])), names, answer)
    steps = tuple(str(step + 1) for step in range(len(inputs)))

    def losses(one: Tensor) -> Tensor:
        asked = answers(Ragged.from_list([one]))[:, chosen]
        return -asked if scale.ranks else asked

    return Example(
        text=named,
        steps=steps,
        inputs=inputs,
        neutral=torch.zeros_like(inputs[0]),
        others=inputs,
        names=names,
        answers=answers,
        chosen=chosen,
        losses=losses,
        at=(len(inputs) - 1,),
        loss=f"the loss of the answer {shown(names[chosen])}" if scale.ranks else names[chosen],
        scale=scale,
        seen=_seen(inputs, steps),
    )


def _still(
    predictor: ArrayPredictor, item: LabelledArray, named: str, answer: str | None
) -> Example:
    model = cast(OneToOne, predictor.model)
    still = still_of(torch.tensor(item.values), predictor.form, model.scaling)
    names, scale, answers = _goal(
        cast(ClassGoal | NumberGoal, predictor.goal), lambda batch: model(still.whole(batch))
    )
    chosen = _chosen(answers(Ragged.from_list([still.parts])), names, answer)
    return Example(
        text=named,
        steps=still.names,
        inputs=still.parts,
        neutral=still.neutral,
        others=still.parts,
        names=names,
        answers=answers,
        chosen=chosen,
        losses=lambda one: answers(Ragged.from_list([one]))[:, chosen],
        at=(),
        loss="",
        calls=0,
        scale=scale,
        step=still.step,
        seen=still.seen,
        grid=still.grid,
    )


def _goal(
    goal: ClassGoal | NumberGoal, scores: Callable[[Ragged], Tensor]
) -> tuple[tuple[str, ...], Scale, Callable[[Ragged], Tensor]]:
    """The names of the answers, what they are, and the answers to a batch."""
    if isinstance(goal, ClassGoal):
        return goal.labels, LABELS, lambda batch: log_softmax(scores(batch), dim=1)
    return (
        (THE_NUMBER,),
        Numbers(goal.deviation, "number"),
        lambda batch: goal.numbers(scores(batch))[:, None],
    )


def _chosen(answers: Tensor, names: tuple[str, ...], answer: str | None) -> int:
    return int(answers[0].argmax()) if answer is None else place_of(answer, names)


def _seen(inputs: Tensor, steps: tuple[str, ...]) -> Seen | None:
    """The frames over time, where a frame has several numbers, the last of them above."""
    if inputs.shape[1] == 1:
        return None
    rows = tuple(str(row + 1) for row in reversed(range(inputs.shape[1])))
    return Seen(
        "The frames, in deviations from the mean of the training part",
        inputs.t().flip(0),
        Axis("number of the frame", rows),
        Axis("step", steps),
    )
