"""ONNX Runtime: a graph of one RNN, LSTM or GRU node with our weights; inference only.

The weights are constants of the graph, so ONNX Runtime lays them out once, before the first turn.
"""

from __future__ import annotations

import importlib
from typing import Any

import torch
from torch import Tensor

from benchmarks.cases import Cell
from benchmarks.machine import cores
from benchmarks.problem import Contender, Problem

_NODES: dict[Cell, tuple[str, dict[str, int]]] = {
    "rnn": ("RNN", {}),
    "lstm": ("LSTM", {}),
    "gru": ("GRU", {"linear_before_reset": 1}),
    "gru_reset_before": ("GRU", {"linear_before_reset": 0}),
}
_GATE_ORDER = {"RNN": (0,), "LSTM": (0, 3, 1, 2), "GRU": (1, 0, 2)}
"""ONNX stacks the gates i o f g and z r n; we, as `torch.nn`, i f g o and r z n."""
_OPSET, _FORMAT = 17, 8


def contenders(problem: Problem) -> list[Contender]:
    """One session, run on the batch."""
    session = _session(_model(problem))
    fed = {"X": problem.batch.numpy()}
    for name, part in zip(("h_0", "c_0"), problem.state, strict=False):
        fed[name] = part.unsqueeze(0).numpy()

    def answers() -> dict[str, Tensor]:
        output = torch.from_numpy(session.run(None, fed)[0])  # [T, directions, B, H]
        return {"output": output.squeeze(1)}

    return [Contender("ONNX Runtime", lambda: session.run(None, fed), answers)]


def _session(model: Any) -> Any:
    runtime: Any = importlib.import_module("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = cores()
    options.inter_op_num_threads = 1
    # Else its threads would go on turning in the next contender's time.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    return runtime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def _model(problem: Problem) -> Any:
    """The graph: X and the state (in streaming) to Y and the state after the step."""
    onnx: Any = importlib.import_module("onnx")
    make, number = onnx.helper, onnx.TensorProto.FLOAT
    case = problem.case
    kind, options = _NODES[case.cell]
    states = ("h_0", "c_0")[: len(problem.state)]
    finals = [name.replace("0", "n") for name in states]
    ends = ["X", "W", "R", "B", "", *states], ["Y", *finals]
    node = make.make_node(kind, *ends, hidden_size=case.hidden, **options)
    constants = [
        onnx.numpy_helper.from_array(tensor.numpy(), name)
        for name, tensor in _weights(problem, kind).items()
    ]
    state_shape = [1, case.batch, case.hidden]
    inputs = [
        make.make_tensor_value_info("X", number, [case.steps, case.batch, case.inputs]),
        *(make.make_tensor_value_info(name, number, state_shape) for name in states),
    ]
    outputs = [
        make.make_tensor_value_info("Y", number, [case.steps, *state_shape]),
        *(make.make_tensor_value_info(name, number, state_shape) for name in finals),
    ]
    graph = make.make_graph([node], "layer", inputs, outputs, constants)
    opset = [make.make_opsetid("", _OPSET)]
    return make.make_model(graph, opset_imports=opset, ir_version=_FORMAT)


def _weights(problem: Problem, kind: str) -> dict[str, Tensor]:
    """W [1, G·H, I], R [1, G·H, H] and B [1, 2·G·H], gates in the order of ONNX."""

    def ordered(name: str) -> Tensor:
        blocks = problem.weights[name].split(problem.case.hidden)
        return torch.cat([blocks[number] for number in _GATE_ORDER[kind]]).unsqueeze(0)

    biases = [ordered("bias_ih_l0"), ordered("bias_hh_l0")]
    return {
        "W": ordered("weight_ih_l0"),
        "R": ordered("weight_hh_l0"),
        "B": torch.cat(biases, dim=1),
    }
