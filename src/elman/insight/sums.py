"""What is kept of the gradients by steps while they pass: norms of terms, and sums of terms."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from elman.insight.uses import Use


class Sums:
    """Norms and sums of the terms of one product, filled a few losses at a time.

    Args:
        use: the product.
        batch_sizes: for each step, how many sequences are alive.
        losses: M.
        ages: how many classes of age the sums are kept apart by.
    """

    def __init__(self, use: Use, batch_sizes: Sequence[int], losses: int, ages: int) -> None:
        self.use = use
        self.sizes = list(batch_sizes)
        steps, gates = len(self.sizes), len(use.gates)
        self.step_of = torch.repeat_interleave(torch.tensor(self.sizes))
        self.norms = torch.zeros(gates, losses, steps, dtype=torch.float64)
        self.bias_norms = torch.zeros_like(self.norms)
        size = (len(self.step_of), ages, use.rows)
        self.by_age = torch.zeros(size, dtype=torch.float64)

    def add(self, first: int, deltas: Tensor, ages: Tensor, twin: Sums | None = None) -> None:
        """Take note of what some losses ask of the product.

        Args:
            first: the number of the first of these losses.
            deltas: [losses, N, rows] their gradients by the product's result.
            ages: [losses, T] the class of age of each term.
            twin: another product, whose results have the same gradients, and which has taken note
                of these.
        """
        span = slice(first, first + len(deltas))
        if twin is not None and max(self.sizes) == 1:
            self.by_age = twin.by_age
            self.bias_norms[:, span] = twin.bias_norms[:, span]
            self.norms[:, span] = self.bias_norms[:, span] * norms(self.use.operand)
            return
        for number, found in enumerate(self._norms(deltas)):
            self.norms[number, span], self.bias_norms[number, span] = found
        classes = torch.arange(self.by_age.shape[1])[:, None]
        chosen = ages.t()[self.step_of][:, None, :] == classes  # [N, ages, losses]
        self.by_age += torch.bmm(chosen.to(deltas.dtype), deltas.transpose(0, 1))

    def totals(self) -> list[tuple[Tensor, Tensor]]:
        """For each gate the norms of the sums of all losses' terms: of weight and bias [T]."""
        return [(weight[0], bias[0]) for weight, bias in self._norms(self.by_age.sum(1)[None])]

    def gradient(self, oldest: int | None = None) -> tuple[Tensor, Tensor]:
        """The sum of all terms: of the rows of the weight, [rows, width], and of the bias, [rows].

        Args:
            oldest: the last class of age that counts; None for all.
        """
        kept = self.by_age if oldest is None else self.by_age[:, : oldest + 1]
        deltas = kept.sum(1)
        return deltas.t() @ self.use.operand.double(), deltas.sum(0)

    def _norms(self, deltas: Tensor) -> list[tuple[Tensor, Tensor]]:
        """For each gate the norms of each step's term, of weight and bias: [losses, T] each."""
        first = self.use.first
        return [
            _outer_norms(
                deltas[..., gate.rows.start - first : gate.rows.stop - first],
                self.use.operand,
                self.sizes,
            )
            for gate in self.use.gates
        ]


def _outer_norms(deltas: Tensor, operand: Tensor, sizes: Sequence[int]) -> tuple[Tensor, Tensor]:
    """The norms of the sums of outer products of each step, and of the sums of deltas: [c, T] each.

    With one sequence, ‖d ⊗ x‖ = ‖d‖ ‖x‖. With several,

        ‖Σ_b d_b ⊗ x_b‖² = Σ_b Σ_e (d_b · d_e) (x_b · x_e)

    Args:
        deltas: [c, N, rows] in packed order.
        operand: [N, width].
        sizes: for each step, how many sequences are alive.
    """
    if max(sizes, default=0) <= 1:
        alone = norms(deltas)
        return alone * norms(operand), alone
    steps = []
    for d, x in zip(deltas.split(list(sizes), 1), operand.split(list(sizes)), strict=True):
        wide_d, wide_x = d.double(), x.double()
        alike = wide_d @ wide_d.transpose(1, 2)  # [c, alive, alive]
        weight = (alike * (wide_x @ wide_x.t())).sum((1, 2))
        steps.append(torch.stack([weight, alike.sum((1, 2))]).clamp(min=0).sqrt())
    weight, bias = torch.stack(steps, dim=2)
    return weight, bias


def norms(vectors: Tensor) -> Tensor:
    """The 2-norm over the last dimension, in float64; no square in it underflows."""
    found: Tensor = torch.linalg.vector_norm(vectors, dim=-1).double()
    peak = torch.maximum(vectors.amax(-1), -vectors.amin(-1))
    small = (peak > 0) & (peak < torch.finfo(vectors.dtype).tiny ** 0.25)
    if small.any():
        scale = peak[small].unsqueeze(-1)
        scaled = torch.linalg.vector_norm(vectors[small] / scale, dim=-1)
        found[small] = scaled.double() * scale.squeeze(-1).double()
    return found
