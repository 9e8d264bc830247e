"""What RNN, LSTM, GRU and Stack share: the kinds of input, brought into packed order and back."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from elman.layers.inputs import Input, Lengths, as_ragged, as_time_major, check_kind, like
from elman.layers.resets import Resets, even_resets, ragged_resets
from elman.layers.states import State
from elman.layers.trace import Trace, traced
from elman.sequences import Ragged


class SequenceLayer(nn.Module):
    """A module that turns sequences into sequences, step by step, with a state.

    The state is always a tuple of parts here, [blocks, B, width] each, in the caller's order of
    rows; the layers' own `forward` gives it the form that `torch.nn` has.
    """

    input_size: int
    batch_first: bool

    # --- what each layer supplies

    @abstractmethod
    def check_values(self, values: Tensor) -> None:
        """Refuse steps [N, ...] of a wrong shape, dtype or device."""

    @abstractmethod
    def check_state(self, state: Any, rows: Sequence[int]) -> None:
        """Refuse a state that does not fit, for rows = [B], or [] for a single sequence."""

    @abstractmethod
    def start_state(self, batch: int, values: Tensor) -> State:
        """What stands for a state that is not given, and what a reset puts in place."""

    @abstractmethod
    def run_packed(
        self,
        packed: Tensor,
        batch_sizes: tuple[int, ...],
        state: State,
        resets: Tensor | None = None,
        restart: State = (),
    ) -> tuple[Tensor, State]:
        """The layer in packed order.

        Args:
            packed: [N, I] the input.
            batch_sizes: for each time step, how many sequences are alive.
            state: the parts of the state before the first step, the rows in packed order.
            resets: [N] bool: true at the first step of each segment, or None.
            restart: what resets put in place, like `state`; empty where it is `state` itself.

        Returns:
            The output [N, ...], and the parts of the state after the last step.
        """

    # --- what they share

    def trace(
        self,
        input: Input,
        hx: Any = None,
        *,
        lengths: Lengths | None = None,
        resets: Resets | None = None,
    ) -> Trace:
        """Run the layer as a call of it does, and keep every gate and state of every step.

        The run is the one that the call would be, in training with the masks that dropout draws
        then, but it is the reference kernel's, which a fused kernel equals within rounding. Where
        gradients are recorded, what is kept belongs to the graph: `with torch.no_grad()` for
        looking only, which needs less memory.

        Args:
            input: as the layer takes it, and so are hx, lengths and resets.
            hx: the state before the first step.
            lengths: of a padded batch.
            resets: where sequences begin anew.

        Raises:
            ShapeError: shapes, dtypes, lengths or resets that do not fit.
            KernelUnavailable: the layer insists on a kernel that cannot serve the call.
            UsageError: the layer is compiled.

        Example:
            >>> import elman, torch
            >>> layer = elman.LSTM(3, 4, bidirectional=True)
            >>> trace = layer.trace(torch.randn(5, 2, 3), lengths=[5, 2])
            >>> trace.words[0]["f"], trace.layers[0][1]["f"].shape
            ('forget gate', torch.Size([5, 2, 4]))
        """
        return traced(self, input, hx, lengths, resets)

    def _forward(
        self,
        input: Input,
        state: State | None,
        lengths: Lengths | None,
        resets: Resets | None,
    ) -> tuple[Input, State]:
        """The layer for any kind of input, the state always as a tuple of its parts.

        The output is of the kind of the input; the parts of the state are [blocks, B, width]
        ([blocks, width] for a single sequence), in the caller's order of rows.
        """
        where = f"{type(self).__name__}.forward"
        check_kind(input, lengths, where)
        if lengths is None and isinstance(input, Tensor) and not input.is_nested:
            steps = as_time_major(input, self.batch_first, self.input_size, where)
            flat = None
            if resets is not None:
                flat = even_resets(resets, input, self.batch_first, where)
            if input.dim() == 2:
                return self._run_single(steps, state, flat)
            output, final = self._run_even(steps, state, flat)
            return output.transpose(0, 1) if self.batch_first else output, final
        batch, values = as_ragged(input, lengths, self.batch_first), None
        if resets is not None:
            values = ragged_resets(resets, input, lengths, batch, self.batch_first, where)
        ragged, final = self.run(batch, state, values)
        return like(input, ragged, self.batch_first), final

    def _run_single(
        self, steps: Tensor, state: State | None, resets: Tensor | None
    ) -> tuple[Tensor, State]:
        """The layer over one sequence [T, 1, I], whose state and output know no batch."""
        if state is not None:
            self.check_state(state, ())
            state = tuple(part.unsqueeze(1) for part in state)
        output, final = self._run_even(steps, state, resets)
        return output.squeeze(1), tuple(part.squeeze(1) for part in final)

    def _run_even(
        self, input: Tensor, state: State | None, resets: Tensor | None
    ) -> tuple[Tensor, State]:
        """The layer over a batch [T, B, I] of one length, which is in packed order as it is."""
        steps, batch = input.shape[:2]
        packed = input.reshape(steps * batch, input.shape[2])
        self.check_values(packed)
        start, restart = self._states(batch, packed, state, resets)
        output, final = self.run_packed(packed, (batch,) * steps, start, resets, restart)
        return output.view(steps, batch, output.shape[1]), final

    def run(
        self, batch: Ragged, state: State | None = None, resets: Tensor | None = None
    ) -> tuple[Ragged, State]:
        """The layer over a ragged batch, with the state of any cell as a tuple of its parts.

        Args:
            batch: the input, steps of width I.
            state: the parts of the state before the first step, (h_0,) or (h_0, c_0), each
                [L·D, B, H], in the caller's order of rows; see `initial_state` when it is missing.
            resets: [N] bool, in the order of the batch's values: true where the state is replaced
                before the step by the one that stands for a missing state.

        Returns:
            The output, steps D·H wide; and the parts of the state after the last step.

        Raises:
            ShapeError: shapes or dtypes that do not fit.
        """
        self.check_values(batch.values)
        state, restart = self._states(len(batch), batch.values, state, resets)
        index = batch.index
        starts = tuple(part.index_select(1, index.rows) for part in state)
        restarts = tuple(part.index_select(1, index.rows) for part in restart)
        if resets is not None:
            resets = index.packed(resets)
        packed, final = self.run_packed(
            batch.packed_values(), index.batch_sizes, starts, resets, restarts
        )
        output = batch.with_values(index.unpacked(packed))
        return output, tuple(part.index_select(1, index.places) for part in final)

    def _states(
        self, batch: int, values: Tensor, state: State | None, resets: Tensor | None
    ) -> tuple[State, State]:
        """The state before the first step, and what resets put in place of later ones.

        A given state may have been handed over from an earlier part of the sequence, so a reset
        goes to the layer's own initial state instead.
        """
        if state is None:
            return self.start_state(batch, values), ()
        self.check_state(state, (batch,))
        return state, () if resets is None else self.start_state(batch, values)
