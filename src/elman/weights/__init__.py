"""Weights from and to other libraries: `torch.nn`, Keras 3, ONNX.

    from_torch, to_torch, to_torch_cell         modules of `torch.nn`
    from_keras, to_keras, KerasLayer            the arrays of `get_weights()`
    from_onnx, to_onnx, OnnxNode                W, R, B, P and the attributes of a node
    from_node_proto, to_node_proto              such a node as the messages of the library onnx

What is converted computes the same, but for rounding; what the other side cannot hold is refused
with its reason. Weights are always copies. docs/weights.md has the tables.
"""

from elman.weights.keras_arrays import KerasLayer, from_keras, to_keras
from elman.weights.onnx_nodes import OnnxNode, from_onnx, to_onnx
from elman.weights.onnx_protos import from_node_proto, to_node_proto
from elman.weights.torch_nn import from_torch, to_torch, to_torch_cell

__all__ = [
    "KerasLayer",
    "OnnxNode",
    "from_keras",
    "from_node_proto",
    "from_onnx",
    "from_torch",
    "to_keras",
    "to_node_proto",
    "to_onnx",
    "to_torch",
    "to_torch_cell",
]
