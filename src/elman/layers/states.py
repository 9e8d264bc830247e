"""States as a layer takes and gives them: [L·D, B, H] a part, layer by layer, then direction."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from elman.errors import ShapeError
from elman.kernels import dispatch
from elman.layers.weights import suffixes

if TYPE_CHECKING:
    from elman.layers.cell_layer import CellLayer

State = tuple[Tensor, ...]


def learned_names(layer: CellLayer) -> list[list[str]]:
    """For each part of the state the parameters that hold it, layer by layer, then direction."""
    endings = suffixes(layer.num_layers, layer.bidirectional)
    return [[f"{name}_0{ending}" for ending in endings] for name in layer.cell.state_names]


def initial_state(layer: CellLayer, batch: int, values: Tensor) -> State:
    """What stands for a state that is not given, [L·D, B, H] a part.

    Args:
        layer: whose `initial_state` says which.
        batch: B.
        values: of the input, for dtype and device.
    """
    if layer.initial_state == "learned":
        return tuple(
            torch.stack([getattr(layer, name) for name in names]).unsqueeze(1).expand(-1, batch, -1)
            for names in learned_names(layer)
        )
    blocks = layer.num_layers * layer.num_directions
    shapes = [(blocks, batch, width) for width in layer.state_widths]
    if layer.initial_state == "random" and layer.training:
        make = partial(torch.randn, dtype=values.dtype, device=values.device)
        return tuple(make(shape) for shape in shapes)
    return tuple(values.new_zeros(shape) for shape in shapes)


def check_state(layer: CellLayer, state: Any, rows: Sequence[int], weight: Tensor) -> None:
    """Refuse a state that does not fit the layer and its batch.

    Args:
        layer: whose state it is to be.
        state: what was given.
        rows: [B], or nothing for a single sequence.
        weight: of the layer, for dtype and device.

    Raises:
        ShapeError: a wrong number of parts, or a part of a wrong shape, dtype or device.
    """
    names = layer.cell.state_names
    parts = state if isinstance(state, tuple | list) else (state,)
    if len(parts) != len(names) or not all(isinstance(part, Tensor) for part in parts):
        raise ShapeError(
            f"The initial state is of type ({', '.join(type(p).__name__ for p in parts)}).",
            where=f"{type(layer).__name__}.forward, hx",
            expected=f"a tensor for each of {', '.join(name + '_0' for name in names)}",
        )
    blocks = layer.num_layers * layer.num_directions
    for name, width, part in zip(names, layer.state_widths, parts, strict=True):
        shape = (blocks, *rows, width)
        if part.shape != shape:
            raise ShapeError(
                f"The initial state {name}_0 has shape {list(part.shape)}.",
                where=f"{type(layer).__name__}.forward, hx",
                expected=f"{list(shape)} (layers x directions{', batch' if rows else ''}, width)",
            )
        if not dispatch.goes_with(part, weight):
            raise ShapeError(
                f"The initial state {name}_0 is {part.dtype} on {part.device}, the weights are"
                f" {weight.dtype} on {weight.device}.",
                where=f"{type(layer).__name__}.forward, hx",
                expected="both of one dtype on one device",
                next_step=f"{name}_0.to(layer.weight_ih_l0)",
            )
