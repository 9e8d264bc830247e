"""What a trained forecaster remembers of its data: scaling, and where each series ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Self

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field, model_validator

from elman.data.examples import Series
from elman.data.options import Transform
from elman.data.series.clock import Clock
from elman.data.series.columns import SeriesWishes
from elman.data.series.scaling import SeriesScaling
from elman.data.series.time_split import SeriesDataset
from elman.training.shapes.forecaster.metrics import Yardsticks

_Finite = Annotated[float, Field(allow_inf_nan=False)]
_Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_Stamp = Annotated[int, Field(ge=-(2**55), le=2**55)]


class _Content(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class SeriesMemory(_Content):
    """Of one series: its scaling, its yardsticks, and its last steps."""

    name: str
    mean: _Finite
    deviation: _Positive
    naive: _Positive | None
    spread: _Positive
    stamps: list[_Stamp]
    values: list[_Finite | None]
    known: list[list[_Finite]]

    @model_validator(mode="after")
    def _steps_agree(self) -> Self:
        if not len(self.stamps) == len(self.values) <= len(self.known) or self.values[0] is None:
            raise ValueError("stamps, values and known: not of the same steps")
        return self

    def series(self) -> Series:
        """The last steps."""
        values = [np.nan if value is None else value for value in self.values]
        known = np.array(self.known, dtype=np.float64).reshape(len(self.known), -1)
        stamps = np.array(self.stamps, dtype=np.int64)
        return Series(self.name, stamps, np.array(values), known, np.zeros(len(stamps), np.int64))


class Memory(_Content):
    """The content of vocabulary.json."""

    series: Annotated[list[SeriesMemory], Field(min_length=1)]
    clock: Clock
    columns: SeriesWishes
    transform: Transform
    known: list[str]
    known_mean: list[_Finite]
    known_deviation: list[_Positive]

    @model_validator(mode="after")
    def _covariates_agree(self) -> Self:
        widths = {len(step) for one in self.series for step in one.known}
        widths |= {len(self.known), len(self.known_mean), len(self.known_deviation)}
        if len(widths) > 1:
            raise ValueError("known: not the same covariates everywhere")
        if self.clock.step < 1:
            raise ValueError("clock: a step goes forward")
        return self

    def scaling_and_yardsticks(self, series: Sequence[Series]) -> tuple[SeriesScaling, Yardsticks]:
        """Those of series by their names; what was never seen is scaled by its own values."""
        by_name = {one.name: one for one in self.series}
        own_scaling, own_yardsticks = (
            SeriesScaling.fit(series, self.transform),
            Yardsticks.of(series),
        )
        rows = []
        for number, one in enumerate(series):
            seen = by_name.get(one.name)
            rows.append(
                [float(part[number]) for part in (
                    own_scaling.mean, own_scaling.deviation, own_yardsticks.naive,
                    own_yardsticks.deviation,
                )]
                if seen is None
                else [seen.mean, seen.deviation, seen.naive or float("nan"), seen.spread]
            )  # fmt: skip
        mean, deviation, naive, spread = torch.tensor(rows, dtype=torch.float64).unbind(1)
        known = (torch.tensor(part).double() for part in (self.known_mean, self.known_deviation))
        return SeriesScaling(self.transform, mean, deviation, *known), Yardsticks(naive, spread)


def remembered(
    series: Sequence[Series],
    scaling: SeriesScaling,
    yardsticks: Yardsticks,
    dataset: SeriesDataset,
    look_back: int,
) -> dict[str, Any]:
    """What vocabulary.json holds.

    Args:
        series: whole, all parts.
        scaling: of the training part.
        yardsticks: of the training part.
        dataset: they come from.
        look_back: steps that a forecast is made from.
    """
    memories = []
    for number, one in enumerate(series):
        first = _first_kept(one, look_back)
        naive = float(yardsticks.naive[number])
        values = one.values[first:].tolist()
        memories.append(
            SeriesMemory(
                name=one.name,
                mean=float(scaling.mean[number]),
                deviation=float(scaling.deviation[number]),
                naive=naive if naive == naive else None,
                spread=float(yardsticks.deviation[number]),
                stamps=one.stamps[first:].tolist(),
                values=[None if value != value else value for value in values],
                known=one.known[first:].tolist(),
            )
        )
    return Memory(
        series=memories,
        clock=dataset.clock,
        columns=dataset.columns,
        transform=scaling.transform,
        known=list(dataset.known),
        known_mean=scaling.known_mean.tolist(),
        known_deviation=scaling.known_deviation.tolist(),
    ).model_dump(mode="json")


def _first_kept(series: Series, look_back: int) -> int:
    """Where the steps to keep begin: at a value, so that gaps after it can be filled."""
    first = max(0, len(series) - look_back)
    while np.isnan(series.values[first]):
        first -= 1
    return first
