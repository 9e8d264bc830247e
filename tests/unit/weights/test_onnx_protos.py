"""Nodes as messages of the library onnx: written, checked by it, read back, and refused."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import NodeProto, TensorProto, helper, numpy_helper

import elman
from elman.cells.activations import Activation
from elman.errors import ConfigurationError, MissingExtra, ShapeError, UsageError
from elman.weights import from_node_proto, from_onnx, to_node_proto, to_onnx
from tests.layer_kinds import make_layer
from tests.unit.weights.test_onnx_nodes import HELD


def check(node: NodeProto, tensors: list[TensorProto]) -> None:
    """Have the library check a model of this node alone."""
    kind = tensors[0].data_type
    graph = helper.make_graph(
        [node],
        "one",
        [helper.make_tensor_value_info("X", kind, ["T", "B", 3])],
        [helper.make_tensor_value_info("Y", kind, ["T", None, "B", 4])],
        tensors,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)


@pytest.mark.parametrize("name", HELD)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_written_checked_and_read_back(name: str, bias: bool, dtype: torch.dtype) -> None:
    layer = make_layer(name, 3, 4, bidirectional=True, bias=bias, dtype=dtype)
    node, tensors = to_node_proto(*to_onnx(layer))
    check(node, tensors)
    text = NodeProto.FromString(node.SerializeToString())
    back = from_onnx(from_node_proto(text, tensors))
    assert back.cell == layer.cell
    for one, other in zip(layer.parameters(), back.parameters(), strict=True):
        assert torch.equal(one, other)


def test_what_the_graph_calls_inputs_and_outputs() -> None:
    (lstm,), (peepholes,) = (
        to_onnx(elman.LSTM(3, 4, peephole=peephole)) for peephole in (False, True)
    )
    node, tensors = to_node_proto(lstm, name="first")
    assert (node.name, list(node.input)) == ("first", ["X", "first.W", "first.R", "first.B"])
    assert [tensor.name for tensor in tensors] == ["first.W", "first.R", "first.B"]
    assert list(node.output) == ["Y"]
    node, _ = to_node_proto(
        peepholes, inputs=("x", "", "h_0", "c_0"), outputs=("y", "", "c_n"), name="n"
    )
    assert list(node.input) == ["x", "n.W", "n.R", "n.B", "", "h_0", "c_0", "n.P"]
    assert list(node.output) == ["y", "", "c_n"]
    node, _ = to_node_proto(peepholes, name="n")
    assert list(node.input) == ["X", "n.W", "n.R", "n.B", "", "", "", "n.P"]


def test_numbers_are_read_as_they_were_meant_in_float32_and_exactly_in_float64() -> None:
    function = Activation("hard_sigmoid", 0.3)
    (node,) = to_onnx(elman.GRU(3, 4, gate_nonlinearity=function, clip=0.7))
    cell = from_onnx(from_node_proto(*to_node_proto(node))).cell
    assert (cell.gate_nonlinearity, cell.clip) == (function, 0.7)
    proto, tensors = to_node_proto(node)
    wide = [
        numpy_helper.from_array(numpy_helper.to_array(one).astype("float64"), one.name)
        for one in tensors
    ]
    cell = from_onnx(from_node_proto(proto, wide)).cell
    assert cell.clip == float(np.float32(0.7)) != 0.7


def test_a_state_of_zeros_in_the_graph_is_the_usual_one() -> None:
    (node,) = to_onnx(elman.GRU(3, 4))
    proto, tensors = to_node_proto(node, inputs=("X", "", "h_0"))
    zeros = numpy_helper.from_array(np.zeros((1, 2, 4), np.float32), "h_0")
    assert from_onnx(from_node_proto(proto, [*tensors, zeros])).cell == elman.GRU(3, 4).cell


# --- refusals


def refused(node: NodeProto, tensors: list[TensorProto]) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        from_node_proto(node, tensors)
    assert caught.value.what
    assert caught.value.where.startswith(f"node {node.name!r} ({node.op_type})")
    assert caught.value.expected
    return caught.value


def written() -> tuple[NodeProto, list[TensorProto]]:
    (node,) = to_onnx(elman.GRU(3, 4))
    return to_node_proto(node, inputs=("X", "lengths", "h_0"))


def test_without_onnx_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    node, tensors = written()
    (plain,) = to_onnx(elman.GRU(3, 4))
    monkeypatch.setitem(sys.modules, "onnx", None)
    for call in (lambda: to_node_proto(plain), lambda: from_node_proto(node, tensors)):
        with pytest.raises(MissingExtra) as caught:
            call()
        assert "'onnx', which is not installed" in caught.value.what
        assert caught.value.next_step == "pip install 'elman[export]'"


def test_without_onnx_the_arrays_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    layer = elman.GRU(3, 4)
    assert repr(from_onnx(to_onnx(layer))) == repr(layer)


@pytest.mark.parametrize(("op_type", "domain"), [("MatMul", ""), ("GRU", "com.microsoft")])
def test_other_operators(op_type: str, domain: str) -> None:
    node, tensors = written()
    node.op_type, node.domain = op_type, domain
    error = refused(node, tensors)
    assert f"{domain or 'ai.onnx'}.{op_type} is no recurrent operator" in error.what
    assert error.expected == "RNN or LSTM or GRU"


@pytest.mark.parametrize("number", [0, 1, 2])
def test_weights_that_are_not_among_the_initializers(number: int) -> None:
    node, tensors = written()
    missing = tensors.pop(number)
    error = refused(node, tensors)
    assert error.what == f"{'WRB'[number]} = {missing.name!r} is not among the initializers."
    assert "model.graph.initializer" in error.next_step


def test_a_node_without_weights() -> None:
    error = refused(helper.make_node("GRU", ["X"], ["Y"], "bare"), [])
    assert error.what == "W = '' is not among the initializers."


def test_weights_in_another_file_are_not_read() -> None:
    node, tensors = written()
    tensors[1].ClearField("raw_data")
    tensors[1].data_location = TensorProto.EXTERNAL
    tensors[1].external_data.add(key="location", value="../../etc/passwd")
    error = refused(node, tensors)
    assert error.what == "R = 'layer.R' is in another file."
    assert "onnx.load" in error.next_step


@pytest.mark.parametrize(
    ("name", "key", "array"),
    [
        ("lengths", "sequence_lens", np.array([5, 3], np.int32)),
        ("lengths", "sequence_lens", np.array([0, 0], np.int32)),
        ("h_0", "initial_h", np.ones((1, 2, 4), np.float32)),
    ],
)
def test_what_belongs_to_a_call_is_not_kept(name: str, key: str, array: Any) -> None:
    node, tensors = written()
    error = refused(node, [*tensors, numpy_helper.from_array(array, name)])
    assert error.what == f"{key} is an initializer: it is the same at each call."
    assert f"{key} = {name!r}" in error.where
    assert "each call of the layer" in error.next_step


def test_attributes_that_no_node_has() -> None:
    node, tensors = written()
    values: list[Any] = [tensors[0], ["a", "b"], 1.5, [1, 2]]
    for value in values:
        other = NodeProto.FromString(node.SerializeToString())
        other.attribute.append(helper.make_attribute("mystery", value))
        with pytest.raises(ConfigurationError, match="'mystery' is not an attribute"):
            from_onnx(from_node_proto(other, tensors))


def test_a_text_that_is_none() -> None:
    node, tensors = written()
    (one,) = (one for one in node.attribute if one.name == "direction")
    one.s = b"\xff"
    with pytest.raises(ConfigurationError, match="direction = "):
        from_onnx(from_node_proto(node, tensors))


@pytest.mark.parametrize(
    ("inputs", "outputs"),
    [
        ((), ("Y",)),
        (("",), ("Y",)),
        (("X", "lengths", "h_0", "c_0"), ("Y",)),
        (("X",), ("Y", "Y_h", "Y_c")),
    ],
)
def test_inputs_and_outputs_that_a_gru_does_not_have(inputs: Any, outputs: Any) -> None:
    (node,) = to_onnx(elman.GRU(3, 4))
    with pytest.raises(UsageError) as caught:
        to_node_proto(node, inputs=inputs, outputs=outputs)
    assert f"{list(inputs)} and the outputs {list(outputs)}" in caught.value.what
    assert caught.value.expected == "X, then up to 2 inputs more; up to 2 outputs"


def test_weights_in_bfloat16_are_refused() -> None:
    node, tensors = written()
    for one in tensors:
        zeros = np.zeros(list(one.dims))
        one.CopyFrom(helper.make_tensor(one.name, TensorProto.BFLOAT16, zeros.shape, zeros))
    with pytest.raises(ShapeError, match="W is of dtype bfloat16"):
        from_onnx(from_node_proto(node, tensors))


def test_a_number_that_an_attribute_cannot_hold() -> None:
    for options in ({"clip": 0.7}, {"gate_nonlinearity": Activation("hard_sigmoid", 0.25, 0.3)}):
        own: Any = options
        (node,) = to_onnx(elman.GRU(3, 4, dtype=torch.float64, **own))
        with pytest.raises(ConfigurationError) as caught:
            to_node_proto(node)
        assert "computes in float64, and its attributes are float32" in caught.value.what
        assert "a number that float32 has, as 0." in caught.value.expected
        to_node_proto(*to_onnx(elman.GRU(3, 4, **own)))
    halves: Any = {"clip": 0.5, "gate_nonlinearity": Activation("hard_sigmoid", 0.25, 0.5)}
    to_node_proto(*to_onnx(elman.GRU(3, 4, dtype=torch.float64, **halves)))
