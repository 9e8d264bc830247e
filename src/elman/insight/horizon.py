"""How far back a network remembers, measured two ways: by its gradient, and by what it does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from elman.errors import UsageError
from elman.sequences import Ragged

FADED = 0.01
"""The gradient has faded where its norm is under this share of that at lag 0."""

NOTICED = 0.05
"""An answer has noticed a change that moves this much of its probability."""

MOST_LAGS = 48
MOST_STEPS = 2**15
"""How many steps are run at a time."""

Answers = Callable[[Ragged], Tensor]
"""Of a batch of inputs of recurrent layers: [B, K] the log-probabilities of K answers."""

Moved = Callable[[Tensor, Tensor], Tensor]
"""Of answers [..., K], and of what they were [K]: [...] how far they moved, 0 for not at all."""


def total_variation(found: Tensor, before: Tensor) -> Tensor:
    """How much probability moves between two answers, ½ Σ |p - q|, from their logarithms."""
    return (found.exp() - before.exp()).abs().sum(-1) / 2


@dataclass(frozen=True)
class GradientHorizon:
    """How the gradient fades with the age of a step.

    Attributes:
        lags: [n] ages in steps.
        shares: [n] the norm of ∂L/∂h at each age, as a share of that at age 0; the mean over the
            losses that reach so far back.
        horizon: the first age from which on all shares are under 1 %; None if there is none.
    """

    lags: Tensor
    shares: Tensor
    horizon: int | None


@dataclass(frozen=True)
class BehaviouralHorizon:
    """How far back the answer depends on what the input was.

    Attributes:
        lags: [n] ages in steps, from 0, the last step.
        changed: [n] how much of the answer's probability moves when the step of that age is
            another one (half the sum of all differences, 0 to 1); the mean over draws and inputs.
        hidden: [n] how much moves when the network is not shown the steps of that age and older.
        horizon: the largest age at which a changed step is noticed; None if none is.
        hidden_horizon: the largest age from which on it is noticed that the steps are not shown.
        noticed: how much must move to be noticed.
    """

    lags: Tensor
    changed: Tensor
    hidden: Tensor
    horizon: int | None
    hidden_horizon: int | None
    noticed: float


def gradient_horizon(norms: Tensor, at: Tensor, *, faded: float = FADED) -> GradientHorizon:
    """Where the gradient by the state has faded.

    Args:
        norms: [M, T] of ∂L_m/∂h_k, as in `StateGradient`.
        at: [M] the step of each loss.
        faded: the share under which it counts as gone.

    Example:
        >>> norms = torch.tensor([[1.0, 2.0, 0.0], [0.0078125, 0.5, 4.0]])
        >>> found = gradient_horizon(norms, torch.tensor([1, 2]))
        >>> found.shares.tolist(), found.horizon
        ([1.0, 0.3125, 0.001953125], 2)
    """
    found = []
    for lag in range(int(at.max()) + 1):
        reach = torch.nonzero(at >= lag).squeeze(1)
        own, old = norms[reach, at[reach]], norms[reach, at[reach] - lag]
        known = own > 0
        found.append(float((old[known] / own[known]).mean()) if known.any() else 0.0)
    shares = torch.tensor(found, dtype=torch.float64)
    alive = torch.nonzero(shares >= faded).flatten()
    first = int(alive[-1]) + 1 if len(alive) else 0
    lags = torch.arange(len(shares))
    return GradientHorizon(lags, shares, first if first < len(shares) else None)


@torch.no_grad()
def behavioural_horizon(
    answers: Answers,
    inputs: Sequence[Tensor],
    others: Tensor,
    *,
    moved: Moved = total_variation,
    draws: int = 4,
    seed: int = 0,
    noticed: float = NOTICED,
) -> BehaviouralHorizon:
    """Change and hide the steps of inputs, and see how far back the answer notices.

    Args:
        answers: the network's answer after the last step.
        inputs: what its recurrent layers read, [T, I] each, of one length.
        others: [V, I] what could stand at a step instead.
        moved: how far an answer moved; the probability that did, when missing.
        draws: how many of the others are tried at each step.
        seed: of the draws.
        noticed: how far the answer must move, as a share.

    Raises:
        UsageError: no input, or inputs of unequal lengths.

    Example:
        >>> def second_last(batch):  # an answer that is the last step but one
        ...     return torch.stack([x[-2 if len(x) > 1 else -1] for x in batch.to_list()]).log()
        >>> rows = torch.eye(3).clamp(min=1e-9)
        >>> found = behavioural_horizon(second_last, [rows[[0, 1, 2, 0, 1]]], rows)
        >>> found.horizon, found.hidden_horizon
        (1, 1)
    """
    if not inputs or len({len(one) for one in inputs}) > 1 or not len(inputs[0]):
        raise UsageError(
            f"The inputs have lengths {[len(one) for one in inputs]}.",
            where="behavioural_horizon(inputs)",
            expected="one input or more, of one length of 1 or more",
        )
    lags = spaced(len(inputs[0]))
    whole = answers(Ragged.from_list(list(inputs)))
    draw = torch.Generator().manual_seed(seed)
    changed, hidden = [], []
    for one, before in zip(inputs, whole, strict=True):
        variants = [_changed(one, lag, others, draw) for lag in lags for _ in range(draws)]
        distances = moved(_answers(answers, variants), before)
        changed.append(distances.view(len(lags), draws).mean(1))
        cut = [one[len(one) - lag :] for lag in lags if lag > 0]
        seen = moved(_answers(answers, cut), before) if cut else distances[:0]
        hidden.append(torch.cat([distances.new_ones(1), seen]))  # nothing is shown at lag 0
    found, unseen = torch.stack(changed).mean(0), torch.stack(hidden).mean(0)
    return BehaviouralHorizon(
        torch.tensor(lags), found, unseen, _last(lags, found >= noticed),
        _last(lags, unseen >= noticed), noticed,
    )  # fmt: skip


def spaced(steps: int) -> list[int]:
    """Ages from 0 to T - 1: all of them, or so many that are denser near 0."""
    if steps <= MOST_LAGS:
        return list(range(steps))
    far = torch.logspace(0, 1, MOST_LAGS, base=float(steps)).round().long() - 1
    near = torch.arange(MOST_LAGS // 3)
    return sorted({*near.tolist(), *far.tolist()})


def _changed(one: Tensor, lag: int, others: Tensor, draw: torch.Generator) -> Tensor:
    """The input with another step of that age."""
    place = len(one) - 1 - lag
    different = others[(others != one[place]).any(1)]
    if not len(different):
        return one
    pick = int(torch.randint(len(different), (), generator=draw))
    return torch.cat([one[:place], different[pick : pick + 1], one[place + 1 :]])


def _answers(answers: Answers, variants: Sequence[Tensor]) -> Tensor:
    """The answers to many inputs, a few at a time."""
    most = max(1, MOST_STEPS // max(len(one) for one in variants))
    chunks = [variants[first : first + most] for first in range(0, len(variants), most)]
    return torch.cat([answers(Ragged.from_list(chunk)) for chunk in chunks])


def _last(lags: Sequence[int], seen: Tensor) -> int | None:
    found = torch.nonzero(seen).flatten()
    return lags[int(found[-1])] if len(found) else None
