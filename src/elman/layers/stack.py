"""Layers of different kinds and widths on top of each other, with connections past them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, overload

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from elman.errors import ConfigurationError, ShapeError
from elman.layers.cell_layer import CellLayer
from elman.layers.inputs import Input, Lengths
from elman.layers.options import is_rate
from elman.layers.resets import Resets
from elman.layers.sequence_layer import SequenceLayer
from elman.layers.states import State
from elman.sequences import Ragged

LayerState = Tensor | tuple[Tensor, ...]
StackState = Sequence[LayerState]


class Stack(SequenceLayer):
    """Recurrent layers on top of each other, each with its own kind, width and options.

        plain       y_1 = layer_1(x)          y_k = layer_k(y_(k-1))                output y_L
        residual    y_k = layer_k(y_(k-1)) + y_(k-1), for the layers that are to have it
        skip        y_k = layer_k([y_(k-1), x]) for k above 1       output [y_1, ..., y_L]

    Args:
        layers: L layers (`RNN`, `LSTM`, `GRU`, `CustomLayer`), all with the same `batch_first`.
        residual: which layers add their input to their output: True for every layer above the
            first, or one truth value a layer. Such a layer's input is as wide as its output.
        skip: whether every layer above the first also reads the input of the stack, beside the
            output of the layer below, and the output of the stack is that of all layers.
        dropout: rate of dropout between layers, in training, as in `torch.nn`.

    Raises:
        ConfigurationError: no layer, widths that do not fit, or residual and skip at once.

    Sources: the residual form: Wu et al. (2016), arXiv:1609.08144, equation 6; the skip form:
    Graves (2013), arXiv:1308.0850, equations 1 to 3.

    Example:
        >>> from elman import GRU, LSTM
        >>> stack = Stack([LSTM(8, 32, bidirectional=True), GRU(64, 64)], residual=True)
        >>> output, ((h, c), h_top) = stack(torch.randn(5, 2, 8), lengths=[5, 3])
        >>> output.shape, h.shape, h_top.shape
        (torch.Size([5, 2, 64]), torch.Size([2, 2, 32]), torch.Size([1, 2, 64]))
    """

    def __init__(
        self,
        layers: Sequence[CellLayer],
        *,
        residual: bool | Sequence[bool] = False,
        skip: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.residual = _each(residual, len(layers))
        self.skip = skip
        self.dropout = dropout
        _check(layers, self.residual, skip)
        if not is_rate(dropout):
            raise _refusal(f"dropout = {dropout!r}", "a rate from 0 to 1")
        self.layers = nn.ModuleList(layers)
        self.input_size = layers[0].input_size
        self.batch_first = layers[0].batch_first

    def _each_layer(self) -> list[CellLayer]:
        return list(self.layers)  # type: ignore[arg-type]

    @overload
    def forward(
        self,
        input: Tensor,
        hx: StackState | None = None,
        *,
        lengths: Lengths | None = None,
        resets: Tensor | Ragged | None = None,
    ) -> tuple[Tensor, tuple[LayerState, ...]]: ...
    @overload
    def forward(
        self, input: PackedSequence, hx: StackState | None = None, *, resets: Resets | None = None
    ) -> tuple[PackedSequence, tuple[LayerState, ...]]: ...
    @overload
    def forward(
        self, input: Ragged, hx: StackState | None = None, *, resets: Tensor | Ragged | None = None
    ) -> tuple[Ragged, tuple[LayerState, ...]]: ...
    def forward(
        self,
        input: Input,
        hx: StackState | None = None,
        *,
        lengths: Lengths | None = None,
        resets: Resets | None = None,
    ) -> tuple[Input, tuple[LayerState, ...]]:
        """Run the stack over a batch.

        Args:
            input: of any kind that the layers take.
            hx: the initial state of each layer, from the first to the last, as the layer takes it.
            lengths: [B] the real lengths of a padded batch; all T when missing.
            resets: where all layers begin anew, as the layers take it.

        Returns:
            The output, of the kind of the input; and the final state of each layer.

        Raises:
            ShapeError: shapes, dtypes, lengths or resets that do not fit.
        """
        state = None if hx is None else self._flat(hx)
        output, final = self._forward(input, state, lengths, resets)
        return output, tuple(part if len(part) > 1 else part[0] for part in self._by_layer(final))

    def run_packed(
        self,
        packed: Tensor,
        batch_sizes: tuple[int, ...],
        state: State,
        resets: Tensor | None = None,
        restart: State = (),
    ) -> tuple[Tensor, State]:
        """All layers, in packed order from the first to the last; see `SequenceLayer`."""
        below, outputs = packed, []
        finals: list[Tensor] = []
        restarts = self._by_layer(restart) if restart else [()] * len(self.layers)
        for number, (layer, own, fresh) in enumerate(
            zip(self._each_layer(), self._by_layer(state), restarts, strict=True)
        ):
            if number > 0:
                below = nn.functional.dropout(below, self.dropout, self.training)
                if self.skip:
                    below = torch.cat([below, packed], dim=1)
            output, final = layer.run_packed(below, batch_sizes, own, resets, fresh)
            below = output + below if self.residual[number] else output
            outputs.append(below)
            finals.extend(final)
        return torch.cat(outputs, dim=1) if self.skip else below, tuple(finals)

    # --- states: a flat tuple of all layers' parts inside, one entry a layer outside

    def start_state(self, batch: int, values: Tensor) -> State:
        """What stands for a missing state, of all layers."""
        return tuple(
            part for layer in self._each_layer() for part in layer.start_state(batch, values)
        )

    def check_state(self, state: Any, rows: Sequence[int]) -> None:
        """Refuse a state whose parts do not fit their layers."""
        for layer, own in zip(self._each_layer(), self._by_layer(state), strict=True):
            layer.check_state(own, rows)

    def check_values(self, values: Tensor) -> None:
        """Refuse an input that the first layer would refuse."""
        self._each_layer()[0].check_values(values)

    def _flat(self, hx: StackState) -> State:
        if not isinstance(hx, tuple | list) or len(hx) != len(self.layers):
            raise ShapeError(
                f"The initial state is {_described(hx)}.",
                where="Stack.forward, hx",
                expected=f"a tuple of {len(self.layers)}, one state a layer",
            )
        flat: list[Tensor] = []
        for number, (layer, own) in enumerate(zip(self._each_layer(), hx, strict=True)):
            parts = own if isinstance(own, tuple | list) else (own,)
            if len(parts) != len(layer.cell.state_names):
                raise ShapeError(
                    f"The initial state of layer {number} is {_described(own)}.",
                    where=f"Stack.forward, hx[{number}]",
                    expected=f"a tensor for each of {', '.join(layer.cell.state_names)}",
                )
            flat.extend(parts)
        return tuple(flat)

    def _by_layer(self, flat: State) -> list[State]:
        counts = [len(layer.cell.state_names) for layer in self._each_layer()]
        ends = [sum(counts[:number]) for number in range(len(counts) + 1)]
        return [tuple(flat[start:end]) for start, end in pairwise(ends)]

    def extra_repr(self) -> str:
        """The connections, where there are any."""
        shown = [f"residual={self.residual!r}"] * any(self.residual) + ["skip=True"] * self.skip
        return ", ".join(shown + [f"dropout={self.dropout!r}"] * bool(self.dropout))


def _each(residual: bool | Sequence[bool], count: int) -> tuple[bool, ...]:
    if isinstance(residual, bool):
        return (False, *(residual,) * (count - 1))
    return tuple(residual)


def _check(layers: Sequence[CellLayer], residual: Sequence[bool], skip: bool) -> None:
    if not layers or not all(isinstance(layer, CellLayer) for layer in layers):
        raise _refusal(
            f"layers of type {', '.join(type(layer).__name__ for layer in layers) or 'none'}",
            "one RNN, LSTM, GRU or CustomLayer, or more",
        )
    if len(residual) != len(layers):
        raise _refusal(f"residual = {residual!r}", f"True, False, or {len(layers)} of them")
    if skip and any(residual):
        raise _refusal("residual and skip", "one of the two")
    if len({layer.batch_first for layer in layers}) > 1:
        raise _refusal("layers whose batch_first differs", "one order of dimensions for all")
    for number, (lower, layer) in enumerate(pairwise(layers), start=1):
        width = lower.output_size * lower.num_directions
        wanted = width + layers[0].input_size * skip
        if layer.input_size != wanted:
            beside = f" and {layers[0].input_size} of the stack's input" if skip else ""
            raise _refusal(
                f"layers[{number}].input_size = {layer.input_size}",
                f"{wanted}: {width} of the layer below{beside}",
            )
    for number, (layer, adds) in enumerate(zip(layers, residual, strict=True)):
        width = layer.output_size * layer.num_directions
        if adds and layer.input_size != width:
            raise _refusal(
                f"residual layers[{number}], from {layer.input_size} to {width}",
                "an input as wide as the output, or no residual there",
            )


def _refusal(where: str, expected: str) -> ConfigurationError:
    return ConfigurationError("These layers cannot be stacked so.", where=where, expected=expected)


def _described(state: object) -> str:
    if isinstance(state, tuple | list):
        return f"a {type(state).__name__} of {len(state)}"
    return f"of type {type(state).__name__}"
