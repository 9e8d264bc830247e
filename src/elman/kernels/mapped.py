"""A pass of a call under `torch.func.vmap`: M passes at once, a mapped dimension in their tensors.

Where the weights are the same for all, the M calls are one call whose batch has M rows for each
row: row b of call m becomes row b · M + m, so that longer sequences still stand before shorter
ones, and a tensor [N or B, M, ...] becomes [N · M or B · M, ...] without moving a number. Weights
that are mapped, and gradients of weights, which each of the M calls has for itself, take a loop.
Lengths are never mapped: they are no tensors here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from elman.kernels.plan import WEIGHTS, Plan, Tensors

Dims = Sequence[int | None]
Run = Callable[[Plan, Tensors], Sequence[Tensor | None]]
Mapped = tuple[tuple[Tensor | None, ...], tuple[int | None, ...]]


def run_mapped(
    run: Run,
    plan: Plan,
    tensors: Tensors,
    dims: Dims,
    size: int,
    wanted: Sequence[bool] = (),
) -> Mapped:
    """The results of M passes, and for each which of its dimensions is the mapped one.

    Args:
        run: one pass, forward or backward.
        plan: of each call.
        tensors: what the pass takes, those of the call first, the mapped dimension in place.
        dims: for each of them, which dimension that is; None where it is not mapped.
        size: M.
        wanted: for each tensor of the call, whether its gradient is; empty for a forward pass.
    """
    weights = {place for first in plan.firsts for place in range(first, first + WEIGHTS)}
    if (
        any(dims[place] is not None for place in weights)
        or any(wanted[place] for place in weights if wanted)
        # What is no row of the batch: a share that zoneout keeps at every step, and what a pass
        # with the joint norm keeps for the backward pass.
        or any(tensors[place] is not None for place in plan.shares)
        or plan.cell.norm != "none"
    ):
        return _one_by_one(run, plan, tensors, dims, size)
    rows = [
        one if place in weights else _folded(one, dim, size)
        for place, (one, dim) in enumerate(zip(tensors, dims, strict=True))
    ]
    more = plan._replace(batch_sizes=tuple(alive * size for alive in plan.batch_sizes))
    results = [_unfolded(one, size) for one in run(more, rows)]
    return tuple(results), tuple(1 if _is_full(one) else None for one in results)


def _is_full(tensor: Tensor | None) -> bool:
    """Whether there is a tensor, and numbers in it: what is not kept is an empty tensor."""
    return tensor is not None and tensor.numel() > 0


def _folded(tensor: Tensor | None, dim: int | None, size: int) -> Tensor | None:
    if tensor is None or not _is_full(tensor):
        return tensor
    if dim is None:
        return tensor.unsqueeze(1).expand(-1, size, *tensor.shape[1:]).flatten(0, 1)
    return tensor.movedim(dim, 1).flatten(0, 1)


def _unfolded(tensor: Tensor | None, size: int) -> Tensor | None:
    if tensor is None or not _is_full(tensor):
        return tensor
    rows: Tensor = tensor.unflatten(0, (-1, size))
    return rows


def _one_by_one(run: Run, plan: Plan, tensors: Tensors, dims: Dims, size: int) -> Mapped:
    runs = []
    for m in range(size):
        pairs = zip(tensors, dims, strict=True)
        runs.append(run(plan, [one if dim is None else one.select(dim, m) for one, dim in pairs]))  # type: ignore[union-attr]
    results = tuple(
        None if parts[0] is None else torch.stack(parts) for parts in zip(*runs, strict=True)
    )
    return results, tuple(None if one is None else 0 for one in results)
