"""What each step of the input did for an answer: integrated gradients, and hiding steps.

    IG_k = Σ_i (x_ki - b_i) ∫₀¹ ∂F/∂x_ki (b + α (x - b)) dα        F the answer's log-probability

b is a step that says nothing. Completeness: the IG_k add up to F(x) - F(b, ..., b). The integral is
taken by Gauss and Legendre's rule, at twice as many points as long as that sum is off.

Sources: Sundararajan, Taly, Yan (2017), "Axiomatic attribution for deep networks",
arXiv:1703.01365, equation 1 and proposition 1; hiding parts of the input: Zeiler, Fergus (2014),
arXiv:1311.2901, section 4.2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from elman.insight.horizon import MOST_STEPS
from elman.sequences import Ragged

POINTS = (32, 64, 128, 256)
CLOSE = 2e-3
"""A gap at which no more points are taken."""

MOST_HIDDEN = 128
"""How many runs with hidden steps there are; of a longer input, neighbours are hidden together."""

Score = Callable[[Ragged], Tensor]
"""Of a batch of inputs of recurrent layers: [B] the score of the answer that is explained."""


@dataclass(frozen=True)
class Attribution:
    """What each step did for the score of an answer.

    Attributes:
        score: of the input.
        neutral: of an input of the same length that says nothing.
        integrated: [T] integrated gradients.
        points: at how many points the gradient was taken.
        hidden: [T] how far the score falls when the step says nothing.
        together: how many neighbouring steps were hidden together, 1 for short inputs.
        gap: how far the integrated gradients are from adding up to score - neutral, as a share of
            the largest of the three numbers.
    """

    score: float
    neutral: float
    integrated: Tensor
    points: int
    hidden: Tensor
    together: int
    gap: float


def attribution(score: Score, x: Tensor, neutral: Tensor) -> Attribution:
    """Share a score out among the steps of an input.

    Args:
        score: of the answer; differentiable by the values of the batch.
        x: [T, I] what the recurrent layers read.
        neutral: [I] a step that says nothing.

    Example:
        >>> found = attribution(lambda batch: batch.sum().square().sum(1), torch.eye(2) * 3,
        ...     torch.zeros(2))
        >>> found.integrated.round(decimals=4).tolist(), found.hidden.tolist()
        ([9.0, 9.0], [9.0, 9.0])
        >>> found.gap < 1e-6
        True
    """
    nothing = neutral.expand_as(x)
    with torch.no_grad():
        full, empty = score(Ragged.from_list([x, nothing])).tolist()
    largest = max(abs(full), abs(empty), abs(full - empty), 1e-30)
    affordable = [points for points in POINTS if points * len(x) <= 2 * MOST_STEPS] or POINTS[:1]
    for points in affordable:
        integrated = _integrated(score, x, nothing, points)
        gap = abs(float(integrated.sum()) - (full - empty)) / largest
        if gap <= CLOSE:
            break
    hidden, together = _hidden(score, x, nothing, full)
    return Attribution(full, empty, integrated, points, hidden, together, gap)


def _integrated(score: Score, x: Tensor, nothing: Tensor, points: int) -> Tensor:
    places, weights = np.polynomial.legendre.leggauss(points)
    total = torch.zeros(x.shape, dtype=torch.float64)
    chunk = max(1, MOST_STEPS // len(x))
    for first in range(0, points, chunk):
        alphas = torch.as_tensor((places[first : first + chunk] + 1) / 2, dtype=x.dtype)
        way = nothing + alphas[:, None, None] * (x - nothing)  # [points, T, I]
        with torch.enable_grad():
            values = way.flatten(0, 1).detach().requires_grad_()
            found = score(Ragged(values, [len(x)] * len(way))).sum()
            (gradient,) = torch.autograd.grad(found, values)
        share = torch.as_tensor(weights[first : first + chunk] / 2)
        total += torch.einsum("p,pti->ti", share, gradient.view_as(way).double())
    return (total * (x - nothing).double()).sum(1)


@torch.no_grad()
def _hidden(score: Score, x: Tensor, nothing: Tensor, full: float) -> tuple[Tensor, int]:
    together = -(-len(x) // MOST_HIDDEN)
    number = torch.arange(len(x)) // together
    chunk = max(1, MOST_STEPS // len(x))
    falls = []
    for group in torch.arange(int(number[-1]) + 1).split(chunk):
        away = (number[None] == group[:, None])[..., None]
        batch = torch.where(away, nothing, x)
        falls.append(full - score(Ragged(batch.flatten(0, 1), [len(x)] * len(batch))))
    return torch.cat(falls)[number], together
