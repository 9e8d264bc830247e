"""What RNN, LSTM and GRU share: weights named as in `torch.nn`, stacking, directions, inputs."""

from __future__ import annotations

import math
import warnings
from functools import partial
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from elman.cells.spec import CellSpec, CellWeights
from elman.errors import ConfigurationError, ShapeError
from elman.kernels import dispatch
from elman.kernels.contract import Direction, SequenceCall
from elman.layers.inputs import Input, Lengths, as_ragged, as_time_major, check_kind, like
from elman.sequences import Ragged

InitialState = Literal["zeros", "random"]


class Recurrent(nn.Module):
    """The base of the recurrent layers; use `RNN`, `LSTM` or `GRU`.

    Shape letters: B sequences, T steps, N real steps, I input, H hidden, G gates, L layers,
    D directions. The weights are `weight_ih_l0` [G·H, I], `weight_hh_l0` [G·H, H], `bias_ih_l0`
    and `bias_hh_l0` [G·H], with `_reverse` for the reverse direction, and `_l1` and so on, whose
    input is D·H wide.
    """

    def __init__(
        self,
        cell: CellSpec,
        input_size: int,
        hidden_size: int,
        num_layers: int,
        *,
        bias: bool,
        batch_first: bool,
        dropout: float,
        bidirectional: bool,
        proj_size: int = 0,
        initial_state: InitialState,
        kernel: str,
        device: torch.device | str | None,
        dtype: torch.dtype | None,
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
        self.proj_size = proj_size
        self.initial_state = initial_state
        self.kernel = kernel
        self._check_options()
        for name, shape in self._weight_shapes().items():
            self.register_parameter(
                name, nn.Parameter(torch.empty(shape, device=device, dtype=dtype))
            )
        self.reset_parameters()

    # --- weights

    @property
    def num_directions(self) -> int:
        """D: 1, or 2 when bidirectional."""
        return 2 if self.bidirectional else 1

    @property
    def output_size(self) -> int:
        """The width of the output of one direction: H, or P with a projection."""
        return self.proj_size or self.hidden_size

    def reset_parameters(self) -> None:
        """PyTorch's initialisation: every weight and bias uniform between ±1/√H."""
        bound = 1 / math.sqrt(self.hidden_size)
        for weight in self.parameters():
            nn.init.uniform_(weight, -bound, bound)

    @property
    def all_weights(self) -> list[list[Tensor]]:
        """The weights of each layer and direction, as in `torch.nn`."""
        return [
            [weight for weight in self._weights(suffix) if weight is not None]
            for suffix in self._suffixes()
        ]

    def flatten_parameters(self) -> None:
        """Nothing: `torch.nn` has it for cuDNN, and code written for `torch.nn` calls it."""

    def _suffixes(self) -> list[str]:
        """The endings of the weights' names: layer-major, then direction."""
        endings = ["", "_reverse"][: self.num_directions]
        return [f"_l{layer}{ending}" for layer in range(self.num_layers) for ending in endings]

    def _weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of each weight, in the order of `torch.nn`."""
        rows = self.cell.gates * self.hidden_size
        shapes: dict[str, tuple[int, ...]] = {}
        for suffix in self._suffixes():
            first = suffix.startswith("_l0")
            width = self.input_size if first else self.output_size * self.num_directions
            shapes["weight_ih" + suffix] = (rows, width)
            shapes["weight_hh" + suffix] = (rows, self.output_size)
            if self.bias:
                shapes["bias_ih" + suffix] = (rows,)
                shapes["bias_hh" + suffix] = (rows,)
            if self.proj_size:
                shapes["weight_hr" + suffix] = (self.proj_size, self.hidden_size)
        return shapes

    def _weights(self, suffix: str) -> CellWeights:
        names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"]
        return CellWeights(*(getattr(self, name + suffix, None) for name in names))  # type: ignore[arg-type]

    # --- running

    def _state_widths(self) -> list[int]:
        """The width of each part of the state: P or H for h, always H for c."""
        return [self.output_size, self.hidden_size][: len(self.cell.state_names)]

    def _forward(
        self, input: Input, state: tuple[Tensor, ...] | None, lengths: Lengths | None
    ) -> tuple[Input, tuple[Tensor, ...]]:
        """The layer for any kind of input, the state always as a tuple of its parts.

        The output is of the kind of the input; the parts of the state are [L·D, B, H]
        ([L·D, H] for an unbatched input), in the caller's order of rows.
        """
        where = f"{type(self).__name__}.forward"
        check_kind(input, lengths, where)
        if lengths is None and isinstance(input, Tensor):
            steps = as_time_major(input, self.batch_first, self.input_size, where)
            if input.dim() == 2:
                return self._run_single(steps, state)
            output, final = self._run_even(steps, state)
            return output.transpose(0, 1) if self.batch_first else output, final
        ragged, final = self.run(as_ragged(input, lengths, self.batch_first), state)
        return like(input, ragged, self.batch_first), final

    def _run_single(
        self, steps: Tensor, state: tuple[Tensor, ...] | None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The layer over one sequence [T, 1, I], whose state and output know no batch."""
        if state is not None:
            self._check_state(state, [])
            state = tuple(part.unsqueeze(1) for part in state)
        output, final = self._run_even(steps, state)
        return output.squeeze(1), tuple(part.squeeze(1) for part in final)

    def run(
        self, batch: Ragged, state: tuple[Tensor, ...] | None = None
    ) -> tuple[Ragged, tuple[Tensor, ...]]:
        """The layer over a ragged batch, with the state of any cell as a tuple of its parts.

        Args:
            batch: the input, steps of width I.
            state: the parts of the state before the first step, (h_0,) or (h_0, c_0), each
                [L·D, B, H], in the caller's order of rows; see `initial_state` when it is missing.

        Returns:
            The output, steps D·H wide; and the parts of the state after the last step.

        Raises:
            ShapeError: shapes or dtypes that do not fit.
        """
        self._check_values(batch.values)
        if state is None:
            state = self._initial_state(len(batch), batch.values)
        self._check_state(state, [len(batch)])
        index = batch.index
        starts = tuple(part.index_select(1, index.rows) for part in state)
        packed, final = self._layers(batch.packed_values(), index.batch_sizes, starts)
        output = batch.with_values(packed.index_select(0, index.inverse))
        return output, tuple(part.index_select(1, index.places) for part in final)

    def _run_even(
        self, input: Tensor, state: tuple[Tensor, ...] | None
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The layer over a batch [T, B, I] of one length, which is in packed order as it is."""
        steps, batch = input.shape[:2]
        packed = input.reshape(steps * batch, input.shape[2])
        self._check_values(packed)
        if state is None:
            state = self._initial_state(batch, packed)
        self._check_state(state, [batch])
        output, final = self._layers(packed, (batch,) * steps, state)
        return output.view(steps, batch, self.num_directions * self.output_size), final

    def _layers(
        self, packed: Tensor, batch_sizes: tuple[int, ...], starts: tuple[Tensor, ...]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """All layers, in packed order from the first to the last."""
        suffixes = self._suffixes()
        finals: list[tuple[Tensor, ...]] = []
        for layer in range(self.num_layers):
            first = layer * self.num_directions
            directions = tuple(
                Direction(self._weights(suffixes[n]), tuple(part[n] for part in starts), n > first)
                for n in range(first, first + self.num_directions)
            )
            call = SequenceCall(self.cell, packed, batch_sizes, directions)
            result = dispatch.run(call, self.kernel)
            finals.extend(result.final)
            packed = result.output
            if self.dropout and self.training and layer < self.num_layers - 1:
                packed = nn.functional.dropout(packed, self.dropout)
        return packed, tuple(torch.stack(parts) for parts in zip(*finals, strict=True))

    def _initial_state(self, batch: int, values: Tensor) -> tuple[Tensor, ...]:
        """Zeros, or in training (when asked for) a draw from the standard normal distribution.

        Args:
            batch: B.
            values: of the input, for dtype and device.
        """
        shapes = [
            (self.num_layers * self.num_directions, batch, width) for width in self._state_widths()
        ]
        if self.initial_state == "random" and self.training:
            make = partial(torch.randn, dtype=values.dtype, device=values.device)
            return tuple(make(shape) for shape in shapes)
        return tuple(values.new_zeros(shape) for shape in shapes)

    # --- checks and description

    def _check_options(self) -> None:
        sizes = ["input_size", "hidden_size", "num_layers"]
        faults = [
            (
                not _is_whole(getattr(self, key)),
                f"{key} = {getattr(self, key)!r}",
                "a whole number, 1 or more",
            )
            for key in sizes
        ]
        faults += [
            (
                isinstance(self.dropout, bool)
                or not isinstance(self.dropout, int | float)
                or not 0 <= self.dropout <= 1,
                f"dropout = {self.dropout!r}",
                "a rate from 0 to 1",
            ),
            (
                not _is_whole(self.proj_size, least=0)
                or (_is_whole(self.hidden_size) and self.proj_size >= self.hidden_size),
                f"proj_size = {self.proj_size!r}",
                "0 for no projection, or less than hidden_size",
            ),
            (
                self.initial_state not in get_args(InitialState),
                f"initial_state = {self.initial_state!r}",
                " or ".join(repr(choice) for choice in get_args(InitialState)),
            ),
        ]
        for wrong, where, expected in faults:
            if wrong:
                raise ConfigurationError(
                    f"{type(self).__name__} cannot be built with this option.",
                    where=where,
                    expected=expected,
                )
        if self.dropout and self.num_layers == 1:
            warnings.warn(
                "dropout acts between layers, and there is one layer only: it will do nothing",
                UserWarning,
                stacklevel=4,
            )

    def _check_values(self, values: Tensor) -> None:
        weight = self._weights("_l0").ih
        if values.dim() != 2 or values.shape[1] != self.input_size:
            raise ShapeError(
                f"Each step of the input has shape {list(values.shape[1:])}.",
                where=f"{type(self).__name__}.forward",
                expected=f"[{self.input_size}] (input_size)",
            )
        if values.dtype != weight.dtype or values.device != weight.device:
            raise ShapeError(
                f"The input is {values.dtype} on {values.device}, the weights are {weight.dtype}"
                f" on {weight.device}.",
                where=f"{type(self).__name__}.forward",
                expected="both of one dtype on one device",
                next_step="input.to(layer.weight_ih_l0)",
            )

    def _check_state(self, state: tuple[Tensor, ...], rows: list[int]) -> None:
        weight = self._weights("_l0").ih
        names = [name + "_0" for name in self.cell.state_names]
        where = f"{type(self).__name__}.forward, hx"
        parts = state if isinstance(state, tuple | list) else (state,)
        if len(parts) != len(names) or not all(isinstance(part, Tensor) for part in parts):
            raise ShapeError(
                f"The initial state is of type ({', '.join(type(p).__name__ for p in parts)}).",
                where=where,
                expected=f"a tensor for each of {', '.join(names)}",
            )
        for name, width, part in zip(names, self._state_widths(), parts, strict=True):
            shape = [self.num_layers * self.num_directions, *rows, width]
            if list(part.shape) != shape:
                raise ShapeError(
                    f"The initial state {name} has shape {list(part.shape)}.",
                    where=where,
                    expected=f"{shape} (layers x directions{', batch' if rows else ''}, width)",
                )
            if part.dtype != weight.dtype or part.device != weight.device:
                raise ShapeError(
                    f"The initial state {name} is {part.dtype} on {part.device}, the weights are"
                    f" {weight.dtype} on {weight.device}.",
                    where=where,
                    expected="both of one dtype on one device",
                    next_step=f"{name}.to(layer.weight_ih_l0)",
                )

    def extra_repr(self) -> str:
        """The options that differ from their defaults."""
        options: dict[str, tuple[object, object]] = {
            "proj_size": (self.proj_size, 0),
            "num_layers": (self.num_layers, 1),
            "bias": (self.bias, True),
            "batch_first": (self.batch_first, False),
            "dropout": (self.dropout, 0.0),
            "bidirectional": (self.bidirectional, False),
            "nonlinearity": (self.cell.nonlinearity, "tanh"),
            "reset_after": (self.cell.reset_after, True),
            "initial_state": (self.initial_state, "zeros"),
            "kernel": (self.kernel, "auto"),
        }
        shown = [f"{name}={value!r}" for name, (value, usual) in options.items() if value != usual]
        return ", ".join([f"{self.input_size}, {self.hidden_size}", *shown])


def _is_whole(value: object, least: int = 1) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
