"""What is learned: one of several labels, or a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from elman.data.arrays.labelled import ArrayDataset
from elman.data.examples import LabelledArray
from elman.data.texts.labels import is_number, is_whole, place
from elman.data.wording import in_all, listed, shown
from elman.errors import DataError
from elman.training.shapes.answers import Prediction, on_one_line
from elman.training.shapes.contract import Answer
from elman.training.shapes.many_to_one.task import label_metrics
from elman.training.task import Metric


class Goal(Protocol):
    """What a model is trained to say, how that is measured, and how it is told."""

    @property
    def outputs(self) -> int:
        """How many numbers the model answers with."""

    @property
    def metric(self) -> Metric:
        """Chooses the best generation."""

    def truth(self, examples: Sequence[LabelledArray], path: str) -> Tensor:
        """[examples] what the model should say.

        Raises:
            DataError: a label cannot be said; its place in the file is named.
        """

    def loss(self, scores: Tensor, truth: Tensor) -> Tensor:
        """The mean loss to descend, a scalar."""

    def metrics(self, scores: Tensor, truth: Tensor) -> dict[str, float]:
        """What the model's scores [examples, outputs] are worth, the headline first."""

    def answers(self, scores: Tensor) -> Sequence[Answer]:
        """The scores in words."""


@dataclass(frozen=True)
class ClassGoal:
    """One of several labels; cross-entropy in nats.

    Args:
        labels: in the order of the classes.
    """

    labels: tuple[str, ...]

    metric = Metric("accuracy", higher_is_better=True)

    @property
    def outputs(self) -> int:
        """A score for each label."""
        return len(self.labels)

    def truth(self, examples: Sequence[LabelledArray], path: str) -> Tensor:
        """[examples] the numbers of the labels (int64)."""
        numbers = {label: number for number, label in enumerate(self.labels)}
        strange = [one for one in examples if one.label not in numbers]
        if strange:
            raise DataError(
                f"The model has never learnt the label {shown(strange[0].label)}"
                f"{in_all(len(strange), 'such example')}.",
                where=place(path, strange[0]),
                expected=f"one of {listed(self.labels[:10])}",
                next_step="take it out, or train again with data that has this label",
            )
        return torch.tensor([numbers[one.label] for one in examples])

    def loss(self, scores: Tensor, truth: Tensor) -> Tensor:
        """Mean cross-entropy."""
        return cross_entropy(scores, truth)

    def metrics(self, scores: Tensor, truth: Tensor) -> dict[str, float]:
        """Accuracy, and the loss."""
        return label_metrics(torch.log_softmax(scores, 1), truth, self.labels, "class")

    def answers(self, scores: Tensor) -> Sequence[Answer]:
        """The labels with their probabilities."""
        rows = torch.softmax(scores, 1).tolist()
        return [Prediction.likeliest(self.labels, row) for row in rows]


@dataclass(frozen=True)
class NumberGoal:
    """A number; the squared error of the number scaled as the training part's are.

    Args:
        mean: of the training part's numbers.
        deviation: of the same; more than 0.
    """

    mean: float
    deviation: float

    outputs = 1
    metric = Metric("mean_absolute_error", higher_is_better=False)

    def truth(self, examples: Sequence[LabelledArray], path: str) -> Tensor:
        """[examples] the numbers (float64)."""
        odd = [one for one in examples if not is_number(one.label)]
        if odd:
            raise DataError(
                f"The label {shown(odd[0].label)} is no number{in_all(len(odd), 'such example')}.",
                where=place(path, odd[0]),
                expected="a number such as 2.5, as the model tells numbers",
                next_step="correct it, or take it out",
            )
        return torch.tensor([float(one.label) for one in examples], dtype=torch.float64)

    def loss(self, scores: Tensor, truth: Tensor) -> Tensor:
        """Mean squared error of the scaled numbers."""
        scaled = (truth - self.mean) / self.deviation
        return (scores[:, 0] - scaled.to(scores.dtype)).square().mean()

    def numbers(self, scores: Tensor) -> Tensor:
        """[examples] the numbers that scores [examples, 1] stand for (float64)."""
        return scores[:, 0].double() * self.deviation + self.mean

    def metrics(self, scores: Tensor, truth: Tensor) -> dict[str, float]:
        """Mean absolute error, R² = 1 - Σ (y - y')² / Σ (y - mean y)², and the loss."""
        measured = number_metrics(self.numbers(scores), truth)
        return measured | {"loss": float(self.loss(scores, truth))}

    def answers(self, scores: Tensor) -> Sequence[Answer]:
        """The numbers."""
        return [NumberAnswer(number) for number in self.numbers(scores).tolist()]


@dataclass(frozen=True)
class NumberAnswer:
    """A number, told."""

    number: float

    def line(self, top: int, item: str | None) -> str:
        """The number, and the item after a tab."""
        said = f"{self.number:.6g}"
        return said if item is None else f"{said}\t{on_one_line(item)}"

    def facts(self, top: int) -> dict[str, Any]:
        """The number."""
        return {"number": self.number}


def number_metrics(answers: Tensor, truth: Tensor) -> dict[str, float]:
    """Mean absolute error and R² of numbers [examples]; R² of a constant truth is NaN."""
    errors = answers - truth
    spread = (truth - truth.mean()).square().sum()
    return {
        "mean_absolute_error": float(errors.abs().mean()),
        "r_squared": float(1 - errors.square().sum() / spread) if spread > 0 else float("nan"),
    }


def goal_of(dataset: ArrayDataset) -> ClassGoal | NumberGoal:
    """What the labels of a training part ask for."""
    labels = [one.label for one in dataset.train]
    if dataset.target == "number":
        numbers = torch.tensor([float(label) for label in labels], dtype=torch.float64)
        deviation, mean = torch.std_mean(numbers, correction=0)
        return NumberGoal(float(mean), float(deviation) or 1.0)
    different = set(labels)
    whole = all(map(is_whole, different))
    return ClassGoal(tuple(sorted(different, key=int) if whole else sorted(different)))
