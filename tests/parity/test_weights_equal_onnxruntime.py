"""Converted layers against ONNX Runtime, which runs the nodes that were made or converted."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper
from torch import Tensor

import elman
from elman.cells.activations import Activation, ActivationName
from elman.weights import OnnxNode, from_onnx, to_node_proto, to_onnx
from tests.layer_kinds import parts
from tests.tolerances import ONNX_RUNTIME

INPUTS, HIDDEN = 3, 6
LENGTHS = [7, 2, 5, 1]
both = pytest.mark.parametrize("bidirectional", [False, True])


def run_nodes(nodes: list[OnnxNode], x: Tensor, states: list[list[Tensor]]) -> list[Tensor]:
    """Nodes on top of each other, each with its own state: Y as [T, B, D·H], and final states.

    Between two nodes, Y [T, D, B, H] becomes X [T, B, D·H], as docs/weights.md says.
    """
    graph_nodes: list[Any] = []
    weights: list[TensorProto] = []
    given = {"x0": x.numpy(), "lengths": np.array(LENGTHS, dtype=np.int32)}
    outputs: list[str] = []
    for number, (node, state) in enumerate(zip(nodes, states, strict=True)):
        names = [f"{part}{number}" for part in ("h", "c")[: len(state)]]
        given |= {name: part.numpy() for name, part in zip(names, state, strict=True)}
        finals = [f"{name}_n" for name in names]
        made, tensors = to_node_proto(
            node,
            inputs=(f"x{number}", "lengths", *names),
            outputs=(f"y{number}", *finals),
            name=f"node{number}",
        )
        graph_nodes += [
            made,
            helper.make_node("Transpose", [f"y{number}"], [f"t{number}"], perm=[0, 2, 1, 3]),
            helper.make_node("Reshape", [f"t{number}", "shape"], [f"x{number + 1}"]),
        ]
        weights += tensors
        outputs += finals
    weights.append(onnx.numpy_helper.from_array(np.array([0, 0, -1], dtype=np.int64), "shape"))
    outputs = [f"x{len(nodes)}", *outputs]
    kinds = {np.dtype("float32"): TensorProto.FLOAT, np.dtype("int32"): TensorProto.INT32}
    graph = helper.make_graph(
        graph_nodes,
        "layers",
        [helper.make_tensor_value_info(name, kinds[array.dtype], array.shape)
         for name, array in given.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * 3) for name in outputs],
        weights,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
    onnx.checker.check_model(model)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    return [torch.from_numpy(array) for array in session.run(outputs, given)]


def assert_same(layer: Any, nodes: list[OnnxNode]) -> None:
    """A layer beside nodes, over sequences of several lengths, from states that are not 0."""
    own = torch.Generator().manual_seed(0)
    x = torch.randn(max(LENGTHS), len(LENGTHS), INPUTS, generator=own)
    shape = (layer.num_layers, layer.num_directions, len(LENGTHS), HIDDEN)
    drawn = [torch.randn(shape, generator=own) for _ in layer.cell.state_names]
    given = [part.flatten(0, 1) for part in drawn]
    output, final = layer(x, tuple(given) if len(given) > 1 else given[0], lengths=LENGTHS)
    states = [[part[number] for part in drawn] for number in range(layer.num_layers)]
    expected, *finals = run_nodes(nodes, x, states)
    count = len(drawn)
    found = [output, *parts(final)]
    wanted = [expected, *(torch.cat(finals[part::count]) for part in range(count))]
    for mine, other in zip(found, wanted, strict=True):
        assert mine.shape == other.shape
        largest = max(1.0, float(other.abs().max()))  # functions without bounds go far
        assert float((mine.detach() - other).abs().max()) <= ONNX_RUNTIME * largest


def drawn_layer(kind: str, **options: Any) -> Any:
    torch.manual_seed(0)
    layer = getattr(elman, kind.upper())(INPUTS, HIDDEN, **options)
    with torch.no_grad():
        for weight in layer.parameters():
            weight.mul_(1.5)  # far enough out to meet clips and kinks
    return layer


VARIANTS: list[tuple[str, dict[str, Any]]] = [
    ("rnn", {}),
    ("rnn", {"nonlinearity": "relu", "clip": 0.5}),
    ("rnn", {"nonlinearity": "identity", "clip": 0.5}),
    ("lstm", {}),
    ("lstm", {"bias": False}),
    ("lstm", {"peephole": True}),
    ("lstm", {"coupled": True}),
    ("lstm", {"peephole": True, "coupled": True, "clip": 0.3}),
    ("lstm", {"gate_nonlinearity": Activation("hard_sigmoid", 0.3, 0.4),
              "nonlinearity": Activation("leaky_relu", 0.2),
              "state_nonlinearity": Activation("scaled_tanh", 0.7, 0.6), "clip": 1.0}),
    ("gru", {}),
    ("gru", {"reset_after": False}),
    ("gru", {"bias": False, "reset_after": False}),
    ("gru", {"clip": 0.3, "reset_after": False}),
    ("gru", {"gate_nonlinearity": "hard_sigmoid", "nonlinearity": Activation("elu", 0.5)}),
]  # fmt: skip


@both
@pytest.mark.parametrize(("kind", "options"), VARIANTS, ids=str)
def test_nodes_that_were_made(kind: str, options: dict[str, Any], bidirectional: bool) -> None:
    layer = drawn_layer(kind, bidirectional=bidirectional, **options)
    assert_same(layer, to_onnx(layer))


@pytest.mark.parametrize(("kind", "options"), VARIANTS, ids=str)
def test_nodes_on_top_of_each_other(kind: str, options: dict[str, Any]) -> None:
    layer = drawn_layer(kind, num_layers=3, bidirectional=True, **options)
    assert_same(layer, to_onnx(layer))


@pytest.mark.parametrize("name", get_args(ActivationName))
def test_every_function(name: ActivationName) -> None:
    layer = drawn_layer("gru", reset_after=False, nonlinearity=name, clip=1.0)
    assert_same(layer, to_onnx(layer))


# --- nodes that ONNX's own words describe, converted


def drawn_node(op_type: str, attributes: dict[str, Any], *, bias: bool, peephole: bool) -> OnnxNode:
    """A node of arrays that know nothing of Elman."""
    count = 2 if attributes.get("direction") == "bidirectional" else 1
    rows = {"RNN": 1, "LSTM": 4, "GRU": 3}[op_type] * HIDDEN
    draw = np.random.default_rng(0)

    def made(*shape: int) -> Any:
        return draw.uniform(-0.6, 0.6, (count, *shape)).astype(np.float32)

    return OnnxNode(
        op_type,
        {"hidden_size": HIDDEN, **attributes},
        made(rows, INPUTS),
        made(rows, HIDDEN),
        made(2 * rows) if bias else None,
        made(3 * HIDDEN) if peephole else None,
    )


NODES: list[tuple[str, dict[str, Any]]] = [
    ("RNN", {}),
    ("RNN", {"activations": ["Relu"], "clip": 0.5}),
    ("RNN", {"activations": ["LeakyRelu"]}),
    ("LSTM", {}),
    ("LSTM", {"input_forget": 1}),
    ("LSTM", {"clip": 0.4, "activations": ["HardSigmoid", "Softsign", "Tanh"]}),
    ("LSTM", {"activations": ["HardSigmoid", "Tanh", "Elu"], "activation_alpha": [0.3, 0.4],
              "activation_beta": [0.4]}),
    ("GRU", {}),
    ("GRU", {"linear_before_reset": 1}),
    ("GRU", {"linear_before_reset": 0, "clip": 0.4}),
    ("GRU", {"activations": ["HardSigmoid", "ThresholdedRelu"], "activation_alpha": [0.3, 0.1],
             "activation_beta": [0.6]}),
    ("GRU", {"activations": ["Sigmoid", "Affine"], "activation_alpha": [0.3],
             "activation_beta": [0.1]}),
]  # fmt: skip


@both
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("op_type", "attributes"), NODES, ids=str)
def test_nodes_that_were_converted(
    op_type: str, attributes: dict[str, Any], bias: bool, bidirectional: bool
) -> None:
    if bidirectional:
        lists = ("activations", "activation_alpha", "activation_beta")
        attributes = {
            key: value * 2 if key in lists else value for key, value in attributes.items()
        } | {"direction": "bidirectional"}
    for peephole in (False, True)[: 1 + (op_type == "LSTM")]:
        node = drawn_node(op_type, attributes, bias=bias, peephole=peephole)
        assert_same(from_onnx(node), [node])


def test_onnxruntime_itself_refuses_layout_1() -> None:
    """Which is why nodes are made of layout 0. The day it takes it, they can be of either."""
    node = drawn_node("GRU", {"layout": 1}, bias=True, peephole=False)
    proto, weights = to_node_proto(node)
    graph = helper.make_graph(
        [proto],
        "one",
        [helper.make_tensor_value_info("X", TensorProto.FLOAT, [2, 5, INPUTS])],
        [helper.make_tensor_value_info("Y", TensorProto.FLOAT, None)],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
    with pytest.raises(Exception, match="layout") as caught:
        onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    assert "onnxruntime" in type(caught.value).__module__


def test_layout_1_means_the_same_arrays_read_batch_first() -> None:
    node = drawn_node("GRU", {"linear_before_reset": 1}, bias=True, peephole=False)
    turned = OnnxNode("GRU", {**node.attributes, "layout": 1}, node.W, node.R, node.B)
    plain: Any = from_onnx(node)
    layer: Any = from_onnx(turned)
    x = torch.randn(2, 5, INPUTS)
    assert torch.equal(layer(x)[0], plain(x.transpose(0, 1))[0].transpose(0, 1))
