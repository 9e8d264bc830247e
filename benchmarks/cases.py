"""The workloads, as data: what is done, by which cell, at which sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Cell = Literal["rnn", "lstm", "gru", "gru_reset_before"]
Task = Literal[
    "training",
    "inference",
    "ragged training",
    "streaming",
    "bf16 training",
    "norm training",
    "reset training",
    "recurrent dropout training",
]

CELLS: tuple[Cell, ...] = ("rnn", "lstm", "gru", "gru_reset_before")
GATES: dict[Cell, int] = {"rnn": 1, "lstm": 4, "gru": 3, "gru_reset_before": 3}
Sizes = tuple[int, int, int, int]
"""B sequences, T steps, I input, H hidden."""

SMALL: Sizes = (8, 100, 64, 64)
MIDDLE: Sizes = (32, 100, 128, 128)
LARGE: Sizes = (32, 100, 256, 256)
SHAPES: tuple[Sizes, ...] = (SMALL, MIDDLE, LARGE, (1, 100, 256, 256))
WIDE: Sizes = (64, 100, 512, 512)
LONG: Sizes = (32, 1000, 128, 128)
ONE_STEP: Sizes = (1, 1, 128, 128)
VARIANTS: dict[Task, str] = {
    "bf16 training": "elman bf16",
    "norm training": "elman norm",
    "reset training": "elman resets",
    "recurrent dropout training": "elman recurrent dropout",
}
"""Tasks that set a way to train beside our own plain one, and what ours is called there."""
_FEW = 3


@dataclass(frozen=True)
class Case:
    """One layer, one direction, and one batch.

    Args:
        task: what is timed. Training is forward and backward, to every weight and to the input.
        cell: the equations; "gru_reset_before" is the GRU that `torch.nn` does not have.
        batch: B sequences.
        steps: T, the longest sequence.
        inputs: I.
        hidden: H.
    """

    task: Task
    cell: Cell
    batch: int
    steps: int
    inputs: int
    hidden: int

    @property
    def sizes(self) -> str:
        """B × T × I × H."""
        return f"{self.batch}×{self.steps}×{self.inputs}×{self.hidden}"

    @property
    def name(self) -> str:
        """What `--only` is matched against."""
        return f"{self.task}, {self.cell}, {self.sizes}"

    @property
    def ours(self) -> str:
        """The contender whose time is set beside the peers'."""
        return VARIANTS.get(self.task, "elman")

    @property
    def learns(self) -> bool:
        """Whether gradients are computed."""
        return "training" in self.task

    def rounds(self, asked: int) -> int:
        """Turns of each contender; one step on a long PackedSequence takes 15 seconds."""
        return min(_FEW, asked) if self.task == "ragged training" else asked

    @property
    def near_the_limit(self) -> bool:
        """Whether the layer is large enough to be held against the rate of a matrix product."""
        return self.task == "training" and self.hidden >= 256 and self.batch >= 32

    def lengths(self) -> list[int]:
        """[B]: all T, or spread evenly from a tenth of T to T."""
        shortest = self.steps / 10 if self.task == "ragged training" else self.steps
        growth = (self.steps - shortest) / max(1, self.batch - 1)
        return [round(shortest + growth * number) for number in range(self.batch)]

    def share_of_real_steps(self) -> float:
        """N / (B T)."""
        return sum(self.lengths()) / (self.batch * self.steps)

    def training_operations(self) -> int:
        """Floating-point operations of the products of one training step without padding."""
        products = GATES[self.cell] * self.hidden * (self.inputs + self.hidden)
        return 6 * sum(self.lengths()) * products


CASES: tuple[Case, ...] = (
    *(Case("training", cell, *sizes) for cell in CELLS for sizes in SHAPES),
    *(Case("inference", cell, *sizes) for cell in CELLS for sizes in (*SHAPES, WIDE)),
    Case("ragged training", "lstm", *LONG),
    Case("ragged training", "gru", *LONG),
    *(Case("streaming", cell, *ONE_STEP) for cell in CELLS[:3]),
    *(Case("bf16 training", cell, *LARGE) for cell in CELLS[:3]),
    *(Case("norm training", "lstm", *sizes) for sizes in (SMALL, MIDDLE)),
    Case("reset training", "lstm", *MIDDLE),
    Case("recurrent dropout training", "lstm", *MIDDLE),
)

MEMORY: tuple[tuple[Case, str], ...] = tuple(
    (Case("training", cell, *LONG), peer) for cell in CELLS[1:3] for peer in ("elman", "torch.nn")
)
"""Of which training step the memory is measured, and by which peer it is made."""
