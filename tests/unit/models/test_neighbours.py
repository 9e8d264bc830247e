"""Foretelling the tokens beside each one, against the equation step by step."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from elman.models import neighbours
from elman.models.neighbours import Neighbours
from elman.sequences import Ragged

VOCABULARY, HIDDEN = 9, 4
LENGTHS = [3, 1, 0, 5]
TOKENS = torch.tensor([2, 5, 3, 8, 4, 4, 7, 2, 6])


def states(directions: int, seed: int = 0) -> Ragged:
    torch.manual_seed(seed)
    return Ragged(torch.randn(sum(LENGTHS), directions * HIDDEN, dtype=torch.float64), LENGTHS)


def foretold(model: Neighbours, direction: int, state: Tensor, token: int) -> float:
    """The loss of one token, in nats."""
    made = torch.tanh(model.narrow[direction](state))
    return -float(torch.log_softmax(model.output(made), 0)[token].detach())


@pytest.mark.parametrize("directions", [1, 2])
def test_the_loss_is_the_equation_step_by_step(directions: int) -> None:
    model, batch = Neighbours(VOCABULARY, HIDDEN, directions).double(), states(directions)
    forward, backward = [], []
    start = 0
    for length in LENGTHS:
        for step in range(start, start + length):
            own = batch.values[step]
            if step + 1 < start + length:
                forward.append(foretold(model, 0, own[:HIDDEN], int(TOKENS[step + 1])))
            if step > start and directions == 2:
                backward.append(foretold(model, 1, own[HIDDEN:], int(TOKENS[step - 1])))
        start += length
    wanted = sum(forward) + sum(backward)
    assert float(model.loss(batch, TOKENS, 0).detach()) == pytest.approx(wanted, rel=1e-12)


def test_rarer_tokens_are_foretold_as_the_unknown_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "MOST_FORETOLD", 5)
    torch.manual_seed(1)
    model, batch = Neighbours(VOCABULARY, HIDDEN, 2).double(), states(2)
    assert model.output.out_features == 5
    unknown = torch.where(TOKENS < 5, TOKENS, 0)
    found, wanted = (float(model.loss(batch, one, 0).detach()) for one in (TOKENS, unknown))
    assert found == wanted


def test_tokens_that_stand_alone_have_no_neighbours() -> None:
    model = Neighbours(VOCABULARY, HIDDEN, 2)
    alone = Ragged(torch.randn(3, 2 * HIDDEN, requires_grad=True), [1, 1, 0, 1])
    assert float(model.loss(alone, TOKENS[:3], 0).detach()) == 0.0


def test_gradients_are_those_of_finite_differences() -> None:
    model, batch = Neighbours(VOCABULARY, HIDDEN, 2).double(), states(2)
    values = batch.values.requires_grad_()
    assert torch.autograd.gradcheck(
        lambda one: model.loss(batch.with_values(one), TOKENS, 0), (values,)
    )
