"""Converted layers against the modules of `torch.nn` that they came from, and go to."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

import elman
from elman.weights import from_torch, to_torch, to_torch_cell
from tests.layer_kinds import PLAIN, make_layer, parts
from tests.tolerances import OUTPUT

# torch says so of its own projected LSTM, which is only the oracle here.
pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported:UserWarning")

INPUTS, HIDDEN, STEPS, BATCH = 3, 5, 7, 4
HELD = [name for name in PLAIN if name != "gru_reset_before"]
OPTIONS: list[dict[str, Any]] = [
    {},
    {"num_layers": 2, "bidirectional": True},
    {"batch_first": True},
    {"bias": False},
    {"dtype": torch.float64},
    {"num_layers": 2, "dropout": 0.5},
]


def assert_same(ours: Any, theirs: Any) -> None:
    """The outputs and final states of two layers, in evaluation, from a state of their own."""
    dtype = next(theirs.parameters()).dtype
    own = torch.Generator().manual_seed(0)
    x = torch.randn(STEPS, BATCH, INPUTS, generator=own, dtype=dtype)
    if theirs.batch_first:
        x = x.transpose(0, 1)
    _, state = theirs.eval()(x)
    for given in (None, state):
        (found, found_state), (output, final) = ours.eval()(x, given), theirs(x, given)
        for mine, other in zip([found, *parts(found_state)], [output, *parts(final)], strict=True):
            assert mine.shape == other.shape
            assert float((mine - other).detach().abs().max()) <= OUTPUT[dtype]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("name", HELD)
def test_layers_from_torch(name: str, options: dict[str, Any]) -> None:
    own: dict[str, Any] = {"proj_size": 2} if name == "lstm_projected" else {}
    own |= {"nonlinearity": "relu"} if name == "rnn_relu" else {}
    torch.manual_seed(0)
    theirs = getattr(nn, name.split("_")[0].upper())(INPUTS, HIDDEN, **own, **options)
    assert_same(from_torch(theirs), theirs)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("name", HELD)
def test_layers_to_torch(name: str, options: dict[str, Any]) -> None:
    torch.manual_seed(0)
    ours = make_layer(name, INPUTS, HIDDEN, **options)
    assert_same(ours, to_torch(ours))


def run(cell: nn.Module, x: Tensor, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """A cell over a sequence: every h, and the last parts of the state."""
    outputs = []
    for step in x:
        new = cell(step, state if len(state) > 1 else state[0])
        state = tuple(parts(new))
        outputs.append(state[0])
    return torch.stack(outputs), *state


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        (nn.RNNCell, {}),
        (nn.RNNCell, {"nonlinearity": "relu"}),
        (nn.LSTMCell, {}),
        (nn.GRUCell, {}),
    ],
    ids=str,
)
def test_cells_from_and_to_torch(kind: Any, options: dict[str, Any], bias: bool) -> None:
    torch.manual_seed(0)
    cell = kind(INPUTS, HIDDEN, bias=bias, dtype=torch.float64, **options)
    layer: Any = from_torch(cell)
    x = torch.randn(STEPS, BATCH, INPUTS, dtype=torch.float64)
    state = [torch.randn(BATCH, HIDDEN, dtype=torch.float64) for _ in layer.cell.state_names]
    given = tuple(part[None] for part in state)
    output, final = layer(x, given if len(given) > 1 else given[0])
    for one in (cell, to_torch_cell(layer)):
        expected = run(one, x, tuple(state))
        found = [output, *(part[0] for part in parts(final))]
        for mine, other in zip(found, expected, strict=True):
            assert float((mine - other).detach().abs().max()) <= OUTPUT[torch.float64]


def test_training_goes_on_as_it_would_have() -> None:
    """The same losses for ten steps, whichever of the two is trained."""
    torch.manual_seed(0)
    theirs = nn.LSTM(INPUTS, HIDDEN, num_layers=2, bidirectional=True, dtype=torch.float64)
    ours = from_torch(theirs)
    x = torch.randn(STEPS, BATCH, INPUTS, dtype=torch.float64)
    losses: list[list[float]] = []
    for layer in (theirs, ours):
        optimiser = torch.optim.SGD(layer.parameters(), lr=0.5)
        losses.append([])
        for _ in range(10):
            loss = (layer(x)[0] - 1).square().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses[-1].append(float(loss.detach()))
    assert losses[0][0] - losses[0][-1] > 0.01
    assert losses[1] == pytest.approx(losses[0], abs=OUTPUT[torch.float64])


def test_the_layers_of_elman_are_what_is_made() -> None:
    assert isinstance(from_torch(nn.GRU(3, 4)), elman.GRU)
    assert isinstance(from_torch(nn.GRUCell(3, 4)), elman.GRU)
