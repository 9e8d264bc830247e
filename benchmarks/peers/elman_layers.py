"""Our own layers, on the native engine or not at all."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

import elman
from benchmarks.cases import Case, Cell, Task
from benchmarks.problem import Contender, ModuleRun, Problem, with_weights
from benchmarks.results import LIMIT, LIMIT_SIZE
from elman.kernels.engine import engine_status
from elman.sequences import Ragged

_LAYERS: dict[Cell, tuple[Any, dict[str, Any]]] = {
    "rnn": (elman.RNN, {}),
    "lstm": (elman.LSTM, {}),
    "gru": (elman.GRU, {}),
    "gru_reset_before": (elman.GRU, {"reset_after": False}),
}
_VARIED: dict[Task, dict[str, Any]] = {
    "norm training": {"norm": "joint"},
    "reset training": {},
    "recurrent dropout training": {"recurrent_dropout": 0.25},
}
_RESETS = 0.05
"""The share of steps at which a sequence begins anew."""


def why_left_out(case: Case) -> str | None:
    """Why a case says nothing on this machine."""
    has_instruction = engine_status().processor.get("avx512_bf16", False)
    if case.task == "bf16 training" and not has_instruction:
        return "the processor multiplies no bfloat16"
    return None


def contenders(problem: Problem) -> list[Contender]:
    """The layer the others are compared with comes first."""
    case = problem.case
    if case.task == "streaming":
        return [_streaming(problem)]
    if case.task == "inference":
        return [_frozen(problem), _padded(problem, "elman layer")]
    if case.task == "ragged training":
        return [_ragged(problem), _padded(problem, "elman padded")]
    if case.task == "bf16 training":
        bf16 = _padded(problem, "elman bf16", rounding=1e-2, precision="bf16")
        return [_padded(problem, "elman"), bf16]
    if case.task in _VARIED:
        return [_varied(problem), _untold(_padded(problem, "elman"))]
    found = [_padded(problem, "elman")]
    if case.task == "training" and case.cell == "gru_reset_before":
        found.append(_untold(_padded(problem, "elman reset after", cell="gru")))
    if case.near_the_limit:
        matrix = torch.ones(LIMIT_SIZE, LIMIT_SIZE)
        found.append(Contender(LIMIT, lambda: torch.mm(matrix, matrix), None))
    return found


def _untold(contender: Contender) -> Contender:
    """One that computes something else than the first, and is compared in time only."""
    return Contender(contender.name, contender.turn, None)


def _varied(problem: Problem) -> Contender:
    """The variant that the task names."""
    case = problem.case
    resets = None
    if case.task == "reset training":
        resets = torch.rand(case.steps, case.batch) < _RESETS
    return _padded(problem, case.ours, resets=resets, **_VARIED[case.task])


def _layer(problem: Problem, cell: Cell, **options: Any) -> Any:
    kind, own = _LAYERS[cell]
    layer = kind(problem.case.inputs, problem.case.hidden, kernel="cpu", **own, **options)
    with_weights(layer, problem)
    return layer


def _padded(
    problem: Problem,
    name: str,
    *,
    cell: Cell | None = None,
    rounding: float = Contender.rounding,
    resets: Tensor | None = None,
    **options: Any,
) -> Contender:
    layer = _layer(problem, cell or problem.case.cell, **options)
    batch = problem.batch.clone().requires_grad_(problem.case.learns)

    def forward() -> Tensor:
        output: Tensor = layer(batch, resets=resets)[0]
        return output

    run = ModuleRun(layer, batch, forward, problem.d_output, lambda t: t)
    return run.contender(name, problem, rounding)


def _frozen(problem: Problem) -> Contender:
    layer = _layer(problem, problem.case.cell)
    frozen, batch = elman.Frozen(layer), problem.batch
    run = ModuleRun(layer, batch, lambda: frozen(batch)[0], problem.d_output, lambda t: t)
    return run.contender("elman", problem)


def _streaming(problem: Problem) -> Contender:
    layer = _layer(problem, problem.case.cell)
    frozen, step = elman.Frozen(layer, problem.case.batch), problem.batch[0]
    parts = tuple(part.unsqueeze(0) for part in problem.state)
    state = parts if len(parts) == 2 else parts[0]

    def padded(output: Tensor) -> Tensor:
        return output.unsqueeze(0)

    run = ModuleRun(layer, step, lambda: frozen.step(step, state)[0], problem.d_output, padded)
    return run.contender("elman", problem)


def _ragged(problem: Problem) -> Contender:
    layer = _layer(problem, problem.case.cell)
    given = Ragged.from_padded(problem.batch, problem.lengths)
    values = given.values.clone().requires_grad_()
    batch = given.with_values(values)

    def padded(values: Tensor) -> Tensor:
        return batch.with_values(values).to_padded(total_length=problem.case.steps)

    d_values = Ragged.from_padded(problem.d_output, problem.lengths).values
    run = ModuleRun(layer, values, lambda: layer(batch)[0].values, d_values, padded)
    return run.contender("elman", problem)
