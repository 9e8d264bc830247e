"""Elman's cells against ONNX Runtime: one node a model, with every attribute that the node has."""

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
from elman.layers.recurrent import Recurrent
from tests.layer_kinds import parts
from tests.tolerances import ONNX_RUNTIME

LENGTHS = [7, 2, 5, 1]
# ONNX's order of the gates, and of the peepholes, as places in Elman's.
ORDERS = {"rnn": [0], "lstm": [0, 3, 1, 2], "gru": [1, 0, 2]}
PEEPHOLES = [0, 2, 1]
NAMES = {name: name.title().replace("_", "") for name in get_args(ActivationName)}


def reordered(weight: Tensor, order: list[int]) -> np.ndarray[Any, Any]:
    blocks = weight.detach().chunk(len(order))
    return torch.cat([blocks[place] for place in order]).numpy()


def attributes_of(layer: Recurrent) -> dict[str, Any]:
    """The attributes of the node; the functions of every direction, one after the other."""
    cell, directions = layer.cell, layer.num_directions
    f, g, h = cell.activations
    functions = {"rnn": [g], "lstm": [f, g, h], "gru": [f, g]}[cell.kind] * directions
    found: dict[str, Any] = {
        "hidden_size": layer.hidden_size,
        "direction": "bidirectional" if layer.bidirectional else "forward",
        "activations": [NAMES[function.name] for function in functions],
    }
    for key in ("alpha", "beta"):
        numbers = [getattr(function, key) for function in functions]
        if any(number is not None for number in numbers):
            found[f"activation_{key}"] = [number for number in numbers if number is not None]
    if cell.clip is not None:
        found["clip"] = cell.clip
    if cell.kind == "gru":
        found["linear_before_reset"] = int(cell.reset_after)
    if cell.coupled:
        found["input_forget"] = 1
    return found


def inputs_of(layer: Recurrent, x: Tensor, state: list[Tensor]) -> dict[str, np.ndarray[Any, Any]]:
    weights, order = layer.state_dict(), ORDERS[layer.cell.kind]
    endings = ["_l0", "_l0_reverse"][: layer.num_directions]

    def stacked(name: str, order: list[int]) -> np.ndarray[Any, Any]:
        return np.stack([reordered(weights[name + end], order) for end in endings])

    biases = [stacked(name, order) for name in ("bias_ih", "bias_hh")]
    found = {
        "X": x.numpy(),
        "W": stacked("weight_ih", order),
        "R": stacked("weight_hh", order),
        "B": np.concatenate(biases, axis=1),
        "sequence_lens": np.array(LENGTHS, dtype=np.int32),
        "initial_h": state[0].numpy(),
    }
    if layer.cell.kind == "lstm":
        found["initial_c"] = state[1].numpy()
    if layer.cell.peephole:
        found["P"] = stacked("peephole", PEEPHOLES)
    return found


def run_node(layer: Recurrent, x: Tensor, state: list[Tensor]) -> list[Tensor]:
    """The layer as a model of a single node: Y as [T, B, D·H], and the final state."""
    names = ["X", "W", "R", "B", "sequence_lens", "initial_h"]
    names += ["initial_c", "P"] if layer.cell.kind == "lstm" else []
    given = inputs_of(layer, x, state)
    outputs = ["Y", "Y_h", "Y_c"][: 1 + len(state)]
    node = helper.make_node(
        layer.cell.kind.upper(),
        [name if name in given else "" for name in names],
        outputs,
        **attributes_of(layer),
    )
    graph = helper.make_graph(
        [node],
        "one",
        [helper.make_tensor_value_info(name, _type(array), array.shape)
         for name, array in given.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None] * rank)
         for name, rank in zip(outputs, [4, 3, 3], strict=False)],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
    onnx.checker.check_model(model)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    y, *final = (torch.from_numpy(array) for array in session.run(None, given))
    return [y.permute(0, 2, 1, 3).flatten(2), *final]


def _type(array: np.ndarray[Any, Any]) -> int:
    return TensorProto.INT32 if array.dtype == np.int32 else TensorProto.FLOAT


def assert_same(kind: str, **options: Any) -> None:
    torch.manual_seed(0)
    layer: Any = getattr(elman, kind.upper())(3, 6, **options)
    with torch.no_grad():
        for weight in layer.parameters():
            weight.mul_(1.5)  # far enough out to meet clips and kinks
    x = torch.randn(max(LENGTHS), len(LENGTHS), 3)
    parts_of_state = len(layer.cell.state_names)
    state = [torch.randn(layer.num_directions, len(LENGTHS), 6) for _ in range(parts_of_state)]
    given = tuple(state) if len(state) > 1 else state[0]
    output, final = layer(x, given, lengths=LENGTHS)
    expected = run_node(layer, x, state)
    if set(options) - {"bidirectional"}:  # an option that changes nothing would prove nothing
        plain: Any = getattr(elman, kind.upper())(3, 6, bidirectional=layer.bidirectional)
        plain.load_state_dict(layer.state_dict(), strict=False)
        assert float((plain(x, given, lengths=LENGTHS)[0] - output).detach().abs().max()) > 1e-3
    for mine, other in zip([output, *parts(final)], expected, strict=True):
        assert mine.shape == other.shape
        largest = max(1.0, float(other.abs().max()))  # functions without bounds go far
        assert float((mine.detach() - other).abs().max()) <= ONNX_RUNTIME * largest


both = pytest.mark.parametrize("bidirectional", [False, True])


@both
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("rnn", {}),
        ("rnn", {"nonlinearity": "relu"}),
        ("lstm", {}),
        ("gru", {}),
        ("gru", {"reset_after": False}),
    ],
    ids=str,
)
def test_plain_cells(kind: str, options: dict[str, Any], bidirectional: bool) -> None:
    assert_same(kind, bidirectional=bidirectional, **options)


@both
@pytest.mark.parametrize("clip", [0.3, 1.5])
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("rnn", {}),
        ("lstm", {}),
        ("lstm", {"peephole": True}),
        ("lstm", {"coupled": True, "peephole": True}),
        ("gru", {}),
        ("gru", {"reset_after": False}),
    ],
    ids=str,
)
def test_clip(kind: str, options: dict[str, Any], clip: float, bidirectional: bool) -> None:
    assert_same(kind, bidirectional=bidirectional, clip=clip, **options)


@both
@pytest.mark.parametrize("options", [("peephole",), ("coupled",), ("peephole", "coupled")], ids=str)
def test_peepholes_and_coupled_gates(options: tuple[str, ...], bidirectional: bool) -> None:
    assert_same("lstm", bidirectional=bidirectional, **dict.fromkeys(options, True))


def other_numbers(name: ActivationName) -> Activation:
    """The function with numbers that are not the usual ones, where it has some."""
    usual = Activation(name)
    alpha = None if usual.alpha is None else usual.alpha * 0.75
    return Activation(name, alpha, None if usual.beta is None else usual.beta - 0.25)


@pytest.mark.parametrize("name", sorted(set(get_args(ActivationName)) - {"identity"}))
@pytest.mark.parametrize(
    ("kind", "role"),
    [
        ("rnn", "nonlinearity"),
        ("lstm", "gate_nonlinearity"),
        ("lstm", "nonlinearity"),
        ("lstm", "state_nonlinearity"),
        ("gru", "gate_nonlinearity"),
        ("gru", "nonlinearity"),
    ],
)
def test_every_function_of_onnx_in_every_role(kind: str, role: str, name: ActivationName) -> None:
    options = {"reset_after": False} if kind == "gru" else {}
    for function in (Activation(name), other_numbers(name)):
        assert_same(kind, bidirectional=True, clip=1.0, **{role: function}, **options)


def test_every_role_at_once_takes_its_own_numbers() -> None:
    assert_same(
        "lstm",
        bidirectional=True,
        gate_nonlinearity=Activation("hard_sigmoid", 0.3, 0.4),
        nonlinearity=Activation("leaky_relu", 0.2),
        state_nonlinearity=Activation("scaled_tanh", 0.7, 0.6),
        clip=1.0,
    )
    assert_same(
        "gru",
        bidirectional=True,
        gate_nonlinearity=Activation("hard_sigmoid", 0.3, 0.4),
        nonlinearity=Activation("elu", 0.2),
    )
