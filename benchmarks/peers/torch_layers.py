"""PyTorch's own layers and cells: padded, on a PackedSequence, in bfloat16, one step."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from benchmarks.cases import Cell
from benchmarks.peers import torch_loop
from benchmarks.problem import TORCH_LAYERS, Contender, ModuleRun, Problem, with_weights

_CELLS: dict[Cell, Any] = {"rnn": nn.RNNCell, "lstm": nn.LSTMCell, "gru": nn.GRUCell}


def contenders(problem: Problem) -> list[Contender]:
    """None for what `torch.nn` does not have: a reset gate first, resets, recurrent dropout."""
    case = problem.case
    if case.cell not in TORCH_LAYERS:
        return []
    if case.task == "streaming":
        return [_cell(problem)]
    if case.task == "ragged training":
        return [_packed(problem), _padded(problem, "torch padded")]
    if case.task == "bf16 training":
        # It adds up the gradient of its weights in bfloat16, one rounding a step.
        return [_padded(problem, "torch bf16", torch.bfloat16, rounding=5e-2)]
    if case.task == "norm training":
        return torch_loop.contenders(problem)
    if case.task in ("reset training", "recurrent dropout training"):
        return []
    return [_padded(problem, "torch padded")]


def _padded(
    problem: Problem,
    name: str,
    dtype: torch.dtype = torch.float32,
    rounding: float = Contender.rounding,
) -> Contender:
    layer = _layer(problem).to(dtype)
    batch = problem.batch.clone().to(dtype).requires_grad_(problem.case.learns)
    d_output = problem.d_output.to(dtype)
    run = ModuleRun(layer, batch, lambda: layer(batch)[0], d_output, lambda tensor: tensor)
    return run.contender(name, problem, rounding)


def _packed(problem: Problem) -> Contender:
    layer = _layer(problem)
    given = pack_padded_sequence(problem.batch, problem.lengths, enforce_sorted=False)
    data = given.data.clone().requires_grad_()
    batch = given._replace(data=data)
    d_output = pack_padded_sequence(problem.d_output, problem.lengths, enforce_sorted=False)

    def padded(data: Tensor) -> Tensor:
        return pad_packed_sequence(batch._replace(data=data), total_length=problem.case.steps)[0]

    run = ModuleRun(layer, data, lambda: layer(batch)[0].data, d_output.data, padded)
    return run.contender("torch packed", problem)


def _cell(problem: Problem) -> Contender:
    cell = _CELLS[problem.case.cell](problem.case.inputs, problem.case.hidden)
    with_weights(cell, problem)
    step = problem.batch[0]
    state = problem.state if len(problem.state) == 2 else problem.state[0]

    def forward() -> Tensor:
        found: Any = cell(step, state)
        h: Tensor = found[0] if isinstance(found, tuple) else found
        return h

    run = ModuleRun(cell, step, forward, problem.d_output, lambda h: h.unsqueeze(0))
    return run.contender("torch cell", problem)


def _layer(problem: Problem) -> Any:
    layer = TORCH_LAYERS[problem.case.cell](problem.case.inputs, problem.case.hidden)
    with_weights(layer, problem)
    return layer
