"""Weights from and to the arrays that the recurrent layers of Keras 3 hold; Keras is not needed.

                Keras                                     Elman
    gates       LSTM i f c o, GRU z r h                   i f g o, r z n
    kernel      [I, G·H]                                  weight_ih [G·H, I]
    recurrent   [H, G·H]                                  weight_hh [G·H, H]
    bias        [G·H]; of a reset-after GRU [2, 3·H]      bias_ih [G·H], bias_hh [G·H]

z keeps the old state in both. One bias of Keras becomes bias_ih, and bias_hh is 0; on the way back
it is bias_ih + bias_hh. The two biases of a reset-after GRU stay two, as r multiplies one of them
in the candidate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from elman.cells.spec import CellSpec, CellWeights, Kind
from elman.errors import ShapeError, UsageError
from elman.layers.recurrent import Recurrent
from elman.weights.arrays import Array, as_array, as_tensors, check_shape, inverse, reordered
from elman.weights.assembly import Part, put_together, take_apart
from elman.weights.keras_options import LIMITS, Described, describe, understand
from elman.weights.limits import check

# Keras's blocks of gates as places among Elman's.
_GATES: dict[Kind, tuple[int, ...]] = {"rnn": (0,), "lstm": (0, 1, 2, 3), "gru": (1, 0, 2)}
_ARRAYS = ("kernel", "recurrent_kernel", "bias")


@dataclass(frozen=True, eq=False)
class KerasLayer:
    """A recurrent layer of Keras 3 as its class, options and arrays.

    Attributes:
        class_name: "SimpleRNN", "LSTM", "GRU", or "Bidirectional" around one of them.
        config: its options, as `get_config()` of the layer gives them; those that are missing are
            Keras's defaults.
        arrays: its weights, as `get_weights()` gives and `set_weights` takes them: kernel,
            recurrent_kernel, and bias if there is one; forward, then backward.
    """

    class_name: str
    config: Mapping[str, Any]
    arrays: Sequence[Array]


def from_keras(layers: KerasLayer | Sequence[KerasLayer]) -> Recurrent:
    """A layer that computes what layers of Keras on top of each other compute.

    Like Keras it reads [B, T, I]. Initializers, regularizers and constraints stay behind: they
    say nothing of what is computed.

    Args:
        layers: one, or several alike, the lowest first.

    Raises:
        ConfigurationError: an option that is unknown, or that no layer of Elman's has.
        ShapeError: arrays of a wrong number, shape or dtype.
        UsageError: something else than such layers.

    Example:
        >>> import numpy as np
        >>> arrays = [np.zeros((3, 12)), np.zeros((4, 12)), np.zeros((2, 12))]
        >>> from_keras(KerasLayer("GRU", {"units": 4}, arrays))
        GRU(3, 4, batch_first=True)
    """
    given = [layers] if isinstance(layers, KerasLayer) else list(layers)
    for one in given:
        if not isinstance(one, KerasLayer):
            raise UsageError(
                f"A layer of Keras is given as {type(one).__name__}.",
                where="from_keras",
                expected="an elman.weights.KerasLayer",
                next_step="KerasLayer(type(layer).__name__, layer.get_config(),"
                " layer.get_weights())",
            )
    return put_together([_part(one, number) for number, one in enumerate(given)])


def to_keras(layer: Recurrent) -> list[KerasLayer]:
    """Layers of Keras that compute what a layer computes, the lowest first.

    Their `config` is what `from_config` of the class takes. They read [B, T, I], whatever
    `batch_first` of the layer is.

    Args:
        layer: `RNN`, `LSTM` or `GRU`.

    Raises:
        ConfigurationError: an option that Keras does not have.
        ShapeError: weights that NumPy cannot hold.
        UsageError: something else than a layer.

    Example:
        >>> from elman import LSTM
        >>> (single,) = to_keras(LSTM(3, 4))
        >>> single.class_name, [array.shape for array in single.arrays]
        ('LSTM', [(3, 16), (4, 16), (16,)])
    """
    check(layer, "Keras", LIMITS)
    made = []
    for directions in take_apart(layer):
        arrays = [array for weights in directions for array in _arrays(weights, layer.cell)]
        name, config = describe(layer, arrays[0].dtype.name)
        made.append(KerasLayer(name, config, arrays))
    return made


def _arrays(weights: CellWeights, cell: CellSpec) -> list[Array]:
    order = _GATES[cell.kind]
    found = [reordered(weights.ih, order).T, reordered(weights.hh, order).T]
    if weights.bias_ih is not None and weights.bias_hh is not None:
        biases = [reordered(bias, order) for bias in (weights.bias_ih, weights.bias_hh)]
        found.append(torch.stack(biases) if _has_two(cell) else biases[0] + biases[1])
    return [as_array(one.contiguous()) for one in found]


def _has_two(cell: CellSpec) -> bool:
    """Whether Keras has two biases in such a cell."""
    return cell.kind == "gru" and cell.reset_after


def _part(given: KerasLayer, number: int) -> Part:
    where = f"layer {number} ({given.class_name})"
    described = understand(given.class_name, given.config, where)
    names = _ARRAYS if described[0].bias else _ARRAYS[:2]
    if not isinstance(given.arrays, list | tuple):
        raise ShapeError(
            f"The arrays are of type {type(given.arrays).__name__}.",
            where=where,
            expected="a list of numpy arrays, as get_weights() gives it",
        )
    if len(given.arrays) != len(names) * len(described):
        both = " forward, and again backward" if len(described) > 1 else ""
        raise ShapeError(
            f"There are {len(given.arrays)} arrays.",
            where=where,
            expected=f"{len(names) * len(described)}: {', '.join(names)}{both}",
        )
    directions = [
        _weights(given.arrays[start * len(names) :][: len(names)], one, names, where)
        for start, one in enumerate(described)
    ]
    return Part(where, described[0].cell, directions, batch_first=True)


def _weights(
    arrays: Sequence[Array], described: Described, names: Sequence[str], where: str
) -> CellWeights:
    """The weights of one direction."""
    cell, tensors = described.cell, as_tensors(dict(zip(names, arrays, strict=True)), where)
    gates = "units" if cell.gates == 1 else f"{cell.gates} x units"
    check_shape(tensors, "recurrent_kernel", (None, None), f"units, {gates}", where)
    size = tensors["recurrent_kernel"].shape[0] if described.units is None else described.units
    rows = cell.gates * size
    check_shape(tensors, "recurrent_kernel", (size, rows), f"units, {gates}", where)
    check_shape(tensors, "kernel", (None, rows), f"input size, {gates}", where)
    if described.dtype not in (None, as_array(tensors["kernel"]).dtype.name):
        raise ShapeError(
            f"The arrays are {tensors['kernel'].dtype}, and Keras computes in {described.dtype}.",
            where=f"{where}, config['dtype']",
            expected="arrays of the dtype in which Keras computes",
            next_step="config['dtype'] = 'float32', to compute in that",
        )
    order = inverse(_GATES[cell.kind])
    ih, hh = (reordered(tensors[name].T, order) for name in _ARRAYS[:2])
    if not described.bias:
        return CellWeights(ih, hh)
    if _has_two(cell):
        check_shape(tensors, "bias", (2, rows), f"two as reset_after is True, {gates}", where)
        b_ih, b_hh = (reordered(bias, order) for bias in tensors["bias"])
        return CellWeights(ih, hh, b_ih, b_hh)
    check_shape(tensors, "bias", (rows,), gates, where)
    bias = reordered(tensors["bias"], order)
    return CellWeights(ih, hh, bias, torch.zeros_like(bias))
