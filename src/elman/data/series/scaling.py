"""How the values of series become numbers of one size, and numbers become values again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elman.data.examples import Series
from elman.data.options import Transform
from elman.data.wording import in_all
from elman.errors import DataError

Numbers = NDArray[np.float64]

_POWERS: Final[dict[Transform, float]] = {"none": 1.0, "root": 0.5, "log": 0.0}
_BETTER: Final = 0.8
_LEAST_BLOCKS: Final = 4
_BLOCK: Final = 12


@dataclass(frozen=True)
class SeriesScaling:
    """z = (t(y) - mean) / deviation, for each series its own mean and deviation.

    Args:
        transform: t, which makes the spread of a series the same at all of its levels.
        mean, deviation: [S] of the transformed values.
        known_mean, known_deviation: [K] of the covariates, over all series.
    """

    transform: Transform
    mean: Tensor
    deviation: Tensor
    known_mean: Tensor
    known_deviation: Tensor

    @classmethod
    def fit(cls, series: Sequence[Series], transform: Transform) -> SeriesScaling:
        """The scaling of the training part; what never changes there is divided by 1.

        Args:
            series: of the training part.
            transform: one that all of their values have.
        """
        values = [transformed(one.values, transform) for one in series]
        known = np.concatenate([one.known[: len(one)] for one in series])
        return cls(
            transform,
            torch.tensor([float(np.nanmean(one)) for one in values], dtype=torch.float64),
            _deviations([float(np.nanstd(one)) for one in values]),
            torch.tensor(known.mean(0), dtype=torch.float64),
            _deviations(known.std(0)),
        )

    def scaled(self, values: Numbers, number: int) -> Tensor:
        """The values [T] of a series, given its number."""
        mean, deviation = self.mean[number], self.deviation[number]
        return (torch.from_numpy(transformed(values, self.transform)) - mean) / deviation

    def scaled_known(self, known: Numbers) -> Tensor:
        """Covariates [T, K]."""
        return (torch.from_numpy(known) - self.known_mean) / self.known_deviation

    def restored(self, scaled: Tensor, numbers: Tensor) -> Tensor:
        """Values in the units of the file.

        Args:
            scaled: [B, ...].
            numbers: [B] of the series.
        """
        shape = (-1, *(1 for _ in scaled.shape[1:]))
        mean, deviation = self.mean[numbers].view(shape), self.deviation[numbers].view(shape)
        values = scaled.double() * deviation + mean
        if self.transform == "root":
            return values.clamp(min=0).square()
        return values.exp() if self.transform == "log" else values


def transformed(values: Numbers, transform: Transform) -> Numbers:
    """The values, their square roots, or their logarithms."""
    if transform == "none":
        return values
    changed: Numbers = np.sqrt(values) if transform == "root" else np.log(values)
    return changed


def choose_transform(parts: Sequence[Sequence[Series]], season: int) -> tuple[Transform, str]:
    """The transform that makes the spread of series most alike at all levels, and why.

    Each series of the training part is cut into blocks of a season. Of a power p the spread within
    a block, divided by the level to the power of 1 - p, should be the same in all blocks; the one
    for which it varies least is taken, if it varies less by a fifth than that of the values
    themselves.

    Args:
        parts: the training part, and the others, of which only is asked whether their values have
            a root and a logarithm.
        season: in steps.

    Source: Guerrero (1993), "Time-series analysis supported by power transformations", section 3.
    """
    lowest = min(float(np.nanmin(one.values)) for part in parts for one in part if len(one))
    lowest_of: dict[Transform, bool] = {"none": True, "root": lowest >= 0, "log": lowest > 0}
    allowed = [name for name, fits in lowest_of.items() if fits]
    block = season if season > 1 else _BLOCK
    variation = {name: _variation(parts[0], block, _POWERS[name]) for name in allowed}
    best = min(allowed, key=lambda name: variation[name])
    if best == "none" or variation[best] > _BETTER * variation["none"]:
        return "none", "values as they are"
    word = {"root": "square root", "log": "logarithm"}[best]
    return best, f"the {word} of each value: the values spread more where they are higher"


def require_transform(series: Sequence[Series], transform: Transform, path: str) -> None:
    """Refuse values that a transform does not have.

    Raises:
        DataError: a negative value of which the root is wanted, or one that is not positive and of
            which the logarithm is.
    """
    if transform == "none":
        return
    for one in series:
        wrong = np.flatnonzero(one.values < 0 if transform == "root" else one.values <= 0)
        if len(wrong):
            first = wrong[0]
            word = "square root" if transform == "root" else "logarithm"
            raise DataError(
                f"The value {one.values[first]:g} of {one.name!r} has no {word}"
                f"{in_all(len(wrong), 'such row')}.",
                where=f"{path}:{one.rows[first]}",
                expected="values of 0 and more" if transform == "root" else "values above 0",
                next_step="correct the row, or train with --transform none",
            )


def _variation(series: Sequence[Series], block: int, power: float) -> float:
    """How much spread / level^(1 - power) varies over the blocks, in the mean over the series.

    Infinite where there are too few blocks to tell.
    """
    variations = []
    for one in series:
        values = one.values[len(one) % block :].reshape(-1, block)
        values = values[~np.isnan(values).any(1)]
        level, spread = values.mean(1), values.std(1)
        there = (level > 0) & (spread > 0) if power < 1 else spread > 0
        if there.sum() >= _LEAST_BLOCKS:
            ratio = spread[there] / np.abs(level[there]) ** (1 - power)
            variations.append(float(ratio.std() / ratio.mean()))
    return sum(variations) / len(variations) if variations else math.inf


def _deviations(values: Sequence[float] | Numbers) -> Tensor:
    return torch.tensor([float(value) or 1.0 for value in values], dtype=torch.float64)
