"""Nodes of ONNX to layers and back: bit for bit, layouts one gate at a time, attributes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import elman
from elman.cells.activations import Activation
from elman.cells.spec import CellSpec
from elman.weights import OnnxNode, from_onnx, to_onnx
from tests.layer_kinds import LAYERS, make_layer
from tests.unit.weights.converted import randomised

# All that ONNX can hold of the layers that the tests go through.
HELD = [
    "rnn_tanh", "rnn_relu", "lstm", "gru_reset_after", "gru_reset_before", "lstm_peephole",
    "lstm_functions",
]  # fmt: skip


def test_the_layers_that_are_held_are_there() -> None:
    assert set(HELD) <= set(LAYERS)


@pytest.mark.parametrize("name", HELD)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"bidirectional": True},
        {"num_layers": 3, "bidirectional": True},
        {"bias": False},
        {"dtype": torch.float64},
        {"dtype": torch.float16},
    ],
    ids=str,
)
def test_elman_to_onnx_to_elman_is_the_same_bit_for_bit(name: str, options: Any) -> None:
    layer = randomised(make_layer(name, 3, 4, **options))
    nodes = to_onnx(layer)
    assert len(nodes) == layer.num_layers
    back = from_onnx(nodes if len(nodes) > 1 else nodes[0])
    assert repr(back) == repr(layer)
    assert back.cell == layer.cell
    expected, found = dict(layer.named_parameters()), dict(back.named_parameters())
    assert list(found) == list(expected)
    for key, weight in expected.items():
        assert found[key].dtype == weight.dtype
        assert torch.equal(found[key], weight), key
    for one, other in zip(nodes, to_onnx(back), strict=True):
        assert one.op_type == other.op_type
        assert one.attributes == other.attributes
        for array, again in zip(arrays_of(one), arrays_of(other), strict=True):
            assert np.array_equal(array, again)


def arrays_of(node: OnnxNode) -> list[Any]:
    return [array for array in (node.W, node.R, node.B, node.P) if array is not None]


def test_the_gates_stand_where_onnx_has_them() -> None:
    """Each gate's weights are one number, so that a layout can be read off."""
    marks = {"i": 1.0, "f": 2.0, "g": 3.0, "o": 4.0, "r": 5.0, "z": 6.0, "n": 7.0}
    layers: list[tuple[Any, str, str]] = [
        (elman.LSTM(1, 1, peephole=True), "ifgo", "iofg"),
        (elman.GRU(1, 1), "rzn", "zrn"),
    ]
    for layer, ours, theirs in layers:
        rows = torch.tensor([marks[gate] for gate in ours])
        with torch.no_grad():
            for name, weight in layer.named_parameters():
                peephole = torch.tensor([marks[gate] for gate in "ifo"])
                weight.copy_(peephole if name.startswith("peephole") else rows.view_as(weight))
        (node,) = to_onnx(layer)
        expected = [marks[gate] for gate in theirs]
        assert node.W[0, :, 0].tolist() == node.R[0, :, 0].tolist() == expected
        assert node.B is not None
        assert node.B.tolist() == [[*expected, *expected]]
        if ours == "ifgo":
            assert node.P is not None
            assert node.P.tolist() == [[marks[gate] for gate in "iof"]]


def test_the_directions_are_stacked_and_the_biases_laid_end_to_end() -> None:
    layer: Any = randomised(elman.RNN(3, 2, bidirectional=True))
    (node,) = to_onnx(layer)
    assert np.array_equal(node.W[1], layer.weight_ih_l0_reverse.detach())
    assert np.array_equal(node.R[0], layer.weight_hh_l0.detach())
    assert node.B is not None
    assert np.array_equal(node.B[1, :2], layer.bias_ih_l0_reverse.detach())
    assert np.array_equal(node.B[1, 2:], layer.bias_hh_l0_reverse.detach())


def test_attributes_of_a_plain_lstm() -> None:
    (node,) = to_onnx(elman.LSTM(3, 4))
    assert node.attributes == {
        "hidden_size": 4,
        "direction": "forward",
        "activations": ["Sigmoid", "Tanh", "Tanh"],
    }


def test_attributes_of_a_node_that_has_them_all() -> None:
    layer = elman.LSTM(
        3,
        4,
        bidirectional=True,
        gate_nonlinearity="hard_sigmoid",
        nonlinearity=Activation("elu", 0.5),
        state_nonlinearity="identity",
        coupled=True,
        clip=3,
    )
    (node,) = to_onnx(layer)
    assert node.attributes == {
        "hidden_size": 4,
        "direction": "bidirectional",
        "activations": ["HardSigmoid", "Elu", "Affine"] * 2,
        "activation_alpha": [0.2, 0.5, 1.0] * 2,
        "activation_beta": [0.5, 0.0] * 2,
        "clip": 3.0,
        "input_forget": 1,
    }
    assert from_onnx(node).cell.state_nonlinearity == "affine"  # 1 a + 0, the same function


@pytest.mark.parametrize("reset_after", [True, False])
def test_the_form_of_a_gru_is_always_said(reset_after: bool) -> None:
    (node,) = to_onnx(elman.GRU(3, 4, reset_after=reset_after))
    assert node.attributes["linear_before_reset"] == int(reset_after)


def plain(op_type: str, attributes: dict[str, Any], *, directions: int = 1) -> CellSpec:
    """The cell of a node of zeros."""
    rows = {"RNN": 1, "LSTM": 4, "GRU": 3}[op_type] * 2
    arrays = np.zeros((directions, rows, 3)), np.zeros((directions, rows, 2))
    return from_onnx(OnnxNode(op_type, attributes, *arrays)).cell


def test_what_is_missing_is_onnx_s_default() -> None:
    assert plain("RNN", {}) == CellSpec("rnn")
    assert plain("LSTM", {}) == CellSpec("lstm")
    assert plain("GRU", {}) == CellSpec("gru", reset_after=False)
    assert plain("GRU", {"direction": "bidirectional"}, directions=2).reset_after is False


def test_alphas_and_betas_are_used_up_by_the_functions_that_have_them() -> None:
    cell = plain(
        "LSTM",
        {
            "activations": ["HardSigmoid", "Tanh", "LeakyRelu"],
            "activation_alpha": [0.3, 0.4],
            "activation_beta": [0.6],
        },
    )
    assert cell.gate_nonlinearity == Activation("hard_sigmoid", 0.3, 0.6)
    assert cell.nonlinearity == "tanh"
    assert cell.state_nonlinearity == Activation("leaky_relu", 0.4)


def test_alphas_that_are_missing_are_the_usual_ones() -> None:
    names = ["HardSigmoid", "LeakyRelu"]
    cell = plain("GRU", {"activations": names, "activation_alpha": [0.3]})
    assert cell.gate_nonlinearity == Activation("hard_sigmoid", 0.3)
    assert cell.nonlinearity == "leaky_relu"


def test_layout_1_is_batch_first_and_changes_no_array() -> None:
    (node,) = to_onnx(elman.GRU(3, 4, batch_first=True))
    assert "layout" not in node.attributes
    assert not from_onnx(node).batch_first
    turned = OnnxNode("GRU", {**node.attributes, "layout": 1}, node.W, node.R, node.B)
    layer = from_onnx(turned)
    assert layer.batch_first
    assert np.array_equal(to_onnx(layer)[0].W, node.W)


def test_arrays_are_copies_and_nothing_is_drawn() -> None:
    layer = elman.LSTM(3, 4, peephole=True)
    (node,) = to_onnx(layer)
    seed = torch.get_rng_state()
    back: Any = from_onnx(node)
    assert torch.equal(torch.get_rng_state(), seed)
    before = [weight.clone() for weight in back.parameters()]
    for array in arrays_of(node):
        array += 1
    for own in (layer, back):
        for weight, expected in zip(own.parameters(), before, strict=True):
            assert torch.equal(weight, expected)
