"""Calls as functions of their tensors, for the tests of derivatives on the native core's kernel."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from elman.kernels import dispatch
from elman.kernels.plan import flatten, unflatten
from tests.contract.cases import Case, call_of, tensors
from tests.tolerances import GRADIENT, NORMED_GRADIENT

CASES = [
    Case("rnn_tanh", (3, 1), "reverse"),
    Case("rnn_joint", (3, 1)),
    Case("lstm", (3, 2, 0), "both", extras=("restart",)),
    Case("lstm_projected", (3, 2), bias=False),
    Case("lstm_peephole", (2, 1), extras=("mask", "expected_zoneout")),
    Case("gru_reset_after", (3, 2), "both", extras=("resets",)),
    Case("gru_reset_before", (3, 3, 1), extras=("mask",)),
]
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.cell)

Leaves = dict[str, Tensor]
SIZE = 4
"""M, the size of the mapped dimension."""


Loss = Callable[[Leaves], Tensor]


class Call:
    """A case's call with its leaves, and functions of the leaves: its outputs, and a number."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.leaves = {name: leaf.detach() for name, leaf in tensors(case).items()}
        self.plan, self.drawn = flatten(call_of(case, self.leaves))
        self.places = {
            name: next(n for n, one in enumerate(self.drawn) if one is leaf)
            for name, leaf in self.leaves.items()
        }

    def outputs(self, leaves: Leaves, kernel: str = "cpu") -> list[Tensor]:
        """Output and final states, with these leaves in the places of its own."""
        flat = list(self.drawn)
        for name, leaf in leaves.items():
            flat[self.places[name]] = leaf
        result = dispatch.run(unflatten(self.plan, flat), kernel)
        return [result.output, *(part for state in result.final for part in state)]

    def loss(self, kernel: str = "cpu") -> Loss:
        """A number made of all outputs, curved, so that its second derivative is not 0."""

        def of(leaves: Leaves) -> Tensor:
            whole = torch.cat([part.flatten() for part in self.outputs(leaves, kernel)])
            weights = torch.linspace(-1, 2, len(whole), dtype=whole.dtype)
            return torch.dot(whole.exp(), weights)

        return of


def assert_same(case: Case, found: Leaves, expected: Leaves) -> None:
    table = NORMED_GRADIENT if case.spec.norm != "none" else GRADIENT
    scale = max(float(one.abs().max()) for one in expected.values() if one.numel())
    assert scale > 0
    for name, one in expected.items():
        assert found[name].shape == one.shape, name
        difference = float((found[name] - one).abs().max()) if one.numel() else 0.0
        assert difference <= table[case.dtype] * scale, f"{name} differs by {difference:.1e}"
