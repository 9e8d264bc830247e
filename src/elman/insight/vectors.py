"""Weights that multiply unit by unit, or are added: peepholes, and the gains and shifts of norms.

Such a weight v stands in v ⊙ x, or in v ⊙ x + β, so that its term of step k is a vector,

    ∂L_t/∂v through step k = ∂L_t/∂y_k ⊙ dy_k/d(v ⊙ x_k) ⊙ x_k

where y is what the cell names after it: the sum a of a gate, or h. With several sequences it is
the sum over those that are alive at the step. What lies between v ⊙ x and y is known by its slope:
a clip, the reset gate of a GRU before its candidate, or o ⊙ ψ' behind the norm of an LSTM's c.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import layer_norm

from elman.cells.spec import CellSpec, CellWeights
from elman.cells.sums import DREAMER_EPSILON, JOINT_EPSILON
from elman.kernels.recording import BEFORE, NEW, Graph

PEEPHOLE_GATES = ("i", "f", "o")
_SUMS = {"rnn": ("a",), "lstm": ("a_i", "a_f", "a_g", "a_o"), "gru": ("a_r", "a_z", "a_n")}
"""What the cells name the sums that enter their gates, in the order of the stacked weights."""


@dataclass(frozen=True)
class Vector:
    """A weight without a product of a matrix.

    Attributes:
        word: what it is.
        weight: the whole of it.
        gates: the letter of each of its blocks of H.
        named: for each block what the cell names after it.
        slope: [N, rows] of that by the weight times its operand.
        operand: [N, rows] what the weight is multiplied by; 1 where it is added.
    """

    word: str
    weight: Tensor
    gates: tuple[str, ...]
    named: tuple[str, ...]
    slope: Tensor
    operand: Tensor


def vectors_of(
    cell: CellSpec, weights: CellWeights, quantities: Mapping[str, Tensor], graph: Graph
) -> Iterator[Vector]:
    """The weights of one direction that are vectors, but for biases that a product adds.

    Args:
        cell: what was computed.
        weights: with which.
        quantities: every quantity of the cell by its name, [N, width].
        graph: of the direction.
    """
    known = {name: value.detach() for name, value in quantities.items()}
    if weights.peephole is not None:
        yield _peephole(cell, weights.peephole, known)
    if cell.norm == "joint":
        yield from _joint(cell, weights, known, graph)
    if cell.norm == "dreamer":
        yield from _dreamer(cell, weights, known, graph)


def _peephole(cell: CellSpec, weight: Tensor, known: Mapping[str, Tensor]) -> Vector:
    """Of a_g = ... + p_g ⊙ c: the gates i and f see the c before the step, o sees the new one."""
    before, new = known["c" + BEFORE], known.get("c" + NEW, known["c"])
    # A coupled cell has no sum of its own for f, which p_f would enter: its terms are 0.
    names = ("a_i", "a_i" if cell.coupled else "a_f", "a_o")
    slopes = [_unclipped(known[name], cell) for name in names]
    if cell.coupled:
        slopes[1] = torch.zeros_like(slopes[1])
    operand = torch.cat([before, before, new], dim=1)
    return Vector("peephole", weight, PEEPHOLE_GATES, names, torch.cat(slopes, dim=1), operand)


def _joint(
    cell: CellSpec, weights: CellWeights, known: Mapping[str, Tensor], graph: Graph
) -> Iterator[Vector]:
    """Of γ ⊙ LN(W x) + b and γ' ⊙ LN(R h) + b', and γ_c ⊙ LN(c) + β_c."""
    names = _SUMS[cell.kind]
    letters = tuple(name.removeprefix("a_") if name != "a" else "h" for name in names)
    slopes = [_unclipped(known[name], cell) for name in names]
    of_input = torch.cat(slopes, dim=1)
    if cell.kind == "gru":
        slopes[2] = slopes[2] * known["r"]
    of_state = torch.cat(slopes, dim=1)
    for word, gain, bias, slope, result in (
        ("input", weights.norm_ih, weights.bias_ih, of_input, graph.projection.result),
        ("recurrent", weights.norm_hh, weights.bias_hh, of_state, _recurrent(graph)),
    ):
        if gain is not None:
            operand = _normalised(result, JOINT_EPSILON)
            yield Vector(f"{word} gain", gain, letters, names, slope, operand)
        if bias is not None:
            yield Vector(f"{word} bias", bias, letters, names, slope, torch.ones_like(slope))
    if weights.norm_c is not None and weights.norm_c_bias is not None:
        yield from _of_c(cell, weights.norm_c, weights.norm_c_bias, known)


def _of_c(
    cell: CellSpec, gain: Tensor, shift: Tensor, known: Mapping[str, Tensor]
) -> Iterator[Vector]:
    """Of h = o ⊙ ψ(γ_c ⊙ LN(c) + β_c), before a projection."""
    ψ = cell.activations[2]
    operand = _normalised(known.get("c" + NEW, known["c"]), JOINT_EPSILON)
    with torch.enable_grad():
        inside = (operand * gain.detach() + shift.detach()).requires_grad_()
        (steep,) = torch.autograd.grad(ψ(inside).sum(), inside)
    name, slope = "m" if "m" in known else "h", known["o"] * steep
    yield Vector("cell gain", gain, ("c",), (name,), slope, operand)
    yield Vector("cell shift", shift, ("c",), (name,), slope, torch.ones_like(slope))


def _dreamer(
    cell: CellSpec, weights: CellWeights, known: Mapping[str, Tensor], graph: Graph
) -> Iterator[Vector]:
    """Of s = γ ⊙ LN(W x + b + R h + b') + β, and n = φ(r ⊙ s_n)."""
    names = _SUMS[cell.kind]
    slopes = [_unclipped(known[name], cell) for name in names]
    slope = torch.cat([*slopes[:2], slopes[2] * known["r"]], dim=1)
    operand = _normalised(graph.projection.result + _recurrent(graph), DREAMER_EPSILON)
    letters = ("r", "z", "n")
    if weights.norm_sum is not None:
        yield Vector("gain", weights.norm_sum, letters, names, slope, operand)
    if weights.norm_sum_bias is not None:
        yield Vector("shift", weights.norm_sum_bias, letters, names, slope, torch.ones_like(slope))


def _unclipped(a: Tensor, cell: CellSpec) -> Tensor:
    """1 where the sum was let be, 0 where it is held at its bound."""
    return torch.ones_like(a) if cell.clip is None else (a.abs() < cell.clip).to(a.dtype)


def _recurrent(graph: Graph) -> Tensor:
    """R h of all steps, [N, G·H]."""
    return torch.cat([products[0].result for products in graph.products])


def _normalised(a: Tensor, epsilon: float) -> Tensor:
    """LN(a), without gain and shift."""
    return layer_norm(a.detach(), a.shape[-1:], eps=epsilon)


def tapped(vector: Vector, named: Sequence[Mapping[str, Tensor]]) -> tuple[tuple[Tensor, ...], ...]:
    """For each block of a weight the tensors in the graph that are named after it, step by step."""
    return tuple(tuple(step[name] for step in named) for name in vector.named)
