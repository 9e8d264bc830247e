"""What RNN, LSTM and GRU share: weights named as in `torch.nn`, stacking, directions, inputs."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from elman.cells.spec import CellSpec, CellWeights
from elman.errors import ConfigurationError, ShapeError
from elman.kernels import dispatch
from elman.kernels.contract import Direction, SequenceCall
from elman.sequences import Ragged

InitialState = Literal["zeros", "random"]
Input = Tensor | PackedSequence | Ragged
Lengths = Tensor | Sequence[int]


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
        unbatched = isinstance(input, Tensor) and input.dim() == 2
        batch = self._as_ragged(input, lengths)
        if state is not None and unbatched:
            self._check_state(state, [])
            state = tuple(part.unsqueeze(1) for part in state)
        output, final = self.run(batch, state)
        if unbatched:
            return output.values, tuple(part.squeeze(1) for part in final)
        return self._like(input, output), final

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
            state = self._initial_state(batch)
        self._check_state(state, [len(batch)])
        index = batch.index
        packed = batch.packed_values()
        suffixes = self._suffixes()
        starts = [part.index_select(1, index.rows) for part in state]
        finals: list[tuple[Tensor, ...]] = []
        for layer in range(self.num_layers):
            first = layer * self.num_directions
            directions = tuple(
                Direction(self._weights(suffixes[n]), tuple(part[n] for part in starts), n > first)
                for n in range(first, first + self.num_directions)
            )
            call = SequenceCall(self.cell, packed, index.batch_sizes, directions)
            result = dispatch.run(call, self.kernel)
            finals.extend(result.final)
            packed = result.output
            if self.dropout and self.training and layer < self.num_layers - 1:
                packed = nn.functional.dropout(packed, self.dropout)
        final = tuple(
            torch.stack(parts).index_select(1, index.places) for parts in zip(*finals, strict=True)
        )
        return batch.with_values(packed.index_select(0, index.inverse)), final

    def _initial_state(self, batch: Ragged) -> tuple[Tensor, ...]:
        """Zeros, or in training (when asked for) a draw from the standard normal distribution."""
        draw = self.initial_state == "random" and self.training
        make = (
            batch.values.new_zeros
            if not draw
            else lambda *shape: torch.randn(
                *shape, device=batch.values.device, dtype=batch.values.dtype
            )
        )
        layers = self.num_layers * self.num_directions
        return tuple(make(layers, len(batch), width) for width in self._state_widths())

    # --- kinds of input and output

    def _as_ragged(self, input: Input, lengths: Lengths | None) -> Ragged:
        nested = isinstance(input, Tensor) and input.is_nested
        if nested or not isinstance(input, get_args(Input)):
            received = "a nested tensor" if nested else f"of type {type(input).__name__}"
            raise ShapeError(
                f"The input is {received}.",
                where=f"{type(self).__name__}.forward",
                expected="a tensor, a PackedSequence or a Ragged",
                next_step="Ragged.from_nested(input)" if nested else "torch.as_tensor(input)",
            )
        if lengths is not None and not (isinstance(input, Tensor) and input.dim() == 3):
            raise ShapeError(
                "Lengths go with a padded batch only.",
                where=f"lengths, with an input of type {type(input).__name__}",
                expected="a tensor of three dimensions, or no lengths",
            )
        if isinstance(input, Ragged):
            return input
        if isinstance(input, PackedSequence):
            return Ragged.from_packed(input)
        if input.dim() == 2:
            return Ragged(input, [input.shape[0]])
        if input.dim() != 3:
            raise ShapeError(
                f"The input has shape {list(input.shape)}.",
                where=f"{type(self).__name__}.forward",
                expected=f"[T, {self.input_size}], or "
                + ("[B, T, " if self.batch_first else "[T, B, ")
                + f"{self.input_size}]",
            )
        if lengths is None:
            batch, steps = (0, 1) if self.batch_first else (1, 0)
            lengths = [input.shape[steps]] * input.shape[batch]
        return Ragged.from_padded(input, lengths, batch_first=self.batch_first)

    def _like(self, input: Input, output: Ragged) -> Input:
        if isinstance(input, Ragged):
            return output
        if isinstance(input, PackedSequence):
            return PackedSequence(
                output.packed_values(),
                input.batch_sizes,
                input.sorted_indices,
                input.unsorted_indices,
            )
        steps = input.shape[1 if self.batch_first else 0]
        return output.to_padded(batch_first=self.batch_first, total_length=steps)

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
