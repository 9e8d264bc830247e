"""The baselines of models that read numbers, on the same split."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from elman.baselines.linear import LinearRegression
from elman.baselines.majority import majority_class
from elman.baselines.nearest_centroid import NearestCentroid
from elman.training.shapes.arrays.goals import NumberGoal, number_metrics
from elman.training.shapes.arrays.task import ArrayTask
from elman.training.shapes.contract import Rivals


def rivals(task: ArrayTask) -> Rivals:
    """Of labels the majority class and the nearest centroid; of numbers their mean and a line."""
    train, test = task.parts["train"], task.parts["test"]
    known, asked = features(train.values, test.values)
    if isinstance(task.goal, NumberGoal):
        constant = torch.full_like(test.truth, task.goal.mean)
        line = LinearRegression().fit(known, train.truth)
        return {
            "mean": number_metrics(constant, test.truth),
            "linear regression": number_metrics(line.answers(asked), test.truth),
        }
    answer = majority_class(train.truth.tolist())
    nearest = NearestCentroid().fit(known, train.truth).answers(asked)
    return {
        "majority class": {"accuracy": _share(test.truth == answer)},
        "nearest centroid": {"accuracy": _share(test.truth == nearest)},
    }


def features(train: Sequence[Tensor], test: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """One vector an example: all of its numbers, or where lengths differ their mean over the steps.

    Args:
        train: values of the training part.
        test: values of the test part.

    Returns:
        [examples, F] of either part.
    """
    if len({one.shape for one in (*train, *test)}) == 1:
        return torch.stack(list(train)).flatten(1), torch.stack(list(test)).flatten(1)
    known, asked = (torch.stack([one.mean(0) for one in part]) for part in (train, test))
    return known, asked


def _share(right: Tensor) -> float:
    return float(right.double().mean())
