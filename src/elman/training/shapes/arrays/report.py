"""What the report of a model that reads numbers shows: confusions, and examples in pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from elman.data.arrays.labelled import Form, TableForm
from elman.data.examples import LabelledArray
from elman.data.files.images import ImageForm
from elman.pages.bitmap import bitmap
from elman.pages.document import Section
from elman.pages.tables import table
from elman.pages.text import Html, fragment, number
from elman.training.shapes.arrays.goals import NumberGoal
from elman.training.shapes.arrays.task import ArrayTask
from elman.training.shapes.many_to_one.report import confusion, examples_right_and_wrong

_SHOWN = 6
_NUMBERS_SHOWN = 8


def report(task: ArrayTask) -> dict[str, Any]:
    """The fields of `ReportContent` that are this shape's own."""
    scores, test = task.scores("test", lambda: None), task.parts["test"]
    shown = [pictured(one, task.form) for one in test.examples]
    if isinstance(task.goal, NumberGoal):
        told = _best_and_worst(shown, test.truth, task.goal.numbers(scores))
        return {"sections": [Section("numbers", "Examples", told)]}
    predictions, labels = torch.log_softmax(scores, 1), task.goal.labels
    right, wrong = examples_right_and_wrong(shown, test.truth, labels, predictions)
    return {
        "confusion": confusion(test.truth, labels, predictions),
        "right": right,
        "wrong": wrong,
        "item": _item(task.form),
    }


def _item(form: Form) -> str:
    if isinstance(form, TableForm):
        return "Numbers"
    return "Image" if isinstance(form, ImageForm) else "Sound"


def _best_and_worst(shown: Sequence[str], truth: Tensor, told: Tensor) -> Html:
    """The examples whose numbers were told worst, and those told best."""
    errors = (told - truth).abs()
    order = torch.argsort(errors, descending=True, stable=True).tolist()

    def rows(places: Sequence[int]) -> list[list[str]]:
        columns = (truth, told, errors)
        return [[shown[one], *(number(float(each[one])) for each in columns)] for one in places]

    headings = ["Example", "Truth", "Told", "Error"]
    best = order[_SHOWN:][-_SHOWN:][::-1]
    return fragment(
        table("Told worst", headings, rows(order[:_SHOWN]), numeric=(1, 2, 3)),
        *([table("Told best", headings, rows(best), numeric=(1, 2, 3))] if best else []),
    )


def pictured(example: LabelledArray, form: Form) -> Html | str:
    """An example as one sees it: a picture, or its first numbers."""
    if isinstance(form, TableForm):
        flat = example.values.reshape(-1)[:_NUMBERS_SHOWN].tolist()
        rest = ", …" * (example.values.size > _NUMBERS_SHOWN)
        return f"{example}: " + ", ".join(number(one, 3) for one in flat) + rest
    return bitmap(str(example), _channels(example.values, form))


def _channels(values: np.ndarray, form: Form) -> list[list[list[int]]]:
    """Pixels from 0 to 255: of an image, or of a spectrogram, low sounds at the bottom."""
    if isinstance(form, ImageForm):
        if values.ndim == 2:  # read row by row
            values = values.reshape(form.height, form.width, form.channels).transpose(2, 0, 1)
        return values.tolist()  # type: ignore[no-any-return]
    low, high = float(values.min()), float(values.max())
    shades = (values - low) * (255 / (high - low or 1.0))
    return [np.rint(shades.T[::-1]).astype(int).tolist()]
