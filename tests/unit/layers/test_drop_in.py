"""A user's model with `torch.nn`'s layers replaced by Elman's: the training goes on as it was."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import elman


class Tagger(nn.Module):
    """What users write: an embedding, a recurrent layer by its name in `torch.nn`, an output."""

    def __init__(self, library: Any, kind: str) -> None:
        super().__init__()
        options = {"nonlinearity": "relu"} if kind == "RNN" else {}
        self.embedding = nn.Embedding(20, 8)
        self.rnn = getattr(library, kind)(
            8, 16, num_layers=2, batch_first=True, bidirectional=True, **options
        )
        self.rnn.flatten_parameters()
        self.output = nn.Linear(32, 5)

    def forward(self, tokens: Tensor) -> Tensor:
        hidden, state = self.rnn(self.embedding(tokens))
        top = (state[0] if isinstance(state, tuple) else state)[-2:]
        scores: Tensor = self.output(hidden + torch.cat([top[0], top[1]], 1).unsqueeze(1))
        return scores


def train(model: nn.Module, optimizer: torch.optim.Optimizer, steps: range) -> list[float]:
    losses = []
    for step in steps:
        own = torch.Generator().manual_seed(step)
        tokens = torch.randint(20, (6, 11), generator=own)
        loss = nn.functional.cross_entropy(model(tokens).flatten(0, 1), tokens.flatten() % 5)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(float(loss.detach()))
    return losses


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize(("make", "rate"), [(torch.optim.AdamW, 0.01), (torch.optim.SGD, 0.5)])
def test_state_loaded_and_training_continued(kind: str, make: Any, rate: float) -> None:
    torch.manual_seed(0)
    theirs = Tagger(nn, kind)
    their_optimizer = make(theirs.parameters(), lr=rate)
    before = train(theirs, their_optimizer, range(5))
    ours = Tagger(elman, kind)
    ours.load_state_dict(theirs.state_dict())
    our_optimizer = make(ours.parameters(), lr=rate)
    our_optimizer.load_state_dict(copy.deepcopy(their_optimizer.state_dict()))
    expected = train(theirs, their_optimizer, range(5, 25))
    found = train(ours, our_optimizer, range(5, 25))
    assert len(found) == 20
    assert max(abs(one - other) for one, other in zip(found, expected, strict=True)) <= 1e-5
    assert expected[-1] < before[0]
    theirs.load_state_dict(ours.state_dict())
