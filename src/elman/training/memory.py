"""How much memory a run will need, roughly, and how much the machine has."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from elman.errors import is_out_of_memory
from elman.training.checkpoint import quantities
from elman.training.gradient import Place, share_loss
from elman.training.share import Share
from elman.training.task import Task

_LOOKED_AT = 8
"""Batches of an epoch that are looked at, evenly spread."""
_WORKING_SPACE = 1.5
"""What a step takes for a while besides what it keeps for its backward pass, as a factor."""


def shortage(task: Task, optimizer: torch.optim.Optimizer) -> str:
    """What to tell before training where it seems to need more memory than there is; else empty."""
    have = available()
    try:
        need = needed(task, optimizer)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        return "There is no memory for a single sequence of some batches."
    if have is None or need <= have:
        return ""
    return (
        f"Training will take about {_shown(need)} at its peak, and {_shown(have)} are free. Where"
        " there is no room for a batch it is computed in pieces, if the system says so in time"
        " instead of ending the program. A smaller --batch-size or --hidden-size takes less."
    )


def _shown(size: int) -> str:
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{size / 2**20:.0f} MiB"


def needed(task: Task, optimizer: torch.optim.Optimizer) -> int:
    """About how many bytes training takes at its peak.

    Weights, gradients and the optimiser's memory of each weight are counted. What a batch keeps
    for its backward pass is measured on one sequence of some batches, and multiplied.

    Args:
        task: model and data.
        optimizer: of its weights.
    """
    weights = sum(weight.numel() * weight.element_size() for weight in task.model.parameters())
    batches = task.batches(0)
    looked_at = sorted({batches * number // _LOOKED_AT for number in range(_LOOKED_AT)})
    kept = max(_kept_by(task, batch) for batch in looked_at)
    states = sum(name != "step" for name in quantities(optimizer))
    return weights * (2 + states) + int(_WORKING_SPACE * kept)


def _kept_by(task: Task, batch: int) -> int:
    """About how many bytes a batch keeps for its backward pass."""
    sequences = task.sequences(0, batch)
    known = {weight.data_ptr() for weight in task.model.parameters()}
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    carried = tuple(map(torch.zeros, task.carried_shapes(0, batch)))
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        share_loss(task, Place(0, batch, carried, 0), Share(0, sequences))
    return sequences * sum(kept.values())


def available() -> int | None:
    """How many bytes this process can still have; None where the system does not say.

    What the machine has free, or, in a container, what its limit leaves, if that is less.
    """
    free = [_free_of_the_machine(), _free_of_the_container()]
    return min((one for one in free if one is not None), default=None)


def _free_of_the_machine() -> int | None:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    sizes = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines}
    return sizes.get("MemAvailable")


def _free_of_the_container(root: Path = Path("/sys/fs/cgroup")) -> int | None:
    """As control groups of version 2 say it."""
    try:
        limit = (root / "memory.max").read_text(encoding="ascii").strip()
        used = (root / "memory.current").read_text(encoding="ascii").strip()
    except OSError:
        return None
    return max(0, int(limit) - int(used)) if limit.isdecimal() else None
