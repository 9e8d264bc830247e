"""A series, and the forecast of what comes next."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import pad

from elman.data.wording import listed, nearest, shown
from elman.errors import UsageError
from elman.insight.example import Example, Seen
from elman.insight.scale import Numbers
from elman.insight.subjects.items import is_file
from elman.insight.subjects.tokens import place_of
from elman.models.description import QUANTILES
from elman.pages.matrix import Axis
from elman.sequences import Ragged
from elman.training.shapes.forecaster.outputs import bands
from elman.training.shapes.forecaster.predictor import Past, SeriesPredictor


@torch.no_grad()
def forecast(predictor: SeriesPredictor, text: str, answer: str | None) -> Example:
    """A step is a segment of the past; in place of losses stand the forecasts of each step to come.

    What is to come is not known, and so its losses are not: the gradient of a forecast is that of
    its loss up to a factor.

    Args:
        predictor: of the run.
        text: a file of series, or the name of one of the run's own, whose first stands for "".
        answer: the time of the forecast that is explained; the first one when missing.

    Raises:
        DataError: the file cannot be used, or is too short.
        UsageError: there is no such series, file, or time.
    """
    past, named = _past(predictor, text)
    window, model = predictor.window(past), predictor.model
    about = model.description
    count = about.look_back // about.segment
    inputs = window.batch.past.view(count, about.segment)
    neutral = inputs.mean().expand(about.segment)
    chosen = 0 if answer is None else place_of(answer, window.ahead)

    def scaled(batch: Ragged) -> Tensor:
        """[B, H]; a shorter past is one whose beginning says nothing."""
        whole = [
            pad(one - neutral, (0, 0, count - len(one), 0)) + neutral for one in batch.to_list()
        ]
        rows = torch.stack(whole).flatten(1)
        known = window.batch.known.expand(len(rows), -1, -1)
        series = torch.full((len(rows),), window.number)
        return bands(model(rows, known, series), about.output)[..., len(QUANTILES) // 2]

    def answers(batch: Ragged) -> Tensor:
        return window.scaling.restored(scaled(batch), torch.zeros(len(batch), dtype=torch.int64))

    values = window.scaling.restored(window.batch.past, torch.zeros(1, dtype=torch.int64))
    return Example(
        text=named,
        steps=window.behind[:: about.segment],
        inputs=inputs,
        neutral=neutral,
        others=inputs,
        names=window.ahead,
        answers=answers,
        chosen=chosen,
        losses=lambda one: scaled(Ragged.from_list([one]))[0],
        at=(count - 1,) * about.horizon,
        loss="the forecast of each step to come, in scaled units",
        written=window.ahead,
        calls=model.recurrent.num_layers,
        scale=Numbers(window.spread, "forecast"),
        step="step" if about.segment == 1 else "segment",
        seen=Seen("The series, and its forecast", values, Axis("", ("value",)),
                  Axis(f"steps from {window.behind[-1]}", window.behind)),
    )  # fmt: skip


def _past(predictor: SeriesPredictor, text: str) -> tuple[Past, str]:
    """The series that is meant, and its name."""
    own = predictor.read((), None, None)
    if not text:
        return own[0], str(own[0])
    for one in own:
        if str(one) == text:
            return one, text
    if not is_file(text):
        near = nearest(text, [str(one) for one in own])
        raise UsageError(
            f"There is neither a series nor a file {shown(text)}.",
            where="the input",
            expected=f"a file, or one of the run's series: {listed([str(one) for one in own])}",
            next_step=f"elman explain RUN {near}" if near else "elman explain RUN",
        )
    found = predictor.read((), Path(text), None)
    more = f", the first of {len(found):,} in {Path(text).name}" if len(found) > 1 else ""
    return found[0], f"{found[0]}{more}"
