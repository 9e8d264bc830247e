"""The numbers of a vector or matrix, written with one count of decimals for all of them."""

from __future__ import annotations

import math

from torch import Tensor

USUAL, MOST = 4, 12


def written(value: Tensor) -> list[list[str]]:
    """Rows of numbers as texts: exactly where four decimals are enough, else with four or more.

    Example:
        >>> import torch
        >>> written(torch.tensor([[0.5, -0.2]], dtype=torch.float64))
        [['0.5', '−0.2']]
        >>> written(torch.tensor([[1 / 3, 0.5]], dtype=torch.float64))
        [['0.3333', '0.5000']]
    """
    rows: list[list[float]] = value.tolist()
    decimals = _decimals([number for row in rows for number in row])
    return [[_one(number, decimals) for number in row] for row in rows]


def _decimals(numbers: list[float]) -> int:
    for decimals in range(1, USUAL + 1):
        if all(abs(number - round(number, decimals)) < 1e-12 for number in numbers):
            return decimals
    largest = max(map(abs, numbers))
    # Three digits of the largest, however small it is.
    return min(MOST, max(USUAL, 3 - math.ceil(math.log10(largest)))) if largest else USUAL


def _one(number: float, decimals: int) -> str:
    text = f"{number:.{decimals}f}"
    zero = not text.strip("-0.")
    return (text.lstrip("-") if zero else text).replace("-", "−")
