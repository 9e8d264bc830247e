"""What models that read numbers learn to say, how it is measured, and what their files hold."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
import torch

from elman.data.arrays.labelled import ArrayDataset, TableForm
from elman.data.examples import LabelledArray
from elman.data.files.images import ImageForm
from elman.data.files.mel import SoundForm
from elman.errors import CorruptRunError, DataError
from elman.training.shapes.arrays.content import content_for, read_content
from elman.training.shapes.arrays.goals import ClassGoal, NumberGoal, goal_of, number_metrics
from elman.training.shapes.arrays.rivals import features


def labelled(*labels: str) -> tuple[LabelledArray, ...]:
    values = np.zeros(2, dtype=np.float32)
    return tuple(LabelledArray(values, label, row) for row, label in enumerate(labels, 2))


def dataset(target: Any, *labels: str) -> ArrayDataset:
    train = labelled(*labels)
    return ArrayDataset(
        "a.csv", "one_to_one", "", target, train, train, train, "", "", (), form=TableForm(("x",))
    )


def test_labels_stand_in_the_order_of_their_numbers_or_names() -> None:
    assert goal_of(dataset("class", "10", "9", "10")) == ClassGoal(("9", "10"))
    assert goal_of(dataset("class", "b", "10", "a")) == ClassGoal(("10", "a", "b"))


def test_a_number_is_scaled_as_the_training_part_is() -> None:
    goal = goal_of(dataset("number", "1", "3", "8"))
    assert isinstance(goal, NumberGoal)
    assert (goal.mean, goal.deviation) == pytest.approx((4, math.sqrt(26 / 3)))
    truth = goal.truth(labelled("1", "3"), "a.csv")
    exact = ((truth - goal.mean) / goal.deviation).float()[:, None]
    assert float(goal.loss(exact, truth)) == pytest.approx(0, abs=1e-12)
    assert goal.numbers(exact).tolist() == pytest.approx([1, 3])
    assert float(goal.loss(exact + 2, truth)) == pytest.approx(4, rel=1e-6)


def test_errors_of_numbers_are_those_of_the_formulas() -> None:
    truth = torch.tensor([1.0, 2.0, 6.0])
    measured = number_metrics(torch.tensor([2.0, 2.0, 4.0]), truth)
    assert measured["mean_absolute_error"] == 1
    # R² = 1 - (1 + 0 + 4) / ((1 - 3)² + (2 - 3)² + (6 - 3)²)
    assert measured["r_squared"] == pytest.approx(1 - 5 / 14)
    assert math.isnan(number_metrics(truth, torch.ones(3))["r_squared"])


def test_answers_are_told() -> None:
    (answer,) = ClassGoal(("a", "b")).answers(torch.tensor([[0.0, math.log(3)]]))
    assert answer.line(2, "x.png") == "b\t0.750\ta\t0.250\tx.png"
    (answer,) = NumberGoal(10.0, 2.0).answers(torch.tensor([[0.5]]))
    assert answer.line(1, "x\ty") == "11\tx\\ty"
    assert answer.line(1, None) == "11"
    assert answer.facts(1) == {"number": 11.0}


def test_labels_that_were_never_learnt_are_named() -> None:
    with pytest.raises(DataError, match=r"never learnt the label 'c' \(2 such examples") as caught:
        ClassGoal(("a", "b")).truth(labelled("a", "c", "c"), "test.csv")
    assert caught.value.where == "test.csv:3"
    with pytest.raises(DataError, match="'c' is no number") as caught:
        NumberGoal(0.0, 1.0).truth(labelled("1", "c"), "test.csv")
    assert caught.value.where == "test.csv:3"


def test_rivals_see_all_numbers_where_lengths_are_equal_and_means_where_not() -> None:
    frames = torch.arange(6.0).view(3, 2)
    known, asked = features([frames, frames], [frames])
    assert known.shape == (2, 6)
    known, asked = features([frames, frames], [frames[:1]])
    assert known.tolist() == [[2, 3]] * 2
    assert asked.tolist() == [[0, 1]]


FORMS = [
    (ImageForm(4, 3, 3), False, 36),
    (ImageForm(4, 3, 3), True, 9),
    (SoundForm(8_000, 40), True, 40),
    (TableForm(("a", "b")), False, 2),
    (TableForm(("a", "b"), "rows", "id", "t"), True, 2),
    (TableForm(("a", "b"), "columns"), True, 1),
]


@pytest.mark.parametrize(("form", "frames", "size"), FORMS)
@pytest.mark.parametrize("goal", [ClassGoal(("a", "b")), NumberGoal(1.5, 0.25)])
def test_what_is_written_is_read_again(
    form: Any, frames: bool, size: int, goal: ClassGoal | NumberGoal
) -> None:
    written = json.dumps(content_for(goal, form, 7)).encode()
    content = read_content(written, size, goal.outputs, frames=frames)
    assert (content.form, content.goal, content.max_length) == (form, goal, 7)
    with pytest.raises(CorruptRunError, match="do not belong together"):
        read_content(written, size + 1, goal.outputs, frames=frames)
    with pytest.raises(CorruptRunError, match="do not belong together"):
        read_content(written, size, goal.outputs + 1, frames=frames)


FORGED: dict[str, dict[str, Any]] = {
    "a height of 0": {"form": {"kind": "image", "height": 0, "width": 1, "channels": 1}},
    "a huge image": {"form": {"kind": "image", "height": 1, "width": 10**9, "channels": 1}},
    "two channels": {"form": {"kind": "image", "height": 1, "width": 1, "channels": 2}},
    "another kind": {"form": {"kind": "pickle"}},
    "a rate of 1 Hz": {"form": {"kind": "sound", "rate": 1, "bands": 40}},
    "no columns": {"form": {"kind": "table", "names": []}},
    "a text for a size": {"form": {"kind": "image", "height": "1", "width": 1, "channels": 1}},
    "a label twice": {"labels": ["a", "a"]},
    "no labels": {"labels": []},
    "both": {"numbers": {"mean": 0.0, "deviation": 1.0}},
    "a deviation of 0": {"labels": [], "numbers": {"mean": 0.0, "deviation": 0.0}},
    "an unknown key": {"code": "import os"},
}


@pytest.mark.parametrize("change", FORGED.values(), ids=FORGED)
def test_forged_content_is_refused(change: dict[str, Any]) -> None:
    content = content_for(ClassGoal(("a", "b")), ImageForm(1, 1, 1)) | change
    with pytest.raises(CorruptRunError, match="does not describe a model"):
        read_content(json.dumps(content).encode(), 1, 2, frames=False)
