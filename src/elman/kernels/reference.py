"""The definition: the cell's own equations, step by step, in plain torch operations.

Slow, differentiable to any order, and the law: every other kernel equals it, in outputs and in
every gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import torch
from torch import Tensor
from torch.nn.functional import linear

from elman.cells import custom_step, elman, gru, lstm
from elman.cells.custom import CustomCell
from elman.cells.custom_step import Equations
from elman.cells.spec import CellSpec, CellWeights, Kind
from elman.cells.sums import Product, in_bfloat16, project, rounded
from elman.kernels.contract import Direction, SequenceCall, SequenceResult

NAME = "reference"

State = tuple[Tensor, ...]
Step = Callable[[int, State], State]


class Moment(NamedTuple):
    """One step of one direction, of the rows alive.

    Attributes:
        before: the state that the step read: the one of the step before it, or what a reset put
            in its place.
        named: what the cell computed, by its letters, the new parts of the state among them.
        after: the state that the step left: the new one, mixed with the old one by zoneout.
    """

    before: State
    named: dict[str, Tensor]
    after: State


class Multiplied(NamedTuple):
    """One product with rows of a weight matrix: result = matrix · operand + bias, row by row.

    Attributes:
        operand: [rows alive, I], or [N, I] where all steps are projected at once, as it was
            multiplied: rounded where the product rounds.
        matrix: W, or some of its rows.
        bias: that the product added, or None.
        result: the tensor in the graph.
    """

    operand: Tensor
    matrix: Tensor
    bias: Tensor | None
    result: Tensor


Show = Callable[[int, int, Moment], None]
"""Of a direction's number, a time step, and what happened there."""

Note = Callable[[int, Multiplied], Tensor]
"""Of a direction's number, and a product that it has just computed; what takes its place."""


class CellStep(Protocol):
    """One step of a cell: every quantity by its letter, the parts of the new state among them."""

    def __call__(
        self,
        Wx: Tensor,
        state: State,
        weights: CellWeights,
        spec: CellSpec,
        seen: Tensor,
        product: Product,
    ) -> dict[str, Tensor]:
        """As the `step` of each file in `elman.cells`."""


_STEPS: dict[Kind, CellStep] = {"rnn": elman.step, "lstm": lstm.step, "gru": gru.step}


def why_not(call: SequenceCall) -> str | None:
    """The reference serves every call."""
    return None


def run(call: SequenceCall, show: Show | None = None, note: Note | None = None) -> SequenceResult:
    """Run each direction by itself and lay their outputs side by side.

    Args:
        call: to be run.
        show: is shown each step, in the order in which it is computed.
        note: is shown each product with a weight matrix, and says what takes its place, usually its
            result: first that of the input, of all steps at once, then those of each step before
            the step itself is shown.
    """
    results = [_run_direction(call, number, show, note) for number in range(len(call.directions))]
    outputs, finals = zip(*results, strict=True)
    return SequenceResult(torch.cat(outputs, dim=-1), tuple(finals))


def _run_direction(
    call: SequenceCall, number: int, show: Show | None, note: Note | None
) -> tuple[Tensor, State]:
    # T = 0 is a step over no rows, so that each weight still has its gradient, 0.
    sizes, direction = call.batch_sizes or (0,), call.directions[number]
    product: Product = in_bfloat16 if call.precision == "bf16" else linear
    if note is not None:
        product = _noted(product, number, note)
    moment_of = _moments(call, direction, sizes, product)

    def step(t: int, state: State) -> State:
        moment = moment_of(t, state)
        if show is not None:
            show(number, t, moment)
        return moment.after

    walk = _backward_in_time if direction.reverse else _forward_in_time
    hidden, final = walk(sizes, direction.initial, step)
    return torch.cat(hidden), final if call.batch_sizes else direction.initial


def _noted(product: Product, number: int, note: Note) -> Product:
    """The product, each shown to `note`."""

    def noted(x: Tensor, W: Tensor, b: Tensor | None) -> Tensor:
        result = product(x, W, b)
        operand = rounded(x) if product is in_bfloat16 else x
        return note(number, Multiplied(operand, W, b, result))

    return noted


def _moments(
    call: SequenceCall, direction: Direction, sizes: Sequence[int], product: Product
) -> Callable[[int, State], Moment]:
    """What computes step t from the state before it, of the rows alive."""
    weights, mask = direction.weights, direction.recurrent_mask
    # All steps are projected at once; split's backward is a single concatenation, where slicing
    # step by step would add up T gradients of the full packed size.
    Wx = project(call.input, weights.ih, weights.bias_ih, weights.norm_ih, product).split(sizes)
    resets = None if direction.resets is None else direction.resets.unsqueeze(1).split(sizes)
    kept = [_of_each_step(part, sizes) for part in direction.kept]
    equations = _equations(call, direction, product)

    def moment_of(t: int, state: State) -> Moment:
        rows = sizes[t]
        if resets is not None:
            restart = direction.restart or direction.initial
            state = tuple(
                torch.where(resets[t], start[:rows], part)
                for part, start in zip(state, restart, strict=True)
            )
        named = equations(t, Wx[t], state, None if mask is None else mask[:rows])
        new = tuple(named[name] for name in call.cell.state_names)
        if kept:
            shares = [part[t] for part in kept]
            new = tuple(k * o + (1 - k) * n for k, o, n in zip(shares, state, new, strict=True))
        return Moment(state, named, new)

    return moment_of


def _equations(call: SequenceCall, direction: Direction, product: Product) -> Equations:
    cell, weights = call.cell, direction.weights
    if isinstance(cell, CustomCell):
        return custom_step.equations(cell, weights, direction.own, product)
    step = _STEPS[cell.kind]

    def named(t: int, Wx: Tensor, state: State, mask: Tensor | None) -> dict[str, Tensor]:
        seen = state[0] if mask is None else state[0] * mask
        return step(Wx, state, weights, cell, seen, product)

    return named


def _of_each_step(part: Tensor, sizes: Sequence[int]) -> Sequence[Tensor]:
    """A tensor [N, H] cut into steps; one of [1, H] stands for every step."""
    return part.split(sizes) if len(part) == sum(sizes) else [part] * len(sizes)


def _forward_in_time(
    sizes: Sequence[int], initial: State, step: Step
) -> tuple[list[Tensor], State]:
    """From the first step to the last: sequences leave from the bottom as they end."""
    state, hidden, ended = initial, [], []
    for t, alive in enumerate(sizes):
        if alive < state[0].shape[0]:
            ended.append(tuple(part[alive:] for part in state))
            state = tuple(part[:alive] for part in state)
        state = step(t, state)
        hidden.append(state[0])
    pieces = [state, *reversed(ended)]  # those that ended last stand above those that ended first
    return hidden, tuple(torch.cat(parts) for parts in zip(*pieces, strict=True))


def _backward_in_time(
    sizes: Sequence[int], initial: State, step: Step
) -> tuple[list[Tensor], State]:
    """From the last step to the first: each sequence joins at its own last real step."""
    state, hidden = tuple(part[:0] for part in initial), []
    for t in reversed(range(len(sizes))):
        state = step(t, _joined(state, initial, sizes[t]))
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
