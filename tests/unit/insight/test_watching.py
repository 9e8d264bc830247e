"""Samples in training are the gradients that autograd has, and the training does not notice."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

import elman
from elman.insight.health import saturation
from elman.insight.place import Place
from elman.insight.recording import record
from elman.insight.watching import watch_training
from elman.kernels import dispatch
from tests.layer_kinds import PLAIN, make_layer

WIDTH, UNITS = 3, 4
LENGTHS = [2, 5, 3]


def loss_of(layer: Any, batch: elman.Ragged) -> Tensor:
    """Of the outputs and of the final state, so that both have a gradient."""
    output, state = layer.run(batch)
    return output.values.square().sum() + sum(part.sum() for part in state)  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", PLAIN)
def test_a_sample_is_the_gradient_by_the_states_of_the_longest_sequence(name: str) -> None:
    torch.manual_seed(0)
    layer = make_layer(name, WIDTH, UNITS, num_layers=2, bidirectional=True, dtype=torch.float64)
    values = torch.randn(sum(LENGTHS), WIDTH, dtype=torch.float64)
    batch = elman.Ragged(values, LENGTHS)
    with watch_training() as samples:
        loss_of(layer, batch).backward()
    with dispatch.record() as records:
        loss = loss_of(layer, batch)
    places = [Place(number, reverse) for number in (1, 0) for reverse in (False, True)]
    assert [one.place for one in samples] == places
    for one in samples:
        graph = records[one.place.layer].graphs[one.place.reverse]
        states = [state[0] for state in graph.states]
        gradients = torch.autograd.grad(loss, states, retain_graph=True)
        wanted = torch.stack([gradient[0].norm() for gradient in gradients])  # the longest is first
        torch.testing.assert_close(one.norms, wanted)
    alone = elman.Ragged(batch.to_list()[1], [5])
    for shares in saturation(record(lambda: layer.run(alone))):
        (one,) = [one for one in samples if one.place == shares.place]
        assert one.saturated[shares.gate] == pytest.approx(shares.share)


def test_the_gradients_of_the_weights_are_what_they_would_be() -> None:
    torch.manual_seed(0)
    layer, batch = elman.LSTM(WIDTH, UNITS), elman.Ragged(torch.randn(10, WIDTH), LENGTHS)
    loss_of(layer, batch).backward()
    wanted = [weight.grad for weight in layer.parameters()]
    layer.zero_grad()
    with watch_training(every=1) as samples:
        loss_of(layer, batch).backward()
    assert len(samples) == 1
    for weight, gradient in zip(layer.parameters(), wanted, strict=True):
        assert torch.equal(weight.grad, gradient)  # type: ignore[arg-type]


def test_every_so_many_calls_are_sampled_and_evaluation_does_not_count() -> None:
    layer, x = elman.RNN(WIDTH, UNITS), torch.randn(4, 2, WIDTH)
    with watch_training(every=3) as samples:
        for _ in range(7):
            layer(x)[0].sum().backward()
            with torch.no_grad():
                layer(x)
    assert [one.call for one in samples] == [0, 3, 6]


def test_dropout_zoneout_and_resets_are_those_of_the_call() -> None:
    torch.manual_seed(0)
    layer = elman.GRU(WIDTH, UNITS, recurrent_dropout=0.5, zoneout=0.3, dtype=torch.float64)
    x = torch.randn(5, 2, WIDTH, dtype=torch.float64)
    resets = torch.zeros(5, 2, dtype=torch.bool)
    resets[3, 0] = True
    with watch_training() as samples, dispatch.record() as records:
        loss = layer(x, resets=resets)[0].square().sum()
        loss.backward(retain_graph=True)
    states = [state[0] for state in records[0].graphs[0].states]
    gradients = torch.autograd.grad(loss, states)
    wanted = torch.stack([gradient[0].norm() for gradient in gradients])
    torch.testing.assert_close(samples[0].norms, wanted)
