"""Who takes part, in which tasks, and who is left out because its package is not installed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import get_args

from benchmarks.cases import Task
from benchmarks.peers import elman_layers, jax_scan, onnx_runtime, torch_layers
from benchmarks.problem import Contender, Problem

_EVERY_TASK: frozenset[Task] = frozenset(get_args(Task))


@dataclass(frozen=True)
class Peer:
    """A library.

    Attributes:
        name: as people call it.
        packages: what must be installed.
        tasks: what it can do.
        contenders: its contenders in one problem, the quickest way that it offers or several.
    """

    name: str
    packages: tuple[str, ...]
    tasks: frozenset[Task]
    contenders: Callable[[Problem], list[Contender]]

    def missing(self) -> str | None:
        """Why it cannot take part, in one sentence."""
        absent = [package for package in self.packages if find_spec(package) is None]
        if not absent:
            return None
        return f"{self.name} is left out: {' and '.join(absent)} not installed."


PEERS: tuple[Peer, ...] = (
    Peer("elman", (), _EVERY_TASK, elman_layers.contenders),
    Peer("torch.nn", (), _EVERY_TASK, torch_layers.contenders),
    Peer(
        "ONNX Runtime",
        ("onnx", "onnxruntime"),
        frozenset(("inference", "streaming")),
        onnx_runtime.contenders,
    ),
    Peer(
        "JAX",
        ("jax",),
        frozenset(("training", "inference", "ragged training")),
        jax_scan.contenders,
    ),
)


def contenders(problem: Problem, peers: tuple[Peer, ...] = PEERS) -> list[Contender]:
    """Everyone who is there and can do the task; ours comes first."""
    return [
        contender
        for peer in peers
        if problem.case.task in peer.tasks and peer.missing() is None
        for contender in peer.contenders(problem)
    ]
