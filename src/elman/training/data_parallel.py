"""One run on several processes, each of which computes a share of every batch.

`torchrun --nproc-per-node 2 -m elman train ...` starts the same program several times. All of them
read the data and hold the whole model; the sums of their gradients are the same numbers
everywhere, so their weights stay the same too. Only the first one writes.

The sum is taken here, and not by torch's DistributedDataParallel, because a share may have any
number of losses, or none at all in a last batch: the mean must be over all of them.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor

from elman.errors import Interrupted
from elman.training.share import Share


@dataclass(frozen=True)
class Team:
    """The processes of a run.

    Attributes:
        rank: the number of this process, from 0.
        size: how many there are.
    """

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the process that writes and speaks."""
        return self.rank == 0

    @property
    def share(self) -> Share:
        """What this process computes of every batch."""
        return Share(self.rank, self.size)

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Put the sum over all processes in the place of each tensor.

        Raises:
            Interrupted: another process has ended.
        """
        if self.size == 1:
            return
        flat = torch.cat([tensor.detach().double().flatten() for tensor in tensors])
        try:
            dist.all_reduce(flat)
        except RuntimeError as error:  # the connection is closed by whoever has gone
            raise Interrupted(
                "Another process of this run has ended, and nobody can go on without it.",
                signal.SIGTERM,
                next_step="see its message; then the same torchrun with: -m elman resume RUN",
            ) from error
        parts = flat.split([tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.copy_(part.view_as(tensor))

    def wait(self) -> None:
        """Until all processes are here."""
        self.add_up([torch.zeros(1)])


ALONE = Team()


def started_by_torchrun() -> bool:
    """Whether this process is one of several."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


@contextmanager
def team() -> Iterator[Team]:
    """The processes that torchrun started, in touch with each other; one alone without torchrun."""
    if not started_by_torchrun():
        yield ALONE
        return
    dist.init_process_group("gloo")
    try:
        yield Team(dist.get_rank(), dist.get_world_size())
    finally:
        dist.destroy_process_group()
