"""The layer of a user's own cell."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Unpack, overload

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from elman.cells.custom import CustomCell
from elman.cells.custom_step import Named, by_gate
from elman.cells.spec import CellWeights
from elman.errors import ConfigurationError
from elman.kernels.contract import Direction
from elman.layers.cell_layer import CellLayer
from elman.layers.inputs import Input, Lengths
from elman.layers.options import DROPOUTS, RUNS, SHAPES, SharedOptions, shown
from elman.layers.resets import Resets
from elman.sequences import Ragged

CustomState = Tensor | tuple[Tensor, ...]


class CustomLayer(CellLayer):
    """A cell of one's own with all that a layer has: lengths, resets, directions, depth, a trace.

    The weights are `weight_ih_l0`, `weight_hh_l0`, `bias_ih_l0` and `bias_hh_l0`, whose rows are
    the gates' in the order of the cell, and the cell's own by their names, as `u_l0`; `_reverse`
    and `_l1` are as in `torch.nn`. The reference kernel runs it.

    Args:
        cell: the cell.
        input_size: I, the width of each step of the input.
        hidden_size: H, the width of gates and parts of the state that have no other.
        num_layers: L, layers on top of each other.
        bias: whether the gates have biases.
        batch_first: whether padded tensors are [B, T, ...] rather than [T, B, ...].
        dropout: rate of dropout between layers, in training.
        bidirectional: whether a second set of weights reads each sequence from its end.
        device: where the weights are made.
        dtype: of the weights.
        options: dropouts, zoneout (a rate for each part of the state), `initial_state`, `kernel`
            and `precision`; see `SharedOptions`.

    Raises:
        ConfigurationError: an option out of its range.

    Example:
        >>> from elman import CustomCell
        >>> def mgu(Wx, R, state):
        ...     f = torch.sigmoid(Wx.f + R.f(state.h))
        ...     n = torch.tanh(Wx.n + R.n(f * state.h))
        ...     return {"f": f, "n": n, "h": (1 - f) * state.h + f * n}
        >>> layer = CustomLayer(CustomCell(mgu, gates=("f", "n")), 8, 16, bidirectional=True)
        >>> output, h_n = layer(torch.randn(5, 2, 8), lengths=[5, 3])
        >>> output.shape, h_n.shape
        (torch.Size([5, 2, 32]), torch.Size([2, 2, 16]))
    """

    cell: CustomCell

    def __init__(
        self,
        cell: CustomCell,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
        **options: Unpack[SharedOptions],
    ) -> None:
        if not isinstance(cell, CustomCell):
            raise ConfigurationError(
                "CustomLayer cannot be built with this cell.",
                where=f"cell of type {type(cell).__name__}",
                expected="a CustomCell",
                next_step="elman.CustomCell(step, gates=(...))",
            )
        super().__init__(
            cell,
            input_size,
            hidden_size,
            num_layers,
            bias=bias,
            batch_first=batch_first,
            dropout=dropout,
            bidirectional=bidirectional,
            **options,
        )
        self.cell = cell.sized(hidden_size)
        if not self.cell.recurrent_rows:
            for name in ("recurrent_dropout", "weight_dropout"):
                self._refuse_without_matrix(name)
        self._begin(device, dtype, stacklevel=3)

    def _refuse_without_matrix(self, name: str) -> None:
        rate = getattr(self, name)
        if rate:
            raise ConfigurationError(
                f"The cell {self.cell.name} has no recurrent weights that this could be about.",
                where=f"{name} = {rate!r}",
                expected="0.0",
            )

    @property
    def state_widths(self) -> list[int]:
        """The width of each part of the state, of which the first is the output."""
        return list(self.cell.state_widths.values())

    def weights_above(self, width: int) -> dict[str, tuple[int, ...]]:
        """The weights of one layer and direction above an input of this width: names and shapes."""
        return self.cell.weight_shapes(width, self.hidden_size, bias=self.bias)

    def _initialise(self, names: dict[str, str]) -> None:
        bound = self.hidden_size**-0.5
        with torch.no_grad():
            weights: dict[str, Any] = {field: getattr(self, name) for field, name in names.items()}
            for weight in weights.values():
                nn.init.uniform_(weight, -bound, bound)
            if self.cell.init is None:
                return
            for field, rows in self._rows().items():
                if field in weights:
                    weights[field] = Named(by_gate(weights[field], rows))
            self.cell.init(Named(weights))

    def _rows(self) -> dict[str, dict[str, int]]:
        """The weights that are stacked, each with its gates and their numbers of rows."""
        inputs, recurrent = self.cell.input_rows, self.cell.recurrent_rows
        return {"ih": inputs, "hh": recurrent, "bias_ih": inputs, "bias_hh": recurrent}

    def _weights(self, n: int) -> CellWeights:
        names = self._names[n]
        found = {field: getattr(self, names[field]) for field in self._rows() if field in names}
        if "hh" not in found:
            found["hh"] = found["ih"].new_empty(0, self.output_size)
        return CellWeights(**found)

    def _direction(self, n: int, *rest: Any) -> Direction:
        own = tuple(getattr(self, self._names[n][name]) for name in self.cell.weights)
        return replace(super()._direction(n, *rest), own=own)

    @overload
    def forward(
        self,
        input: Tensor,
        hx: CustomState | None = None,
        *,
        lengths: Lengths | None = None,
        resets: Tensor | Ragged | None = None,
    ) -> tuple[Tensor, Any]: ...
    @overload
    def forward(
        self, input: PackedSequence, hx: CustomState | None = None, *, resets: Resets | None = None
    ) -> tuple[PackedSequence, Any]: ...
    @overload
    def forward(
        self,
        input: Ragged,
        hx: CustomState | None = None,
        *,
        resets: Tensor | Ragged | None = None,
    ) -> tuple[Ragged, Any]: ...
    def forward(
        self,
        input: Input,
        hx: CustomState | None = None,
        *,
        lengths: Lengths | None = None,
        resets: Resets | None = None,
    ) -> tuple[Input, Any]:
        """Run the layer over a batch.

        Args:
            input: padded [T, B, I] (or [B, T, I]), unbatched [T, I], a PackedSequence, a nested
                tensor of layout jagged, or a Ragged.
            hx: the parts of the state before the first step, in the order of the cell, each
                [L·D, B, width] (without B when unbatched): a tensor if there is one part, else a
                tuple; see `initial_state` when it is missing.
            lengths: [B] the real lengths of a padded batch; all T when missing.
            resets: bool, true where the state is replaced before the step, as other layers take it.

        Returns:
            The output of the last layer, of the kind of the input, 0 at padding; and the state
            after each sequence's last real step, in the form of hx.

        Raises:
            ShapeError: shapes, dtypes, lengths or resets that do not fit, or a step that returns a
                tensor of another shape, dtype or device.
            UsageError: a step that returns something else.
        """
        single = len(self.cell.state_names) == 1 and not isinstance(hx, tuple | list | None)
        output, final = self._forward(input, (hx,) if single else hx, lengths, resets)  # type: ignore[arg-type]
        return output, final[0] if len(final) == 1 else final

    def extra_repr(self) -> str:
        """The step's name, and the options that differ from their defaults."""
        first = f"{self.cell.name}, {self.input_size}, {self.hidden_size}"
        return ", ".join([first, *shown(self, SHAPES | DROPOUTS | RUNS)])
