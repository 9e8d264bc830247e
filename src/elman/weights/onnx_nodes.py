"""Weights from and to the inputs W, R, B and P of ONNX's RNN, LSTM and GRU; onnx is not needed.

            ONNX                              Elman
    gates   LSTM i o f c, GRU z r h           i f g o, r z n
    W       [D, G·H, I]                       weight_ih [G·H, I] of each direction
    R       [D, G·H, H]                       weight_hh [G·H, H]
    B       [D, 2·G·H], the two end to end    bias_ih [G·H], bias_hh [G·H]
    P       [D, 3·H], i o f                   peephole [3·H], i f o

z keeps the old state in both. A node is one layer, of one or both directions. Nodes are made of
layout 0: X is [T, B, I], Y [T, D, B, H], a state [D, B, H]; ONNX Runtime refuses layout 1. It
changes none of W, R, B, P, and a node that has it becomes a layer with `batch_first=True`. From
one node to the next, Y is to be transposed to [T, B, D, H] and reshaped to [T, B, D·H].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from elman.cells.spec import CellWeights, Kind
from elman.errors import ConfigurationError, UsageError
from elman.layers.recurrent import Recurrent
from elman.weights.arrays import Array, as_array, as_tensors, check_shape, inverse, reordered
from elman.weights.assembly import Part, put_together, take_apart
from elman.weights.limits import check
from elman.weights.onnx_attributes import KINDS, LIMITS, Described, describe, understand

# ONNX's blocks of gates, and of peepholes, as places among Elman's.
_GATES: dict[Kind, tuple[int, ...]] = {"rnn": (0,), "lstm": (0, 3, 1, 2), "gru": (1, 0, 2)}
_PEEPHOLES = (0, 2, 1)


@dataclass(frozen=True, eq=False)
class OnnxNode:
    """A recurrent node of ONNX as its operator, attributes and weights.

    Attributes:
        op_type: "RNN", "LSTM" or "GRU".
        attributes: by name; those that are missing are ONNX's defaults.
        W: [D, G·H, I] input weights.
        R: [D, G·H, H] recurrent weights.
        B: [D, 2·G·H] biases, those of W, then those of R; or None.
        P: [D, 3·H] peepholes of an LSTM, or None.
    """

    op_type: str
    attributes: Mapping[str, Any]
    W: Array
    R: Array
    B: Array | None = None
    P: Array | None = None


def from_onnx(nodes: OnnxNode | Sequence[OnnxNode]) -> Recurrent:
    """A layer that computes what nodes on top of each other compute.

    Args:
        nodes: one, or several alike, the lowest first.

    Raises:
        ConfigurationError: an operator, an attribute or a value that is unknown, or that Elman
            does not have.
        ShapeError: arrays of a wrong shape or dtype.
        UsageError: something else than such nodes.

    Example:
        >>> import numpy as np
        >>> from_onnx(OnnxNode("GRU", {}, W=np.zeros((1, 12, 3)), R=np.zeros((1, 12, 4))))
        GRU(3, 4, bias=False, reset_after=False)
    """
    given = [nodes] if isinstance(nodes, OnnxNode) else list(nodes)
    for one in given:
        if not isinstance(one, OnnxNode):
            raise UsageError(
                f"A node is given as {type(one).__name__}.",
                where="from_onnx",
                expected="an elman.weights.OnnxNode",
                next_step="from_node_proto(node, model.graph.initializer)",
            )
    return put_together([_part(one, number) for number, one in enumerate(given)])


def to_onnx(layer: Recurrent) -> list[OnnxNode]:
    """Nodes that compute what a layer computes, the lowest first, of layout 0.

    They read [T, B, I], whatever `batch_first` of the layer is. A layer in evaluation may have
    dropouts, which do nothing there.

    Args:
        layer: `RNN`, `LSTM` or `GRU`.

    Raises:
        ConfigurationError: an option that the nodes do not have.
        ShapeError: weights that NumPy cannot hold.
        UsageError: something else than a layer.

    Example:
        >>> from elman import GRU
        >>> (node,) = to_onnx(GRU(3, 4, bidirectional=True))
        >>> node.op_type, node.W.shape, node.B.shape, node.attributes["linear_before_reset"]
        ('GRU', (2, 12, 3), (2, 24), 1)
    """
    check(layer, "ONNX", LIMITS)
    kind = layer.cell.kind
    operator = next(name for name, one in KINDS.items() if one == kind)
    nodes = []
    for directions in take_apart(layer):
        made = partial(_stacked, directions)
        arrays = {"W": made("ih", _GATES[kind]), "R": made("hh", _GATES[kind])}
        if layer.bias:
            pair = [made("bias_ih", _GATES[kind]), made("bias_hh", _GATES[kind])]
            arrays["B"] = np.concatenate(pair, axis=1)
        if layer.cell.peephole:
            arrays["P"] = made("peephole", _PEEPHOLES)
        nodes.append(OnnxNode(operator, describe(layer), **arrays))
    return nodes


def _stacked(directions: Sequence[CellWeights], field: str, order: Sequence[int]) -> Array:
    """[D, ...] the weights of that name, of each direction."""
    return as_array(torch.stack([reordered(getattr(one, field), order) for one in directions]))


def _part(node: OnnxNode, number: int) -> Part:
    where = f"node {number} ({node.op_type})"
    if node.op_type not in list(KINDS):
        raise ConfigurationError(
            f"{node.op_type!r} is no recurrent operator of ONNX.",
            where=f"node {number}",
            expected=" or ".join(map(repr, KINDS)),
        )
    kind = KINDS[node.op_type]
    if node.P is not None and kind != "lstm":
        raise ConfigurationError(
            f"The operator {node.op_type} has no peepholes.",
            where=f"{where}, P",
            expected="None, or an LSTM",
        )
    described = understand(kind, node.attributes, where, peephole=node.P is not None)
    optional = {key: array for key, array in (("B", node.B), ("P", node.P)) if array is not None}
    tensors = as_tensors({"W": node.W, "R": node.R, **optional}, where)
    _check_shapes(tensors, described, where)
    order = inverse(_GATES[kind])
    directions = []
    for d in range(described.directions):
        own = {"ih": reordered(tensors["W"][d], order), "hh": reordered(tensors["R"][d], order)}
        if "B" in tensors:
            halves = tensors["B"][d].chunk(2)
            own |= {
                key: reordered(half, order)
                for key, half in zip(("bias_ih", "bias_hh"), halves, strict=True)
            }
        if "P" in tensors:
            own["peephole"] = reordered(tensors["P"][d], inverse(_PEEPHOLES))
        directions.append(CellWeights(**own))
    return Part(where, described.cell, directions, described.batch_first)


def _check_shapes(tensors: Mapping[str, Tensor], described: Described, where: str) -> None:
    count, gates = described.directions, described.cell.gates
    letters = "hidden_size" if gates == 1 else f"{gates} x hidden_size"
    check_shape(tensors, "R", (count, None, None), f"directions, {letters}, hidden_size", where)
    size = described.hidden_size or tensors["R"].shape[2]
    rows = gates * size
    check_shape(tensors, "R", (count, rows, size), f"directions, {letters}, hidden_size", where)
    check_shape(tensors, "W", (count, rows, None), f"directions, {letters}, input size", where)
    if "B" in tensors:
        check_shape(tensors, "B", (count, 2 * rows), f"directions, 2 x {letters}", where)
    if "P" in tensors:
        check_shape(tensors, "P", (count, 3 * size), "directions, 3 x hidden_size", where)
