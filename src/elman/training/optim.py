"""How the weights move: optimiser, course of the learning rate, clipping.

All of it is a function of the step's number and of numbers that a checkpoint holds.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from elman.training.config import SettledConfig

_WARM_UP = 0.1  # share of the steps in which one-cycle climbs
_FIRST = 0.04  # where one-cycle starts, as a share of the highest rate
_PLATEAU_PATIENCE = 2  # evaluations without improvement before plateau cuts the rate
_PLATEAU_FACTOR = 0.5


def make_optimizer(model: nn.Module, config: SettledConfig) -> torch.optim.Optimizer:
    """AdamW (Loshchilov, Hutter, 2019, arXiv:1711.05101) or SGD with momentum."""
    options = {"lr": config.learning_rate, "weight_decay": config.weight_decay, "fused": True}
    if config.optimizer == "adamw":
        return torch.optim.AdamW(model.parameters(), **options)  # type: ignore[arg-type]
    return torch.optim.SGD(
        model.parameters(),
        momentum=config.momentum or 0.0,
        **options,  # type: ignore[arg-type]
    )


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Give every group of weights the same rate."""
    for group in optimizer.param_groups:
        group["lr"] = rate


def scheduled_share(config: SettledConfig, step: int, total: int) -> float:
    """The share of the highest learning rate at step 0 ≤ step < total; plateau's is constant.

    One-cycle climbs from 4 % to the whole in a tenth of the steps and falls to 0 along half a
    cosine (Smith, 2018, arXiv:1803.09820); cosine only falls (Loshchilov, Hutter, 2017,
    arXiv:1608.03983, without restarts).
    """
    warm_up = _WARM_UP * total if config.schedule == "one-cycle" else 0.0
    if config.schedule in ("constant", "plateau"):
        return 1.0
    if step < warm_up:
        return _FIRST + (1 - _FIRST) * step / warm_up
    return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / (total - warm_up)))


@dataclass
class Plateau:
    """Halves the learning rate after 2 evaluations without improvement."""

    factor: float = 1.0
    waited: int = 0

    def see(self, improved: bool) -> None:
        """Take note of an evaluation."""
        self.waited = 0 if improved else self.waited + 1
        if self.waited >= _PLATEAU_PATIENCE:
            self.factor, self.waited = self.factor * _PLATEAU_FACTOR, 0


def gradient_norm(weights: Iterable[Tensor]) -> Tensor:
    """The 2-norm of all gradients together."""
    return nn.utils.get_total_norm([weight.grad for weight in weights if weight.grad is not None])


class Clipped(NamedTuple):
    """What clipping did.

    Attributes:
        changed: whether it changed the gradients.
        norm: the 2-norm of all gradients together that it left.
    """

    changed: bool
    norm: float


def clip(weights: Sequence[Tensor], norm: Tensor, config: SettledConfig) -> Clipped:
    """Clip the gradients in place (Pascanu et al., 2013, arXiv:1211.5063).

    Args:
        weights: with their gradients.
        norm: the 2-norm of all gradients together.
        config: says whether to clip by norm or by value, and at what.
    """
    if config.clip == "norm":
        nn.utils.clip_grads_with_norm_(weights, config.clip_at, norm)
        return Clipped(float(norm) > config.clip_at, min(float(norm), config.clip_at))
    if config.clip == "value":
        beyond = any(
            bool((weight.grad.abs() > config.clip_at).any())
            for weight in weights
            if weight.grad is not None
        )
        nn.utils.clip_grad_value_(weights, config.clip_at)
        return Clipped(beyond, float(gradient_norm(weights) if beyond else norm))
    return Clipped(False, float(norm))
