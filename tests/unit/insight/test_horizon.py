"""How far back a network remembers, where it is known: it repeats an input of some steps ago."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import elman
from elman.errors import UsageError
from elman.insight.horizon import Answers, behavioural_horizon, gradient_horizon, spaced
from elman.sequences import Ragged

TOKENS = 4


def delay_line(lag: int) -> Answers:
    """A network built by hand: its state holds the last lag + 1 inputs, its answer is the oldest.

    h_t is x_t beside h_(t-1) moved by one place, and the answer reads the last place.
    """
    layer = elman.RNN(TOKENS, TOKENS * (lag + 1), bias=False, nonlinearity="identity")
    for weight, diagonal in zip(layer.parameters(), (0, -TOKENS), strict=True):
        places = torch.ones(min(weight.shape[1], layer.hidden_size + diagonal))
        whole = torch.diag(places, diagonal) if diagonal else torch.eye(*weight.shape)
        weight.data.copy_(whole[: weight.shape[0], : weight.shape[1]])

    def answers(batch: Ragged) -> Tensor:
        _, state = layer.run(batch)
        return torch.log_softmax(10 * state[0][0, :, -TOKENS:], dim=1)

    return answers


def inputs(count: int, steps: int, seed: int = 0) -> list[Tensor]:
    draw = torch.Generator().manual_seed(seed)
    tokens = torch.randint(TOKENS, (count, steps), generator=draw)
    return list(torch.eye(TOKENS)[tokens])


@pytest.mark.parametrize("lag", [0, 1, 3, 7])
def test_a_network_that_repeats_what_was_some_steps_ago_has_that_horizon(lag: int) -> None:
    found = behavioural_horizon(delay_line(lag), inputs(3, 12), torch.eye(TOKENS))
    assert found.horizon == found.hidden_horizon == lag
    assert found.changed[lag] > 0.9
    assert found.changed.sum() == pytest.approx(float(found.changed[lag]), abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("lag", [2, 5])
def test_a_trained_network_has_the_horizon_of_its_task(lag: int) -> None:
    torch.manual_seed(lag)
    layer, head = elman.LSTM(TOKENS, 32), nn.Linear(32, TOKENS)
    optimizer = torch.optim.Adam([*layer.parameters(), *head.parameters()], lr=1e-2)
    for seed in range(1200):
        batch = torch.stack(inputs(32, 16, seed + 1), dim=1)  # [T, B, I]
        output, _ = layer(batch)
        scores = head(output[lag:]).flatten(0, 1)
        wanted = batch[: len(batch) - lag].argmax(2).flatten()
        loss = nn.functional.cross_entropy(scores, wanted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.01

    def answers(batch: Ragged) -> Tensor:
        return torch.log_softmax(head(layer.run(batch)[1][0][-1]), dim=1)

    found = behavioural_horizon(answers, inputs(8, 16), torch.eye(TOKENS))
    assert found.horizon == found.hidden_horizon == lag


def test_a_network_that_ignores_its_input_has_no_horizon() -> None:
    def constant(batch: Ragged) -> Tensor:
        return torch.full((len(batch), 2), 0.5).log()

    found = behavioural_horizon(constant, inputs(1, 5), torch.eye(TOKENS))
    assert found.horizon is None
    assert not found.changed.any()


def test_the_draws_are_those_of_the_seed() -> None:
    def run(seed: int) -> list[float]:
        return behavioural_horizon(
            noisy, inputs(1, 6), torch.randn(9, TOKENS, generator=torch.Generator().manual_seed(0)),
            draws=2, seed=seed,
        ).changed.tolist()  # fmt: skip

    def noisy(batch: Ragged) -> Tensor:
        return torch.log_softmax(batch.sum(), dim=1)

    assert run(1) == run(1) != run(2)


@pytest.mark.parametrize("lengths", [[], [3, 4], [0]])
def test_inputs_of_no_or_of_several_lengths_are_refused(lengths: list[int]) -> None:
    given = [torch.randn(length, TOKENS) for length in lengths]
    with pytest.raises(UsageError, match="one input or more, of one length of 1 or more"):
        behavioural_horizon(delay_line(0), given, torch.eye(TOKENS))


def test_lags_of_a_long_input_are_few_and_reach_its_beginning() -> None:
    assert spaced(48) == list(range(48))
    lags = spaced(512)
    assert lags[:16] == list(range(16))
    assert lags[-1] == 511
    assert len(lags) < 64


def test_the_gradient_s_horizon_is_where_it_stays_under_one_percent() -> None:
    at = torch.tensor([3])
    falling = gradient_horizon(torch.tensor([[0.001, 0.009, 0.5, 1.0]]), at)
    assert falling.shares.tolist() == pytest.approx([1.0, 0.5, 0.009, 0.001])
    assert falling.horizon == 2
    assert gradient_horizon(torch.tensor([[0.5, 0.001, 0.5, 1.0]]), at).horizon is None
    silent = gradient_horizon(torch.zeros(1, 4), at)
    assert silent.shares.tolist() == [0.0] * 4
    assert silent.horizon == 0
