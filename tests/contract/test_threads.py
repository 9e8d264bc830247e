"""The native core and the threads that torch was told to use."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor

import elman
from elman.kernels.engine import engine_status

pytestmark = pytest.mark.skipif(not engine_status().built, reason=engine_status().reason)

LAYERS: dict[str, tuple[Any, dict[str, Any]]] = {
    "rnn": (elman.RNN, {}),
    "lstm": (elman.LSTM, {"proj_size": 30}),
    "lstm_peephole": (
        elman.LSTM,
        {"peephole": True, "recurrent_dropout": 0.5, "zoneout": (0.1, 0.2)},
    ),
    "gru": (elman.GRU, {}),
    "gru_reset_before": (elman.GRU, {"reset_after": False}),
    "gru_joint": (elman.GRU, {"norm": "joint"}),
}


@contextmanager
def threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def run(layer: Any, x: Tensor) -> list[Tensor]:
    """Output and every gradient of a ragged batch with resets."""
    torch.manual_seed(4)  # the masks of dropout are drawn alike
    lengths = [30, 2, 17, 17, 0, 25, 30]
    resets = torch.rand(30, 7) < 0.1
    output = layer(x, lengths=lengths, resets=resets)[0]
    weights = torch.linspace(-1, 2, output.numel())
    loss = torch.dot(output.flatten(), weights)
    return [output, *torch.autograd.grad(loss, [x, *layer.parameters()])]


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("precision", ["full", "bf16"])
def test_the_same_numbers_at_every_run(name: str, count: int, precision: str) -> None:
    kind, options = LAYERS[name]
    torch.manual_seed(0)
    layer = kind(20, 40, 2, bidirectional=True, kernel="cpu", precision=precision, **options)
    x = torch.randn(30, 7, 20, requires_grad=True)
    with threads(count):
        first, *others = [run(layer, x) for _ in range(3)]
    for other in others:
        assert all(torch.equal(one, again) for one, again in zip(first, other, strict=True))


THREADS_OF_A_CALL = """
import os, sys, torch, elman
torch.set_num_threads(int(sys.argv[1]))
layer, x = elman.GRU(8, 16, kernel="cpu"), torch.randn(20, 6, 8)
before = len(os.listdir("/proc/self/task"))
output, _ = layer(x)
print(len(os.listdir("/proc/self/task")) - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts the threads in /proc")
@pytest.mark.parametrize("count", [1, 2])
def test_no_more_threads_than_torch_was_told_to_use(count: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", THREADS_OF_A_CALL, str(count)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) == count - 1
