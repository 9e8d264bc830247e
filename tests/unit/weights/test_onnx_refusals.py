"""What is refused on the way from and to ONNX, and that the refusal says what would do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

import elman
from elman.errors import ConfigurationError, ElmanError, ShapeError, UsageError
from elman.weights import OnnxNode, from_onnx, to_onnx

LSTM = to_onnx(elman.LSTM(3, 2, peephole=True))[0]
GRU = to_onnx(elman.GRU(3, 2))[0]
BOTH = to_onnx(elman.GRU(3, 2, bidirectional=True))[0]
B, P = np.zeros((1, 16), np.float32), np.zeros((1, 6), np.float32)


def refused(kind: type[ElmanError], nodes: Any) -> ElmanError:
    """The refusal, which says what came and what would have been right."""
    with pytest.raises(kind) as caught:
        from_onnx(nodes)
    assert caught.value.what
    assert caught.value.expected
    return caught.value


@pytest.mark.parametrize(
    ("key", "array", "what", "expected"),
    [
        ("W", LSTM.W[0], "W has shape [8, 3].", "[1, 8, any] (directions, 4 x hidden_size, input"),
        ("W", LSTM.W[:, :6], "W has shape [1, 6, 3].", "[1, 8, any]"),
        ("R", LSTM.R[0], "R has shape [8, 2].", "[1, any, any]"),
        ("R", LSTM.R.transpose(0, 2, 1), "R has shape [1, 2, 8].", "[1, 8, 2]"),
        ("R", np.concatenate([LSTM.R] * 2), "R has shape [2, 8, 2].", "[1, any, any] (directions"),
        ("B", B[:, :8], "B has shape [1, 8].", "[1, 16] (directions, 2 x 4 x hidden_size)"),
        ("B", B[0], "B has shape [16].", "[1, 16]"),
        ("P", P[:, :2], "P has shape [1, 2].", "[1, 6] (directions, 3 x hidden_size)"),
        ("W", LSTM.W.tolist(), "W is of type list.", "a numpy.ndarray"),
        ("W", LSTM.W.astype("int64"), "W is of dtype int64.", "float16 or float32 or float64"),
        ("R", LSTM.R.astype("float64"), "R is torch.float64.", "torch.float32, as W is"),
        ("P", P.astype("bool"), "P is of dtype bool.", "float32"),
    ],
)
def test_arrays_that_do_not_fit(key: str, array: Any, what: str, expected: str) -> None:
    changes: dict[str, Any] = {key: array}
    error = refused(ShapeError, replace(LSTM, **changes))
    assert what in error.what
    assert expected in error.expected
    assert error.where == "node 0 (LSTM)"


@pytest.mark.parametrize("key", ["W", "R"])
def test_weights_that_are_missing(key: str) -> None:
    changes: dict[str, Any] = {key: None}
    error = refused(ShapeError, replace(LSTM, **changes))
    assert error.what == f"{key} is of type NoneType."


def test_another_hidden_size_than_that_of_the_arrays() -> None:
    error = refused(ShapeError, replace(GRU, attributes={"hidden_size": 3}))
    assert (error.what, error.expected[:9]) == ("R has shape [1, 6, 2].", "[1, 9, 3]")


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"hidden_size": "2"}, "a whole number, 1 or more"),
        ({"hidden_size": 0}, "a whole number, 1 or more"),
        ({"direction": "reverse"}, "'forward' or 'bidirectional'"),
        ({"direction": b"forward"}, "'forward' or 'bidirectional'"),
        ({"direction": ["forward"]}, "'forward' or 'bidirectional'"),
        ({"activations": ["Sigmoid"]}, "2 names, as ['Sigmoid', 'Tanh']"),
        ({"activations": ["Sigmoid", "Tanh"] * 2}, "2 names, as ['Sigmoid', 'Tanh']"),
        ({"activations": "Tanh"}, "2 names, as ['Sigmoid', 'Tanh']"),
        ({"activation_alpha": 0.5}, "a list of numbers"),
        ({"activation_alpha": "0.5"}, "a list of numbers"),
        ({"activation_alpha": [0.5]}, "one for each function that has such a number"),
        ({"activation_beta": [0.5]}, "one for each function that has such a number"),
        ({"linear_before_reset": 2}, "0 or 1"),
        ({"linear_before_reset": "1"}, "0 or 1"),
        ({"layout": 2}, "0 or 1"),
    ],
)
def test_values_that_elman_has_not(attributes: dict[str, Any], expected: str) -> None:
    error = refused(ConfigurationError, replace(GRU, attributes=attributes))
    ((key, value),) = attributes.items()
    assert error.where == f"node 0 (GRU), {key} = {value!r}"
    assert expected in error.expected


@pytest.mark.parametrize("name", ["tanh", "Gelu", None, ["Tanh"]])
def test_unknown_functions(name: Any) -> None:
    error = refused(ConfigurationError, replace(GRU, attributes={"activations": ["Sigmoid", name]}))
    assert error.where == f"node 0 (GRU), activations = {name!r}"
    assert "Tanh or Sigmoid or Relu" in error.expected


@pytest.mark.parametrize(
    ("attributes", "where"),
    [
        ({"clip": -1.0}, "clip = -1.0"),
        ({"clip": 0.0}, "clip = 0.0"),
        ({"clip": "3"}, "clip = '3'"),
        ({"activations": ["Sigmoid", "Elu"], "activation_alpha": ["1"]}, "alpha = '1'"),
        ({"activations": ["Sigmoid", "Elu"], "activation_alpha": [float("nan")]}, "alpha = nan"),
    ],
)
def test_numbers_that_are_none(attributes: dict[str, Any], where: str) -> None:
    error = refused(ConfigurationError, replace(GRU, attributes=attributes))
    assert error.where == where


@pytest.mark.parametrize(
    ("node", "key"),
    [
        (GRU, "linear_after_reset"),
        (GRU, "input_forget"),
        (GRU, "output_sequence"),
        (LSTM, "linear_before_reset"),
        (to_onnx(elman.RNN(3, 2))[0], "linear_before_reset"),
        (to_onnx(elman.RNN(3, 2))[0], "input_forget"),
    ],
)
def test_unknown_attributes(node: OnnxNode, key: str) -> None:
    error = refused(ConfigurationError, replace(node, attributes={**node.attributes, key: 1}))
    assert error.what == f"{key!r} is not an attribute of this node."
    assert error.where == f"node 0 ({node.op_type}), {key} = 1"
    assert "hidden_size, direction, activations" in error.expected


@pytest.mark.parametrize("op_type", ["Gru", "MatMul", "", None, ["GRU"]])
def test_unknown_operators(op_type: Any) -> None:
    error = refused(ConfigurationError, replace(GRU, op_type=op_type))
    assert repr(op_type) in error.what
    assert error.expected == "'RNN' or 'LSTM' or 'GRU'"


def test_attributes_that_are_none() -> None:
    changes: dict[str, Any] = {"attributes": None}
    error = refused(ConfigurationError, replace(GRU, **changes))
    assert "NoneType" in error.what


def test_peepholes_where_there_is_no_cell_state() -> None:
    error = refused(ConfigurationError, replace(GRU, P=P))
    assert error.what == "The operator GRU has no peepholes."
    assert error.where == "node 0 (GRU), P"


def test_directions_with_different_functions() -> None:
    names = ["Sigmoid", "Tanh", "Sigmoid", "Relu"]
    error = refused(
        ConfigurationError,
        replace(BOTH, attributes={"direction": "bidirectional", "activations": names}),
    )
    assert "the same functions, with the same numbers, in both directions" in error.expected
    elu: dict[str, Any] = {"activations": ["Sigmoid", "Elu"] * 2, "activation_alpha": [1.0, 2.0]}
    refused(ConfigurationError, replace(BOTH, attributes={"direction": "bidirectional"} | elu))


@pytest.mark.parametrize("nodes", [["GRU"], [None], GRU.W])
def test_something_else_than_a_node(nodes: Any) -> None:
    error = refused(UsageError, nodes)
    assert "OnnxNode" in error.expected
    assert "from_node_proto" in error.next_step


def test_no_node_at_all() -> None:
    refused(ConfigurationError, [])


@pytest.mark.parametrize(
    ("below", "above", "where"),
    [
        (GRU, replace(GRU, attributes={"linear_before_reset": 0}), "cell = CellSpec("),
        (GRU, replace(GRU, B=None), "bias = False"),
        (GRU, replace(GRU, attributes={**GRU.attributes, "layout": 1}), "batch_first = True"),
        (GRU, BOTH, "bidirectional = True"),
        (GRU, to_onnx(elman.GRU(2, 4))[0], "hidden_size = 4"),
        (GRU, to_onnx(elman.GRU(2, 2, dtype=torch.float64))[0], "dtype = torch.float64"),
        (GRU, to_onnx(elman.RNN(2, 2))[0], "cell = CellSpec("),
    ],
)
def test_nodes_that_differ_belong_in_a_stack(below: Any, above: Any, where: str) -> None:
    error = refused(ConfigurationError, [below, above])
    assert where in error.where
    assert error.where.startswith("node 1")
    assert "as node 0 (GRU) has it" in error.expected
    assert "elman.Stack" in error.next_step


def test_a_node_that_does_not_read_what_the_one_below_gives() -> None:
    error = refused(ShapeError, [BOTH, BOTH])
    assert error.what == "The layer reads steps of width 3."
    assert "width 4" in error.expected
    assert error.where == "node 1 (GRU)"


@pytest.mark.parametrize("options", [{"dtype": torch.bfloat16}, {"device": "meta"}], ids=str)
def test_weights_that_numpy_cannot_hold(options: Any) -> None:
    with pytest.raises(ShapeError) as caught:
        to_onnx(elman.GRU(3, 2, **options))
    assert "float16, float32 or float64" in caught.value.expected


def test_a_projection_is_refused_with_its_reason() -> None:
    with pytest.raises(ConfigurationError) as caught:
        to_onnx(elman.LSTM(3, 4, proj_size=2))
    assert str(caught.value) == (
        "ONNX cannot hold this LSTM: the LSTM of ONNX has no projection.\n"
        "  where: proj_size = 2\n"
        "  expected: proj_size = 0\n"
        "  next: keep this layer in Elman"
    )
