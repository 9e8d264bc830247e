"""The recurrent cells once more, for the tests: one sequence, one step, one gate at a time.

Written from the textbook formulas, with vectors and loops only, independent of `elman.cells` and of
every kernel. `Case` (in `tests.contract.cases`) names a call and draws what it is made of; `define`
says what must come out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from elman.cells.spec import CellSpec, CellWeights
from elman.kernels.contract import Direction, Precision
from tests.contract.cases import READS, Case, direction_of

State = tuple[Tensor, ...]
Function = Callable[[Tensor], Tensor]


def define(case: Case, made_of: dict[str, Tensor]) -> tuple[Tensor, list[State]]:
    """The output [N, D·P] in packed order, and for each direction the final state."""
    # Step t of sequence b stands after all earlier steps and the rows above it.
    place = {
        (b, t): sum(case.batch_sizes[:t]) + b
        for b, length in enumerate(case.lengths)
        for t in range(length)
    }
    outputs, finals = [], []
    for d in range(len(READS[case.reads])):
        direction = direction_of(case, made_of, d)
        rows = [made_of["input"].new_zeros(case.output_size)] * sum(case.lengths)
        ends: list[State] = []
        for b, length in enumerate(case.lengths):
            state = tuple(part[b] for part in direction.initial)
            for t in reversed(range(length)) if direction.reverse else range(length):
                n = place[b, t]
                state = _one_step(case, direction, b, n, made_of["input"][n], state)
                rows[n] = state[0]
            ends.append(state)
        empty = made_of["input"].new_zeros(0, case.output_size)
        outputs.append(torch.stack(rows) if rows else empty)
        finals.append(
            tuple(torch.stack(parts) for parts in zip(*ends, strict=True))
            if ends
            else direction.initial
        )
    return torch.cat(outputs, dim=1), finals


def _one_step(case: Case, direction: Direction, b: int, n: int, x: Tensor, state: State) -> State:
    """Reset, step of the cell, zoneout: of sequence b, at place n of the packed order."""
    if direction.resets is not None and bool(direction.resets[n]):
        state = tuple(part[b] for part in direction.restart or direction.initial)
    mask = direction.recurrent_mask
    seen = state[0] if mask is None else mask[b] * state[0]
    new = step(case.spec, x, state, seen, direction.weights, case.precision)
    if not direction.kept:
        return new
    shares = [part[n] if len(part) == sum(case.lengths) else part[0] for part in direction.kept]
    return tuple(
        share * old + (1 - share) * fresh
        for share, old, fresh in zip(shares, state, new, strict=True)
    )


class _Rounded(torch.autograd.Function):
    """The nearest bfloat16 number, with the gradient of the identity."""

    @staticmethod
    def forward(ctx: Any, a: Tensor) -> Tensor:
        return a.to(torch.bfloat16).to(a.dtype)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        return gradients[0]


def step(
    spec: CellSpec,
    x: Tensor,
    state: State,
    seen: Tensor,
    weights: CellWeights,
    precision: Precision = "full",
) -> State:
    """One step of one sequence; `seen` is what the recurrent weights see of h."""

    def times(matrix: Tensor, vector: Tensor) -> Tensor:
        if precision == "bf16":
            matrix, vector = _Rounded.apply(matrix), _Rounded.apply(vector)  # type: ignore[no-untyped-call]
        return matrix @ vector

    def projected() -> list[Tensor]:
        """W x + b, gate by gate, normalised over all gates by the joint norm."""
        return _blocks(spec, _normed(times(weights.ih, x), weights.norm_ih), weights.bias_ih)

    def recurrent(h: Tensor) -> list[Tensor]:
        """R h + b', likewise."""
        return _blocks(spec, _normed(times(weights.hh, h), weights.norm_hh), weights.bias_hh)

    def bounded(a: Tensor) -> Tensor:
        return (
            a
            if spec.clip is None
            else torch.minimum(
                torch.maximum(a, torch.full_like(a, -spec.clip)), torch.full_like(a, spec.clip)
            )
        )

    σ, φ, ψ = (_function(one.name, one.alpha, one.beta) for one in spec.activations)
    if spec.kind == "rnn":
        return (φ(bounded(projected()[0] + recurrent(seen)[0])),)
    if spec.kind == "lstm":
        c_old = state[1]
        i, f, g, o = (a + u for a, u in zip(projected(), recurrent(seen), strict=True))
        if weights.peephole is not None:
            p = weights.peephole.view(3, -1)
            i, f = i + p[0] * c_old, f + p[1] * c_old
        i = σ(bounded(i))
        f = 1 - i if spec.coupled else σ(bounded(f))
        c = f * c_old + i * φ(bounded(g))
        if weights.peephole is not None:
            o = o + weights.peephole.view(3, -1)[2] * c
        h = σ(bounded(o)) * ψ(_normed(c, weights.norm_c, weights.norm_c_bias))
        return (h if weights.hr is None else times(weights.hr, h)), c
    h = state[0]
    if spec.norm == "dreamer":  # in Dreamer's own words: u takes the new state
        total = torch.cat(projected()) + torch.cat(recurrent(seen))
        gain, shift = weights.norm_sum, weights.norm_sum_bias
        reset, keep, candidate = _normed(total, gain, shift, 1e-3).chunk(3)
        update = 1 - σ(bounded(keep + 1))
        return (update * φ(bounded(σ(bounded(reset)) * candidate)) + (1 - update) * h,)
    r = σ(bounded(projected()[0] + recurrent(seen)[0]))
    z = σ(bounded(projected()[1] + recurrent(seen)[1]))
    inner = r * recurrent(seen)[2] if spec.reset_after else recurrent(r * seen)[2]
    n = φ(bounded(projected()[2] + inner))
    return ((1 - z) * n + z * h,)


def _blocks(spec: CellSpec, a: Tensor, bias: Tensor | None) -> list[Tensor]:
    count = {"rnn": 1, "lstm": 4, "gru": 3}[spec.kind]
    return list((a if bias is None else a + bias).chunk(count))


def _normed(
    a: Tensor, gain: Tensor | None, shift: Tensor | None = None, epsilon: float = 1e-5
) -> Tensor:
    """Less the mean, over the root of the variance, times the gain, plus the shift."""
    if gain is None:
        return a
    centred = a - a.sum() / len(a)
    scaled = gain * centred / torch.sqrt((centred * centred).sum() / len(a) + epsilon)
    return scaled if shift is None else scaled + shift


def _function(name: str, alpha: Any, beta: Any) -> Function:
    """The functions of ONNX, and the identity."""

    def below(limit: float, low: Function, high: Function) -> Function:
        return lambda a: torch.stack([low(x) if x.item() < limit else high(x) for x in a])

    return {
        "tanh": torch.tanh,
        "sigmoid": lambda a: 1 / (1 + torch.exp(-a)),
        "relu": below(0, lambda x: 0 * x, lambda x: x),
        "leaky_relu": below(0, lambda x: alpha * x, lambda x: x),
        "thresholded_relu": below(alpha, lambda x: 0 * x, lambda x: x),
        "scaled_tanh": lambda a: alpha * torch.tanh(beta * a),
        "hard_sigmoid": lambda a: below(
            0, lambda x: 0 * x, lambda x: x if x.item() < 1 else 0 * x + 1
        )(alpha * a + beta),
        "elu": below(0, lambda x: alpha * (torch.exp(x) - 1), lambda x: x),
        "softsign": lambda a: a / (1 + torch.abs(a)),
        "softplus": lambda a: torch.log(1 + torch.exp(a)),
        "affine": lambda a: alpha * a + beta,
        "identity": lambda a: a,
    }[name]
