"""What truncated backpropagation through time drops, and how far its gradient turns away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from elman.insight.sums import Sums


@dataclass(frozen=True)
class Truncation:
    """The gradient of all recurrent weights together, without the terms of old steps.

    Attributes:
        windows: [W] how many steps the gradient of a loss flows back, its own step included.
        dropped: [W] the norm of what is dropped, as a share of the norm of the gradient.
        share: [W] the norms of the dropped terms, as a share of the norms of all terms.
        cosine: [W] of the angle between what is kept and the whole gradient.
    """

    windows: Tensor
    dropped: Tensor
    share: Tensor
    cosine: Tensor


def classes(steps: int) -> int:
    """How many classes of age there are: 0, 1, 2 to 3, 4 to 7 and so on.

    Example:
        >>> classes(1), classes(4), classes(5)
        (1, 3, 4)
    """
    return 1 + (steps - 1).bit_length()


def class_of(ages: Tensor) -> Tensor:
    """The class of each age: 0 for 0, and j for 2^(j-1) to 2^j - 1.

    Example:
        >>> class_of(torch.tensor([0, 1, 2, 3, 4, 7, 8])).tolist()
        [0, 1, 2, 2, 3, 3, 4]
    """
    return torch.frexp(ages.clamp(min=0).double()).exponent.long()


def truncation(sums: Sequence[Sums], at: Tensor, steps: int) -> Truncation:
    """What each window would drop.

    Args:
        sums: of every product, kept apart by class of age.
        at: [M] the step of each loss.
        steps: T.
    """
    windows = 2 ** torch.arange(classes(steps))
    whole = _gradient(sums, None)
    size = whole.norm()
    old = (at[:, None] - torch.arange(steps))[None] >= windows[:, None, None]  # [W, M, T]
    terms = sum((one.norms.sum(0) for one in sums), torch.zeros(len(at), steps).double())
    kept = torch.stack([_gradient(sums, oldest) for oldest in range(len(windows))])
    return Truncation(
        windows,
        (whole - kept).norm(dim=1) / size,
        (old * terms).sum((1, 2)) / terms.sum(),
        (kept @ whole) / (kept.norm(dim=1) * size),
    )


def _gradient(sums: Sequence[Sums], oldest: int | None) -> Tensor:
    """All weights' gradients in one vector."""
    return torch.cat(
        [
            part.flatten()
            for one in sums
            for part, weight in zip(
                one.gradient(oldest), (one.use.weight, one.use.bias), strict=True
            )
            if weight is not None
        ]
    )
