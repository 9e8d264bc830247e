"""The calls of the contract's tests: a `Case` names one, `tensors` draws it, `call_of` makes it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from elman.cells.activations import Activation
from elman.cells.spec import CellSpec, CellWeights
from elman.kernels.contract import Direction, Precision, SequenceCall

PLAIN = {
    "rnn_tanh": CellSpec("rnn", nonlinearity="tanh"),
    "rnn_relu": CellSpec("rnn", nonlinearity="relu"),
    "lstm": CellSpec("lstm"),
    "lstm_projected": CellSpec("lstm"),
    "gru_reset_after": CellSpec("gru"),
    "gru_reset_before": CellSpec("gru", reset_after=False),
}
VARIANTS = {
    "rnn_clipped": CellSpec("rnn", Activation("leaky_relu", 0.2), clip=0.3),
    "rnn_joint": CellSpec("rnn", norm="joint"),
    "lstm_clipped": CellSpec("lstm", clip=0.25),
    "lstm_coupled": CellSpec("lstm", coupled=True),
    "lstm_peephole": CellSpec("lstm", peephole=True),
    "lstm_joint": CellSpec("lstm", norm="joint"),
    "lstm_functions": CellSpec(
        "lstm", "softsign", gate_nonlinearity="hard_sigmoid", state_nonlinearity="elu"
    ),
    "lstm_coupled_projected": CellSpec("lstm", peephole=True, coupled=True, clip=0.4),
    "lstm_joint_projected": CellSpec("lstm", peephole=True, clip=1.5, norm="joint"),
    "gru_clipped": CellSpec("gru", clip=0.25),
    "gru_joint": CellSpec("gru", norm="joint"),
    "gru_dreamer": CellSpec("gru", norm="dreamer"),
    "gru_functions": CellSpec("gru", "relu", gate_nonlinearity=Activation("hard_sigmoid", 0.3)),
    "gru_before_clipped": CellSpec("gru", "elu", reset_after=False, clip=0.3),
}
CELLS = PLAIN | VARIANTS
READS = {"forward": (False,), "reverse": (True,), "both": (False, True)}
EXTRAS = ("resets", "restart", "mask", "zoneout", "expected_zoneout")
WEIGHTS = CellWeights._fields


@dataclass(frozen=True)
class Case:
    """What to draw.

    Attributes:
        cell: a name of `CELLS`; "projected" in it projects h to a width of one less.
        lengths: of the sequences, falling.
        reads: a name of `READS`.
        given: whether the initial state is drawn, rather than 0.
        extras: names of `EXTRAS`: resets, a state of their own for them to put in place, recurrent
            dropout, zoneout as in training, zoneout as in evaluation.
    """

    cell: str
    lengths: tuple[int, ...]
    reads: str = "forward"
    given: bool = True
    bias: bool = True
    dtype: torch.dtype = torch.float64
    input_size: int = 3
    hidden_size: int = 5
    extras: tuple[str, ...] = ()
    precision: Precision = "full"

    @property
    def spec(self) -> CellSpec:
        """The description of the cell."""
        return CELLS[self.cell]

    @property
    def widths(self) -> dict[str, int]:
        """The width of each part of the state."""
        both = {"h": self.output_size, "c": self.hidden_size}
        return both if self.spec.kind == "lstm" else {"h": both["h"]}

    @property
    def output_size(self) -> int:
        """P: less than H with a projection, H without."""
        return self.hidden_size - 1 if self.cell.endswith("projected") else self.hidden_size

    @property
    def batch_sizes(self) -> tuple[int, ...]:
        """For each time step, how many sequences are alive."""
        longest = max(self.lengths, default=0)
        return tuple(sum(length > t for length in self.lengths) for t in range(longest))


def tensors(case: Case, seed: int = 0) -> dict[str, Tensor]:
    """The input, and for each direction the weights and states, as leaves with a gradient."""
    generator = torch.Generator().manual_seed(seed)
    projection = case.output_size if case.output_size < case.hidden_size else 0
    weights = case.spec.weight_shapes(case.input_size, case.hidden_size, projection, bias=case.bias)
    shapes: dict[str, tuple[int, ...]] = {"input": (sum(case.lengths), case.input_size)}
    for d in range(len(READS[case.reads])):
        shapes |= {f"{name} {d}": shape for name, shape in weights.items()}
        for part, width in case.widths.items():
            if case.given:
                shapes[f"{part} {d}"] = (len(case.lengths), width)
            if "restart" in case.extras:
                shapes[f"restart {part} {d}"] = (len(case.lengths), width)
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
    """Direction number d: its state 0 where none was drawn, its masks the same at every call."""
    weights = CellWeights(*(made_of.get(f"{name} {d}") for name in WEIGHTS))  # type: ignore[arg-type]
    zeros, rows = made_of["input"].new_zeros, len(case.lengths)
    steps = sum(case.lengths)
    initial = tuple(
        made_of.get(f"{part} {d}", zeros(rows, width)) for part, width in case.widths.items()
    )
    restart = tuple(
        made_of[f"restart {part} {d}"] for part in case.widths if "restart" in case.extras
    )
    generator = torch.Generator().manual_seed(1 + d)

    def coin(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator) < 0.4

    resets = coin(steps) if {"resets", "restart"} & set(case.extras) else None
    mask = None
    if "mask" in case.extras:
        mask = 1.25 * coin(rows, case.output_size).to(case.dtype)
    kept: tuple[Tensor, ...] = ()
    if "zoneout" in case.extras:
        kept = tuple(coin(steps, width).to(case.dtype) for width in case.widths.values())
    if "expected_zoneout" in case.extras:
        rates = {"h": 0.25, "c": 0.5}
        kept = tuple(zeros(1, width) + rates[part] for part, width in case.widths.items())
    return Direction(weights, initial, READS[case.reads][d], resets, mask, kept, restart)


def call_of(case: Case, made_of: dict[str, Tensor]) -> SequenceCall:
    """The call that a kernel is given."""
    directions = tuple(direction_of(case, made_of, d) for d in range(len(READS[case.reads])))
    return SequenceCall(case.spec, made_of["input"], case.batch_sizes, directions, case.precision)
