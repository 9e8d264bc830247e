"""The native core serves what it is said to serve: elsewhere a refusal would be a skipped test."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import elman
from elman.kernels.engine import engine_status

pytestmark = pytest.mark.skipif(not engine_status().built, reason=engine_status().reason)

ZONEOUT = {elman.RNN: 0.1, elman.GRU: 0.1, elman.LSTM: (0.1, 0.2)}
FUNCTIONS = ["tanh", "relu", "sigmoid", "hard_sigmoid"]
FUSED: list[tuple[Any, dict[str, Any]]] = [
    *((kind, {}) for kind in ZONEOUT),
    (elman.GRU, {"reset_after": False}),
    *((kind, {"norm": "joint"}) for kind in ZONEOUT),
    *((elman.LSTM, one) for one in ({"peephole": True}, {"proj_size": 2}, {"coupled": True})),
    *((kind, {"clip": 1.0}) for kind in ZONEOUT),
    *((kind, {"zoneout": rate}) for kind, rate in ZONEOUT.items()),
    *((kind, {"recurrent_dropout": 0.5}) for kind in ZONEOUT),
    *((kind, {"norm": "joint", "zoneout": rate}) for kind, rate in ZONEOUT.items()),
    *((kind, {"norm": "joint", "recurrent_dropout": 0.5}) for kind in ZONEOUT),
    (elman.LSTM, {"proj_size": 2, "recurrent_dropout": 0.5}),
    *((kind, {"nonlinearity": name}) for kind in ZONEOUT for name in FUNCTIONS),
    *((kind, {"gate_nonlinearity": n}) for kind in (elman.LSTM, elman.GRU) for n in FUNCTIONS),
    *((elman.LSTM, {"state_nonlinearity": name}) for name in FUNCTIONS),
]


@pytest.mark.parametrize(
    ("kind", "options"), FUSED, ids=[f"{kind.__name__}-{options}" for kind, options in FUSED]
)
def test_with_resets_an_initial_state_and_both_directions(
    kind: Any, options: dict[str, Any]
) -> None:
    layer = kind(3, 4, bidirectional=True, initial_state="learned", kernel="cpu", **options)
    x = torch.randn(5, 3, 3, requires_grad=True)
    resets = torch.arange(15).view(5, 3) % 4 == 1
    layer(x, lengths=[5, 2, 0], resets=resets)[0].square().sum().backward()
    assert x.grad is not None
    assert all(weight.grad is not None for weight in layer.parameters())
