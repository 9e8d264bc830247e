"""Nodes of ONNX as messages of the library onnx, with their weights as initializers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from elman.errors import ConfigurationError, MissingExtra, UsageError
from elman.weights.arrays import Array
from elman.weights.onnx_attributes import KINDS
from elman.weights.onnx_nodes import OnnxNode

if TYPE_CHECKING:
    from onnx import NodeProto, TensorProto

_INPUTS = ("X", "W", "R", "B", "sequence_lens", "initial_h", "initial_c", "P")
_WEIGHTS = ("W", "R", "B", "P")


def to_node_proto(
    node: OnnxNode,
    *,
    inputs: Sequence[str] = ("X",),
    outputs: Sequence[str] = ("Y",),
    name: str = "layer",
) -> tuple[NodeProto, list[TensorProto]]:
    """A node and its initializers, for a graph.

    Args:
        node: of `to_onnx`.
        inputs: what the graph calls X, sequence_lens, initial_h and, of an LSTM, initial_c; ""
            for one that is not given, and the last ones may be missing.
        outputs: what it is to call Y, Y_h and, of an LSTM, Y_c; likewise.
        name: of the node, with which the names of its initializers begin.

    Raises:
        MissingExtra: onnx is not installed.
        UsageError: more inputs or outputs than the node has, or no X.
        ConfigurationError: a number of a node in float64 that an attribute, which is float32,
            cannot hold.

    Example:
        >>> from elman import GRU
        >>> from elman.weights import to_onnx
        >>> node, weights = to_node_proto(*to_onnx(GRU(3, 4)), inputs=("words", "lengths"))
        >>> list(node.input), [one.name for one in weights]
        (['words', 'layer.W', 'layer.R', 'layer.B', 'lengths'], ['layer.W', 'layer.R', 'layer.B'])
    """
    onnx = _onnx()
    if node.W.dtype == np.float64:
        _check_numbers(node)
    arrays = {key: getattr(node, key) for key in _WEIGHTS}
    named = {key: f"{name}.{key}" for key, array in arrays.items() if array is not None}
    parts = 1 + (node.op_type == "LSTM")  # of the state: h, or h and c
    if not 0 < len(inputs) <= 2 + parts or not inputs[0] or len(outputs) > 1 + parts:
        raise UsageError(
            f"The node is to have the inputs {list(inputs)} and the outputs {list(outputs)}.",
            where=f"to_node_proto, {node.op_type}",
            expected=f"X, then up to {1 + parts} inputs more; up to {1 + parts} outputs",
        )
    given = dict(zip(("X", "sequence_lens", "initial_h", "initial_c"), inputs, strict=False))
    wired = [(named | given).get(key, "") for key in _INPUTS]
    while not wired[-1]:
        wired.pop()
    made = onnx.helper.make_node(node.op_type, wired, list(outputs), name, **node.attributes)
    tensors = [onnx.numpy_helper.from_array(arrays[key], own) for key, own in named.items()]
    return made, tensors


def from_node_proto(node: NodeProto, initializers: Iterable[TensorProto]) -> OnnxNode:
    """The attributes and weights of a node.

    What is given to the node at each call (X, sequence_lens, initial_h, initial_c) is no part of
    it: give the layer `lengths` and a state.

    Args:
        node: RNN, LSTM or GRU.
        initializers: of its graph, among them W, R, B and P.

    Raises:
        MissingExtra: onnx is not installed.
        ConfigurationError: another operator; weights that are not among the initializers; lengths
            or a state that are.
    """
    onnx = _onnx()
    where = f"node {node.name!r} ({node.op_type})"
    if node.domain not in ("", "ai.onnx") or node.op_type not in KINDS:
        raise ConfigurationError(
            f"{node.domain or 'ai.onnx'}.{node.op_type} is no recurrent operator of ONNX.",
            where=where,
            expected=" or ".join(KINDS),
        )
    tensors = {one.name: one for one in initializers}
    wired = {key: name for key, name in zip(_INPUTS, node.input, strict=False) if name}
    for key, name in wired.items():
        if key not in ("X", *_WEIGHTS):
            _check_given_at_calls(key, tensors.get(name), where)
    arrays = {
        key: _array(tensors.get(wired.get(key, "")), f"{key} = {wired.get(key, '')!r}", where)
        for key in _WEIGHTS
        if key in wired or key in "WR"
    }
    double = arrays["W"].dtype == np.float64
    attributes = {
        one.name: _plain(onnx.helper.get_attribute_value(one), double) for one in node.attribute
    }
    return OnnxNode(node.op_type, attributes, **arrays)


def _onnx() -> Any:
    try:
        return import_module("onnx")
    except ModuleNotFoundError as error:
        raise MissingExtra("onnx", "export", "A node as a NodeProto") from error


def _check_numbers(node: OnnxNode) -> None:
    for key in ("clip", "activation_alpha", "activation_beta"):
        for number in np.atleast_1d(node.attributes.get(key, [])).tolist():
            if float(np.float32(number)) != number:
                raise ConfigurationError(
                    "The node computes in float64, and its attributes are float32.",
                    where=f"{key} = {number!r}",
                    expected=f"a number that float32 has, as {float(np.float32(number))!r}",
                    next_step="choose such a number, or convert layer.float()",
                )


def _check_given_at_calls(key: str, tensor: TensorProto | None, where: str) -> None:
    """Refuse lengths or a state that are the same at each call; zeros are the usual state."""
    if tensor is None or (key != "sequence_lens" and not _array(tensor, key, where).any()):
        return
    raise ConfigurationError(
        f"{key} is an initializer: it is the same at each call.",
        where=f"{where}, {key} = {tensor.name!r}",
        expected="an input of the graph, or none",
        next_step="take it from the node, and give it to each call of the layer",
    )


def _array(tensor: TensorProto | None, what: str, where: str) -> Array:
    onnx = _onnx()
    if tensor is None:
        raise ConfigurationError(
            f"{what} is not among the initializers.",
            where=where,
            expected="its weights as a TensorProto of that name",
            next_step="give all of model.graph.initializer, and the values of Constant nodes",
        )
    if tensor.data_location == onnx.TensorProto.EXTERNAL:
        raise ConfigurationError(
            f"{what} is in another file.",
            where=where,
            expected="a model whose weights have been read",
            next_step="onnx.load(path), which reads them too",
        )
    array: Array = onnx.numpy_helper.to_array(tensor)
    return array


def _plain(value: Any, double: bool) -> Any:
    """A value of an attribute as Python has it.

    Attributes are float32. For weights of float32 or less, 0.2 there is 0.2 here, and not
    0.20000000298; a node in float64 computes with the latter.
    """
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, float):
        return value if double else float(str(np.float32(value)))
    return [_plain(one, double) for one in value] if isinstance(value, Iterable) else value
