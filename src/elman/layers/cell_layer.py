"""A cell over whole sequences: its weights for each layer and direction, and how it is run."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from elman.cells.custom import CustomCell
from elman.cells.spec import CellSpec, CellWeights
from elman.errors import ShapeError
from elman.kernels import dispatch
from elman.kernels.contract import Direction, Precision, SequenceCall
from elman.kernels.native import PackedWeights
from elman.layers.options import InitialState, check_options, zoneout_rates
from elman.layers.regularisation import (
    drop_input,
    drop_weights,
    recurrent_mask,
    zoneout_shares,
)
from elman.layers.resets import reverse_resets
from elman.layers.sequence_layer import SequenceLayer
from elman.layers.states import State, check_state, initial_state, learned_names
from elman.layers.weights import gather, weight_shapes


class CellLayer(SequenceLayer):
    """The base of the layers that have one cell; use `RNN`, `LSTM`, `GRU` or `CustomLayer`.

    Shape letters: B sequences, T steps, N real steps, I input, H hidden, G gates, L layers,
    D directions. A derived class sets what is its own and then calls `_begin`.
    """

    cell: CellSpec | CustomCell
    weight_ih_l0: Tensor
    _packed: Sequence[PackedWeights] = ()

    def __init__(
        self,
        cell: CellSpec | CustomCell,
        input_size: int,
        hidden_size: int,
        num_layers: int,
        *,
        bias: bool,
        batch_first: bool,
        dropout: float,
        bidirectional: bool,
        input_dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        weight_dropout: float = 0.0,
        zoneout: float | tuple[float, ...] = 0.0,
        initial_state: InitialState = "zeros",
        kernel: str = "auto",
        precision: Precision = "full",
    ) -> None:
        super().__init__()
        self.cell = cell
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = dropout
        self.bidirectional = bidirectional
        self.input_dropout = input_dropout
        self.recurrent_dropout = recurrent_dropout
        self.weight_dropout = weight_dropout
        self.zoneout = zoneout_rates(zoneout, cell)
        self.initial_state = initial_state
        self.kernel = kernel
        self.precision = precision
        check_options(self)

    # --- what each layer supplies

    @property
    @abstractmethod
    def state_widths(self) -> list[int]:
        """The width of each part of the state, of which the first is the output."""

    @abstractmethod
    def weights_above(self, width: int) -> dict[str, tuple[int, ...]]:
        """The weights of one layer and direction above an input of this width: names and shapes."""

    @abstractmethod
    def _initialise(self, names: dict[str, str]) -> None:
        """Draw the weights of one layer and direction, given the names of their parameters."""

    # --- weights

    @property
    def num_directions(self) -> int:
        """D: 1, or 2 when bidirectional."""
        return 2 if self.bidirectional else 1

    @property
    def output_size(self) -> int:
        """The width of the output of one direction: H, or P with a projection."""
        return self.state_widths[0]

    def _begin(
        self, device: torch.device | str | None, dtype: torch.dtype | None, stacklevel: int
    ) -> None:
        """Make and draw the parameters; the stack level is that of whoever makes the layer."""
        if self.dropout and self.num_layers == 1:
            warnings.warn(
                "dropout acts between layers, and there is one layer only: it will do nothing",
                UserWarning,
                stacklevel=stacklevel,
            )
        self._make_parameters(device, dtype)
        self.reset_parameters()

    def _make_parameters(
        self, device: torch.device | str | None, dtype: torch.dtype | None
    ) -> None:
        """One for each weight of each layer and direction, and those of a learned state."""
        every = weight_shapes(self)
        named = [pair for one in every for pair in one.values()]
        if self.initial_state == "learned":
            for names, width in zip(learned_names(self), self.state_widths, strict=True):
                named += [(name, (width,)) for name in names]
        for name, shape in named:
            weight = nn.Parameter(torch.empty(shape, device=device, dtype=dtype))
            self.register_parameter(name, weight)
        self._names = [{field: name for field, (name, _) in one.items()} for one in every]

    def reset_parameters(self) -> None:
        """Draw all weights anew."""
        for names in self._names:
            self._initialise(names)
        if self.initial_state == "learned":
            for name in (name for names in learned_names(self) for name in names):
                nn.init.zeros_(getattr(self, name))

    @property
    def all_weights(self) -> list[list[Tensor]]:
        """The weights of each layer and direction, as in `torch.nn`."""
        return [[getattr(self, name) for name in names.values()] for names in self._names]

    def flatten_parameters(self) -> None:
        """Nothing: `torch.nn` has it for cuDNN, and code written for `torch.nn` calls it."""

    def keep_packed(self, packed: Sequence[PackedWeights]) -> None:
        """Run on packed weights from now on, which no change of the parameters reaches.

        For a layer whose weights will not change; `Frozen` makes itself one.

        Args:
            packed: for each layer, then each direction.
        """
        self._packed = packed

    # --- running

    def run_packed(
        self,
        packed: Tensor,
        batch_sizes: tuple[int, ...],
        state: State,
        resets: Tensor | None = None,
        restart: State = (),
    ) -> tuple[Tensor, State]:
        """All layers, in packed order from the first to the last; see `SequenceLayer`."""
        finals: list[State] = []
        count, steps = self.num_directions, packed.shape[0]
        turned = None
        if resets is not None and self.bidirectional:
            turned = reverse_resets(resets, batch_sizes)
        for layer in range(self.num_layers):
            if self.training:
                packed = self._dropped(packed, batch_sizes, layer)
            directions = tuple(
                self._direction(layer * count + d, steps, state, (resets, turned)[d], restart)
                for d in range(count)
            )
            call = SequenceCall(self.cell, packed, batch_sizes, directions, self.precision)
            result = dispatch.run(call, self.kernel)
            finals.extend(result.final)
            packed = result.output
        return packed, tuple(torch.stack(parts) for parts in zip(*finals, strict=True))

    def _dropped(self, packed: Tensor, batch_sizes: Sequence[int], layer: int) -> Tensor:
        """What a layer reads in training: the output of the layer below, or the input, dropped."""
        if layer > 0 and self.dropout:
            packed = nn.functional.dropout(packed, self.dropout)
        if self.input_dropout:
            packed = drop_input(packed, batch_sizes, self.input_dropout)
        return packed

    def _direction(
        self,
        n: int,
        steps: int,
        state: State,
        resets: Tensor | None,
        restart: State,
    ) -> Direction:
        """One direction of one layer, the n-th of all, regularised."""
        weights = self._weights(n)
        initial = tuple(part[n] for part in state)
        mask: Tensor | None = None
        kept: tuple[Tensor, ...] = ()
        if self.training and self.weight_dropout:
            weights = drop_weights(weights, self.weight_dropout)
        if self.training and self.recurrent_dropout:
            mask = recurrent_mask(initial[0], self.recurrent_dropout)
        if self.zoneout:
            kept = zoneout_shares(initial, self.zoneout, steps, training=self.training)
        start = tuple(part[n] for part in restart)
        packed = self._packed[n] if self._packed else None
        reverse = n % self.num_directions > 0
        return Direction(weights, initial, reverse, resets, mask, kept, start, packed=packed)

    def _weights(self, n: int) -> CellWeights:
        """The weights of one direction of one layer, the n-th of all."""
        return gather(self, self._names[n])

    def start_state(self, batch: int, values: Tensor) -> State:
        """What stands for a missing state: zeros, a draw, or what was learned."""
        return initial_state(self, batch, values)

    # --- checks

    def check_state(self, state: Any, rows: Sequence[int]) -> None:
        """Refuse a state of wrong parts, shapes, dtypes or devices."""
        check_state(self, state, rows, self.weight_ih_l0)

    def check_values(self, values: Tensor) -> None:
        """Refuse an input of a wrong width, dtype or device."""
        weight = self.weight_ih_l0
        if values.dim() != 2 or values.shape[1] != self.input_size:
            raise ShapeError(
                f"Each step of the input has shape {list(values.shape[1:])}.",
                where=f"{type(self).__name__}.forward",
                expected=f"[{self.input_size}] (input_size)",
            )
        if not dispatch.goes_with(values, weight):
            raise ShapeError(
                f"The input is {values.dtype} on {values.device}, the weights are {weight.dtype}"
                f" on {weight.device}.",
                where=f"{type(self).__name__}.forward",
                expected="both of one dtype on one device",
                next_step="input.to(layer.weight_ih_l0)",
            )
