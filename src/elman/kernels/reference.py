"""The definition: the cell's own equations, step by step, in plain torch operations.

Slow, differentiable to any order, and the law: every other kernel equals it, in outputs and in
every gradient.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import linear

from elman.cells import elman, gru, lstm
from elman.cells.spec import CellSpec, CellWeights, Kind
from elman.kernels.contract import Direction, SequenceCall, SequenceResult

NAME = "reference"

State = tuple[Tensor, ...]
Step = Callable[[Tensor, State, CellWeights, CellSpec], State]

_STEPS: dict[Kind, Step] = {"rnn": elman.step, "lstm": lstm.step, "gru": gru.step}


def why_not(call: SequenceCall) -> str | None:
    """The reference serves every call."""
    return None


def run(call: SequenceCall) -> SequenceResult:
    """Run each direction by itself and lay their outputs side by side."""
    results = [_run_direction(call, direction) for direction in call.directions]
    outputs, finals = zip(*results, strict=True)
    return SequenceResult(torch.cat(outputs, dim=-1), tuple(finals))


def _run_direction(call: SequenceCall, direction: Direction) -> tuple[Tensor, State]:
    weights, initial = direction.weights, direction.initial

    def step(Wx_t: Tensor, state: State) -> State:
        return _STEPS[call.cell.kind](Wx_t, state, weights, call.cell)

    # All steps are projected at once; split's backward is a single concatenation, where slicing
    # step by step would add up T gradients of the full packed size.
    Wx = linear(call.input, weights.ih, weights.bias_ih)
    walk = _backward_in_time if direction.reverse else _forward_in_time
    hidden, final = walk(Wx.split(call.batch_sizes), initial, step)
    if not hidden:  # T = 0: a step over no rows, so that each weight still has its gradient, 0
        hidden = [step(Wx, tuple(part[:0] for part in initial))[0]]
    return torch.cat(hidden), final


def _forward_in_time(
    Wx: tuple[Tensor, ...], initial: State, step: Callable[[Tensor, State], State]
) -> tuple[list[Tensor], State]:
    """From the first step to the last: sequences leave from the bottom as they end."""
    state, hidden, ended = initial, [], []
    for Wx_t in Wx:
        alive = Wx_t.shape[0]
        if alive < state[0].shape[0]:
            ended.append(tuple(part[alive:] for part in state))
            state = tuple(part[:alive] for part in state)
        state = step(Wx_t, state)
        hidden.append(state[0])
    pieces = [state, *reversed(ended)]  # those that ended last stand above those that ended first
    return hidden, tuple(torch.cat(parts) for parts in zip(*pieces, strict=True))


def _backward_in_time(
    Wx: tuple[Tensor, ...], initial: State, step: Callable[[Tensor, State], State]
) -> tuple[list[Tensor], State]:
    """From the last step to the first: each sequence joins at its own last real step."""
    state, hidden = tuple(part[:0] for part in initial), []
    for Wx_t in reversed(Wx):
        state = _joined(state, initial, Wx_t.shape[0])
        state = step(Wx_t, state)
        hidden.append(state[0])
    return hidden[::-1], _joined(state, initial, initial[0].shape[0])


def _joined(state: State, initial: State, rows: int) -> State:
    """The state grown to so many rows, the new ones from their initial state."""
    alive = state[0].shape[0]
    if alive == rows:
        return state
    return tuple(
        torch.cat([part, start[alive:rows]]) for part, start in zip(state, initial, strict=True)
    )
