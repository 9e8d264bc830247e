"""What an experiment draws at random, as functions of (seed, number)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import torch
from torch import nn

from elman.training.seeds import step_seed

Made = TypeVar("Made", bound=nn.Module)


def generator(seed: int, number: int) -> torch.Generator:
    """A generator for one batch."""
    return torch.Generator().manual_seed(step_seed(seed, number))


def made(make: Callable[[], Made], seed: int) -> Made:
    """A module whose weights are drawn by the seed; the caller's generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(step_seed(seed, 0))
        return make()
