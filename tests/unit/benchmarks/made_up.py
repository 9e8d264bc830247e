"""Contenders and results that no machine has measured."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from benchmarks.cases import CASES, MEMORY, Case
from benchmarks.peers.every_peer import Peer
from benchmarks.problem import Contender
from benchmarks.results import Memory, Results, Row

SMALL = Case("inference", "gru", 2, 3, 4, 5)
PEERS_OF = {
    "training": ("torch padded", "JAX", "torch.mm", "elman reset after"),
    "inference": ("torch padded", "ONNX Runtime", "JAX"),
    "ragged training": ("torch packed", "torch padded", "elman padded", "JAX"),
    "streaming": ("torch cell", "ONNX Runtime"),
    "bf16 training": ("elman", "torch bf16"),
    "norm training": ("elman", "torch loop"),
    "reset training": ("elman",),
    "recurrent dropout training": ("elman",),
}


@dataclass
class Turns:
    """Who had a turn, in order."""

    names: list[str] = field(default_factory=list)

    def contender(self, name: str, answer: Tensor | None = None) -> Contender:
        given = torch.ones(3) if answer is None else answer
        return Contender(name, lambda: self.names.append(name), lambda: {"output": given})

    def peer(self, *contenders: Contender) -> Peer:
        return Peer("elman", (), frozenset({"inference"}), lambda _: list(contenders))


def results(times_faster: float) -> Results:
    """Every case measured, each other contender as many times slower than we are."""
    rows = []
    for case in CASES:
        others = dict.fromkeys(PEERS_OF[case.task], 10.0 * times_faster)
        rows.append(Row(case, {case.ours: 10.0, **others}, (1.0, 1.0), 0.0, {}))
    memory = [Memory(case, peer, 100.0 if peer == "elman" else 200.0) for case, peer in MEMORY]
    return Results({"threads": "1"}, [], rows, memory)
