"""Every contender computes what we compute, on cases small enough for a test."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec

import pytest
import torch

from benchmarks.cases import CASES, CELLS, Case, Cell, Task
from benchmarks.memory import peak_growth
from benchmarks.peers.every_peer import PEERS, contenders
from benchmarks.problem import Problem
from benchmarks.verify import compare
from elman.kernels.engine import engine_status

pytestmark = pytest.mark.skipif(
    not engine_status().built, reason="the native core is not built, and it is what is measured"
)
needs_onnx = pytest.mark.skipif(
    find_spec("onnx") is None or find_spec("onnxruntime") is None,
    reason="ONNX Runtime is not installed",
)
WITHOUT_JAX = tuple(peer for peer in PEERS if peer.name != "JAX")
TORCH_CELLS: tuple[Cell, ...] = ("rnn", "lstm", "gru")
WHO: dict[tuple[Task, Cell], set[str]] = {
    **{("training", cell): {"torch padded"} for cell in TORCH_CELLS},
    ("training", "gru_reset_before"): set(),
    **{
        ("inference", cell): {"elman layer", "torch padded", "ONNX Runtime"} for cell in TORCH_CELLS
    },
    ("inference", "gru_reset_before"): {"elman layer", "ONNX Runtime"},
    ("ragged training", "lstm"): {"elman padded", "torch packed", "torch padded"},
    ("ragged training", "gru"): {"elman padded", "torch packed", "torch padded"},
    **{("streaming", cell): {"torch cell", "ONNX Runtime"} for cell in TORCH_CELLS},
    **{("bf16 training", cell): {"elman bf16", "torch bf16"} for cell in TORCH_CELLS},
    ("norm training", "lstm"): {"torch loop"},
    ("reset training", "lstm"): set(),
    ("recurrent dropout training", "lstm"): set(),
}
# JAX has threads of its own, and a process that has them must not be forked by another test.
JAX = """
from benchmarks.cases import CELLS, Case
from benchmarks.peers.every_peer import PEERS, contenders
from benchmarks.problem import Problem
from benchmarks.verify import compare
peers = tuple(peer for peer in PEERS if peer.name in ("elman", "JAX"))
for task, cell in [("training", "lstm"), *(("inference", cell) for cell in CELLS)]:
    print(sorted(compare(contenders(Problem.of(Case(task, cell, 3, 4, 5, 6)), peers))))
"""


def small(task: Task, cell: Cell) -> Case:
    steps = 1 if task == "streaming" else 20
    (case, *_) = [case for case in CASES if (case.task, case.cell) == (task, cell)]
    return replace(case, batch=min(case.batch, 3), steps=steps, inputs=5, hidden=6)


@needs_onnx
@pytest.mark.parametrize(("task", "cell"), WHO)
def test_the_contenders_agree_with_us(task: Task, cell: Cell) -> None:
    case = small(task, cell)
    with torch.inference_mode(not case.learns):
        rivals = contenders(Problem.of(case), WITHOUT_JAX)
        assert rivals[0].name in ("elman", case.ours)
        assert compare(rivals).keys() == WHO[task, cell]
        for rival in rivals:
            rival.turn()


def test_gradients_are_compared() -> None:
    (ours, *_) = contenders(Problem.of(small("training", "gru")), WITHOUT_JAX)
    assert ours.answers is not None
    assert len(ours.answers()) == 6  # the output, four weights, the batch


@pytest.mark.skipif(find_spec("jax") is None, reason="JAX is not installed")
def test_jax_agrees_with_us() -> None:
    done = subprocess.run([sys.executable, "-c", JAX], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    training, *inference = done.stdout.splitlines()
    assert training == "['JAX']"
    assert inference == ["['JAX', 'elman layer']"] * len(CELLS)


def test_memory_grows_with_the_batch() -> None:
    few, many = (
        peak_growth(Case("training", "lstm", 8, steps, 64, 64), "torch.nn") for steps in (50, 2000)
    )
    assert many > few + 8 * (2000 - 50) * 64 * 4 * 4 / 2**20  # the gates alone
