"""What a kernel is given, what it returns, and what every kernel offers.

Shape letters: B sequences, T steps, N real steps in the batch, I input, H hidden, G gates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from torch import Tensor

from elman.cells.custom import CustomCell
from elman.cells.spec import CellSpec, CellWeights

if TYPE_CHECKING:
    from elman.kernels.native import PackedWeights

Precision = Literal["full", "bf16"]


@dataclass(frozen=True)
class Direction:
    """One direction of a layer.

    Attributes:
        weights: the weights of this direction.
        initial: the parts of the state before the first step, [B, H] each, the rows in packed
            order (longest sequence first, sequences of length 0 last).
        reverse: whether to read each sequence from its last real step to its first.
        resets: [N] bool in packed order: True where this direction replaces its state before it
            reads the step (for the reverse direction that is the last step of a segment); None
            replaces nowhere. The gradient ends there, at `restart`.
        recurrent_mask: [B, H] what h is multiplied by before its product with the recurrent
            weights (recurrent dropout, one mask a sequence, scaled to keep the mean), the rows as
            those of `initial`; None multiplies nothing. The step's other uses of h see all of it.
            In a reset-before GRU it multiplies r ⊙ h as well, before the product with R_n.
        kept: for each part of the state the share of its old value that each step keeps (zoneout):
            [N, H] in packed order, 0 or 1 in training, or [1, H], the rate, in evaluation; empty
            when nothing is kept. A step computes new values of all parts from the old state, by
            the cell's equations; then each part becomes kept ⊙ old + (1 - kept) ⊙ new, where old
            is the part after a reset. So the new h of an LSTM comes from the new c, not from the
            mixed one (Krueger et al. 2017, arXiv:1606.01305).
        restart: the parts of the state that `resets` put in place, shaped as `initial`; empty
            where these are `initial` itself. A state that was handed over from an earlier part of
            the sequence stands in `initial`, and no reset may bring it back.
        own: the weights that a `CustomCell` has of its own, in the order of their names.
        packed: the weights as the native core reads them, of whoever promises that they have not
            changed since; None packs them at the call. Only calls without gradients use it.

    With a projection, h and all that belongs to it are P wide.
    """

    weights: CellWeights
    initial: tuple[Tensor, ...]
    reverse: bool = False
    resets: Tensor | None = None
    recurrent_mask: Tensor | None = None
    kept: tuple[Tensor, ...] = ()
    restart: tuple[Tensor, ...] = ()
    own: tuple[Tensor, ...] = ()
    packed: PackedWeights | None = None


@dataclass(frozen=True)
class SequenceCall:
    """One layer over one ragged batch, in one or both directions.

    Attributes:
        cell: what each step computes: a cell of Elman's by its description, or a user's own by the
            function that computes a step, with numbers for widths. Of the latter `weights` has W
            and R ([0, P] where no gate reads the state) and their biases.
        input: [N, I] the steps in packed order, before projection.
        batch_sizes: for each time step, how many sequences are alive; never rising.
        directions: one, or forward and reverse.
        precision: "full" computes in the tensors' own dtype; "bf16" rounds both operands of every
            product with a weight matrix (W, R, and the projection) to bfloat16 and adds up, and
            keeps the state, in float32. The gradient passes the rounding as if it were none.
    """

    cell: CellSpec | CustomCell
    input: Tensor
    batch_sizes: tuple[int, ...]
    directions: tuple[Direction, ...]
    precision: Precision = "full"

    @property
    def spec(self) -> CellSpec:
        """The cell, for the fused kernels, which take no user's own."""
        return self.cell  # type: ignore[return-value]


@dataclass(frozen=True)
class SequenceResult:
    """What a kernel returns.

    Attributes:
        output: [N, D·H] the hidden states in packed order, the directions side by side.
        final: for each direction the parts of its state after its last step, [B, H] each; of a
            sequence of length 0, its initial state.
    """

    output: Tensor
    final: tuple[tuple[Tensor, ...], ...]


class Kernel(Protocol):
    """A way to run a `SequenceCall`; every kernel is a module with these three names."""

    @property
    def NAME(self) -> str:  # noqa: N802 (a module constant)
        """What users and errors call it."""

    def why_not(self, call: SequenceCall) -> str | None:
        """Why this kernel cannot serve the call, in one clause; None when it can."""

    def run(self, call: SequenceCall) -> SequenceResult:
        """Run a call that `why_not` has no objection to."""
