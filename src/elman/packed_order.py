"""Packed order: step after step, in which kernels read a batch, and the way there and back.

Shape letters: B sequences, T steps of the longest, N real steps in the batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor


@dataclass(frozen=True)
class PackedIndex:
    """How to turn a ragged batch into packed order and back.

    Packed order is that of PyTorch's PackedSequence: by time, and within a step the longest
    sequences first, so that the sequences still alive at a step are always the first rows.

    Attributes:
        rows: [B] the caller's row at each sorted place, longest first.
        places: [B] the sorted place of each of the caller's rows (the inverse of `rows`).
        positions: [N] for each packed step, where it lies in the caller's values.
        inverse: [N] for each of the caller's steps, where it lies in packed order.
        batch_sizes: for each time step, how many sequences are alive.
    """

    rows: Tensor
    places: Tensor
    positions: Tensor
    inverse: Tensor
    batch_sizes: tuple[int, ...]

    @classmethod
    def of(cls, lengths: Tensor, device: torch.device, rows: Tensor | None = None) -> Self:
        """The index of a batch with these lengths ([B], int64, CPU), its tensors on `device`.

        `rows` ([B], CPU) is an order of falling lengths that is already settled.
        """
        if rows is None:
            rows = torch.argsort(lengths, descending=True, stable=True)
        longest = int(lengths.max()) if len(lengths) else 0
        alive = torch.arange(longest)[:, None] < lengths[rows][None, :]  # [T, B]
        starts = torch.cumsum(lengths, 0) - lengths
        positions = (starts[rows][None, :] + torch.arange(longest)[:, None])[alive]
        return cls(
            rows=rows.to(device),
            places=torch.argsort(rows).to(device),
            positions=positions.to(device),
            inverse=torch.argsort(positions).to(device),
            batch_sizes=tuple(alive.sum(1).tolist()),
        )

    def packed(self, values: Tensor) -> Tensor:
        """Values [N, ...] in the caller's order, in packed order."""
        return _reordered(values, self.positions, self.inverse)

    def unpacked(self, packed: Tensor) -> Tensor:
        """Values [N, ...] in packed order, in the caller's order."""
        return _reordered(packed, self.inverse, self.positions)


def _reordered(values: Tensor, order: Tensor, inverse: Tensor) -> Tensor:
    """The rows of values in another order, `inverse` being the way back."""
    if torch.compiler.is_compiling() or not (values.requires_grad and torch.is_grad_enabled()):
        return values.index_select(0, order)
    return _Reordered.apply(values, order, inverse)  # type: ignore[no-any-return,no-untyped-call]


class _Reordered(torch.autograd.Function):
    """`index_select` by an order that has each row once.

    Its gradient is the gradient's rows in the inverse order. That of `index_select` itself, which
    must expect a row twice, fills a tensor with zeros and adds to it, at three times the cost.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(values: Tensor, order: Tensor, inverse: Tensor) -> Tensor:
        """The rows in the order."""
        return values.index_select(0, order)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        """Keep both ways."""
        _, order, inverse = inputs
        ctx.save_for_backward(order, inverse)
        ctx.save_for_forward(order, inverse)

    @staticmethod
    def backward(ctx: Any, d: Tensor) -> tuple[Tensor, None, None]:
        """The gradient's rows, back where they came from."""
        order, inverse = ctx.saved_tensors
        return _reordered(d, inverse, order), None, None

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor, *_: None) -> Tensor:
        """The tangent's rows, as those of the values."""
        order, _inverse = ctx.saved_tensors
        return tangent.index_select(0, order)
