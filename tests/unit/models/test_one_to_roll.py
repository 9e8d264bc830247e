"""A vector in, a piece of music out: the model, and how pieces are written."""

from __future__ import annotations

import pytest
import torch

from elman.cells.spec import CellSpec, Kind
from elman.models.decoding import Sampling, compose
from elman.models.description import OneToRollDescription
from elman.models.one_to_roll import OneToRoll
from elman.sequences import Ragged

KEYS = 7
SEED = 5
SEEN = torch.tensor([[0.5, -1.0], [2.0, 0.0], [1.0, 3.0]])


def made(cell: Kind = "lstm", num_layers: int = 1) -> OneToRoll:
    torch.manual_seed(0)
    description = OneToRollDescription(
        cell=CellSpec(cell), keys=KEYS, features=2, hidden_size=5, num_layers=num_layers
    )
    model = OneToRoll(description).eval()
    with torch.no_grad():
        model.music.direct.weight.normal_()
    return model


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_the_state_is_the_equation(cell: Kind) -> None:
    model = made(cell, num_layers=2)
    model.fit(SEEN)
    mean, deviation = SEEN.mean(0), SEEN.std(0, correction=0)
    scaled = (SEEN - mean) / deviation
    wanted = torch.tanh(scaled @ model.start.weight.T + model.start.bias)
    state = model.begin(SEEN)
    assert [part.shape for part in state] == [(2, 3, 5)] * (2 if cell == "lstm" else 1)
    found = torch.stack(state).permute(2, 0, 1, 3).flatten(1)
    assert torch.allclose(found, wanted, atol=1e-6)


def test_batch_mates_change_nothing_and_the_vector_does() -> None:
    model = made()
    pieces = [(torch.rand(steps, KEYS) < 0.3).float() for steps in (6, 2, 4)]
    with torch.no_grad():
        together = model(Ragged.from_list(pieces), SEEN).split([6, 2, 4])
        for piece, vector, found in zip(pieces, SEEN, together, strict=True):
            alone = model(Ragged.from_list([piece]), vector[None])
            assert torch.allclose(alone, found, atol=1e-6)
        other = model(Ragged.from_list(pieces[:1]), SEEN[1:2])
    assert not torch.allclose(other, together[0], atol=1e-2)


def test_every_weight_learns() -> None:
    model = made()
    model(Ragged.from_list([torch.ones(4, KEYS)]), SEEN[:1]).sum().backward()
    assert all(weight.grad is not None for weight in model.parameters())
    assert float(model.start.weight.grad.abs().sum()) > 0  # type: ignore[union-attr]


def test_what_is_written_is_what_the_model_says_step_by_step() -> None:
    model = made()
    with torch.no_grad():
        drawn = compose(
            model.music, model.silence(), 9, Sampling(temperature=0), model.begin(SEEN[:1])
        )
        read = torch.cat([model.silence(), drawn[:-1]])
        said = model(Ragged.from_list([read]), SEEN[:1]) > 0
    assert torch.equal(drawn > 0, said)
    assert drawn.any()


def test_writing_ends_before_the_step_in_which_the_key_of_the_end_is_down() -> None:
    model = made()
    with torch.no_grad():
        whole = compose(
            model.music, model.silence(), 60, Sampling(seed=SEED), model.begin(SEEN[:1])
        )
        ended = compose(
            model.music,
            model.silence(),
            60,
            Sampling(seed=SEED),
            model.begin(SEEN[:1]),
            end=KEYS - 1,
        )
    first = int(whole[:, -1].nonzero()[0])
    assert 0 < first < 60
    assert torch.equal(ended, whole[:first])
