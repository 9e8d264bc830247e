"""The recurrent cells once more, for the tests: one sequence, one step, one gate at a time.

Written from the textbook formulas, with vectors and loops only, independent of `elman.cells` and of
every kernel. `Case` names a call; `tensors` draws what it is made of; `call_of` makes the call out
of them, and `define` says what must come out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from elman.cells.spec import CellSpec, CellWeights
from elman.kernels.contract import Direction, SequenceCall

State = tuple[Tensor, ...]
Gate = Callable[[int, Tensor], Tensor]

CELLS = {
    "rnn_tanh": CellSpec("rnn", nonlinearity="tanh"),
    "rnn_relu": CellSpec("rnn", nonlinearity="relu"),
    "lstm": CellSpec("lstm"),
    "lstm_projected": CellSpec("lstm"),
    "gru_reset_after": CellSpec("gru"),
    "gru_reset_before": CellSpec("gru", reset_after=False),
}
GATES = {"rnn": 1, "lstm": 4, "gru": 3}
READS = {"forward": (False,), "reverse": (True,), "both": (False, True)}


@dataclass(frozen=True)
class Case:
    """What to draw: a cell, the lengths (falling), the directions, whether the state is given."""

    cell: str
    lengths: tuple[int, ...]
    reads: str = "forward"
    given: bool = True
    bias: bool = True
    dtype: torch.dtype = torch.float64
    input_size: int = 3
    hidden_size: int = 5

    @property
    def output_size(self) -> int:
        """P: less than H with a projection, H without."""
        return self.hidden_size - 1 if self.cell == "lstm_projected" else self.hidden_size

    @property
    def batch_sizes(self) -> tuple[int, ...]:
        """For each time step, how many sequences are alive."""
        longest = max(self.lengths, default=0)
        return tuple(sum(length > t for length in self.lengths) for t in range(longest))


def tensors(case: Case, seed: int = 0) -> dict[str, Tensor]:
    """The input, and for each direction the weights and the state, as leaves with a gradient."""
    generator = torch.Generator().manual_seed(seed)
    rows, width = GATES[CELLS[case.cell].kind] * case.hidden_size, case.output_size
    shapes: dict[str, tuple[int, ...]] = {"input": (sum(case.lengths), case.input_size)}
    for d in range(len(READS[case.reads])):
        shapes |= {f"ih {d}": (rows, case.input_size), f"hh {d}": (rows, width)}
        if case.bias:
            shapes |= {f"bias_ih {d}": (rows,), f"bias_hh {d}": (rows,)}
        if case.cell == "lstm_projected":
            shapes[f"hr {d}"] = (width, case.hidden_size)
        if case.given:
            shapes[f"h {d}"] = (len(case.lengths), width)
            if CELLS[case.cell].kind == "lstm":
                shapes[f"c {d}"] = (len(case.lengths), case.hidden_size)
    drawn = {
        name: torch.empty(shape, dtype=torch.float64).uniform_(-1, 1, generator=generator)
        for name, shape in shapes.items()
    }
    bound = case.hidden_size**-0.5
    return {
        name: (tensor * (1 if name == "input" else bound)).to(case.dtype).requires_grad_()
        for name, tensor in drawn.items()
    }


def direction_of(case: Case, made_of: dict[str, Tensor], d: int) -> Direction:
    """Direction number d, its state 0 where none was drawn."""
    names = ["ih", "hh", "bias_ih", "bias_hh", "hr"]
    weights = CellWeights(*(made_of.get(f"{name} {d}") for name in names))  # type: ignore[arg-type]
    widths = {"h": case.output_size, "c": case.hidden_size}
    parts = ["h", "c"] if CELLS[case.cell].kind == "lstm" else ["h"]
    zeros = made_of["input"].new_zeros
    initial = tuple(
        made_of.get(f"{part} {d}", zeros(len(case.lengths), widths[part])) for part in parts
    )
    return Direction(weights, initial, reverse=READS[case.reads][d])


def call_of(case: Case, made_of: dict[str, Tensor]) -> SequenceCall:
    """The call that a kernel is given."""
    directions = tuple(direction_of(case, made_of, d) for d in range(len(READS[case.reads])))
    return SequenceCall(CELLS[case.cell], made_of["input"], case.batch_sizes, directions)


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
                state = step(case.cell, made_of["input"][place[b, t]], state, direction.weights)
                rows[place[b, t]] = state[0]
            ends.append(state)
        empty = made_of["input"].new_zeros(0, case.output_size)
        outputs.append(torch.stack(rows) if rows else empty)
        finals.append(
            tuple(torch.stack(parts) for parts in zip(*ends, strict=True))
            if ends
            else direction.initial
        )
    return torch.cat(outputs, dim=1), finals


def step(cell: str, x: Tensor, state: State, weights: CellWeights) -> State:
    """One step of one sequence."""
    count = GATES[CELLS[cell].kind]
    W, R = weights.ih.chunk(count), weights.hh.chunk(count)
    no_bias = (torch.zeros(()),) * count
    b = no_bias if weights.bias_ih is None else weights.bias_ih.chunk(count)
    b_ = no_bias if weights.bias_hh is None else weights.bias_hh.chunk(count)

    def projected(k: int) -> Tensor:
        return W[k] @ x + b[k]

    def recurrent(k: int, h: Tensor) -> Tensor:
        return R[k] @ h + b_[k]

    h = state[0]
    if cell.startswith("rnn"):
        a = projected(0) + recurrent(0, h)
        return (torch.tanh(a) if cell == "rnn_tanh" else a.clamp(min=0),)
    if cell.startswith("lstm"):
        i, f, g, o = (projected(k) + recurrent(k, h) for k in range(4))
        c = _sigmoid(f) * state[1] + _sigmoid(i) * torch.tanh(g)
        h = _sigmoid(o) * torch.tanh(c)
        return (h if weights.hr is None else weights.hr @ h), c
    r = _sigmoid(projected(0) + recurrent(0, h))
    z = _sigmoid(projected(1) + recurrent(1, h))
    after = cell == "gru_reset_after"
    n = torch.tanh(projected(2) + (r * recurrent(2, h) if after else recurrent(2, r * h)))
    return ((1 - z) * n + z * h,)


def _sigmoid(a: Tensor) -> Tensor:
    return 1 / (1 + torch.exp(-a))
