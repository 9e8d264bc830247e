"""The course of the learning rate, clipping, and the optimisers."""

from __future__ import annotations

import copy
import math
from typing import Any

import pytest
import torch
from torch import nn

from elman.training.optim import (
    Plateau,
    clip,
    gradient_norm,
    make_optimizer,
    scheduled_share,
    set_learning_rate,
)
from tests.training_samples import gap, many_to_one_config


def shares(schedule: str, total: int) -> list[float]:
    config = many_to_one_config(schedule=schedule)
    return [scheduled_share(config, step, total) for step in range(total)]


def test_one_cycle_climbs_for_a_tenth_and_falls_to_almost_nothing() -> None:
    course = shares("one-cycle", 200)
    assert course[0] == pytest.approx(0.04)
    assert course[10] == pytest.approx(0.52)  # half of the way up
    assert course[20] == max(course) == 1.0
    assert course[110] == pytest.approx(0.5)  # half of the way down
    assert course == sorted(course[:21]) + sorted(course[21:], reverse=True)
    assert 0 < course[-1] < 1e-3


def test_cosine_only_falls() -> None:
    course = shares("cosine", 100)
    assert course[0] == 1.0
    assert course[50] == pytest.approx(0.5)
    assert course[25] == pytest.approx(0.5 * (1 + math.sqrt(0.5)))
    assert course == sorted(course, reverse=True)
    assert 0 < course[-1] < 1e-3


@pytest.mark.parametrize("schedule", ["constant", "plateau"])
def test_the_others_stay(schedule: str) -> None:
    assert set(shares(schedule, 50)) == {1.0}


@pytest.mark.parametrize("schedule", ["one-cycle", "cosine", "constant", "plateau"])
@pytest.mark.parametrize("total", [1, 2, 3, 10])
def test_short_runs_have_a_rate_at_every_step(schedule: str, total: int) -> None:
    assert all(0 < share <= 1 for share in shares(schedule, total))


def test_plateau_halves_after_two_evaluations_without_improvement() -> None:
    plateau, factors = Plateau(), []
    for improved in [True, False, True, False, False, False, False, False, True]:
        plateau.see(improved)
        factors.append(plateau.factor)
    assert factors == [1, 1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.25]


def weights_with(*gradients: list[float]) -> list[nn.Parameter]:
    weights = [nn.Parameter(torch.zeros(len(values))) for values in gradients]
    for weight, values in zip(weights, gradients, strict=True):
        weight.grad = torch.tensor(values)
    return [*weights, nn.Parameter(torch.zeros(2))]  # the last has no gradient


def test_the_norm_is_that_of_all_gradients_together() -> None:
    assert float(gradient_norm(weights_with([3.0, 0.0], [-4.0]))) == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("how", "at", "clipped"),
    [
        ("norm", 4.9, True),
        ("norm", 5.1, False),
        ("norm", 0.001, True),
        ("value", 3.5, True),
        ("value", 4.5, False),
        ("none", 0.1, False),
    ],
)
def test_clipping_is_torchs_and_says_whether_it_clipped(how: str, at: float, clipped: bool) -> None:
    weights = weights_with([3.0, 0.0], [-4.0])
    expected = copy.deepcopy(weights)
    for one, other in zip(weights, expected, strict=True):
        other.grad = None if one.grad is None else one.grad.clone()
    if how == "norm":
        nn.utils.clip_grad_norm_(expected, at)
    if how == "value":
        nn.utils.clip_grad_value_(expected, at)
    config = many_to_one_config(clip=how, clip_at=at)
    found = clip(weights, gradient_norm(weights), config)
    assert found.changed is clipped
    assert found.norm == pytest.approx(float(gradient_norm(weights)), rel=1e-5)
    for one, other in zip(weights[:-1], expected, strict=False):
        assert one.grad is not None
        assert other.grad is not None
        assert gap(one.grad, other.grad) == 0.0
    changed = any(
        gap(one.grad, torch.tensor(values)) > 1e-3
        for one, values in zip(weights, [[3.0, 0.0], [-4.0]], strict=False)
        if one.grad is not None
    )
    assert changed is clipped


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"optimizer": "adamw", "weight_decay": 0.1}, (torch.optim.AdamW, {"weight_decay": 0.1})),
        (
            {"optimizer": "sgd", "momentum": 0.8, "weight_decay": 0.2},
            (torch.optim.SGD, {"momentum": 0.8, "weight_decay": 0.2}),
        ),
        (
            {"optimizer": "sgd", "momentum": 0.0, "weight_decay": 0.0},
            (torch.optim.SGD, {"momentum": 0.0, "weight_decay": 0.0}),
        ),
    ],
    ids=str,
)
def test_an_update_is_that_of_torchs_optimiser(
    options: dict[str, Any], expected: tuple[type[Any], dict[str, float]]
) -> None:
    torch.manual_seed(0)
    model = nn.Linear(3, 2)
    other = copy.deepcopy(model)
    config = many_to_one_config(learning_rate=0.3, **options)
    kind, theirs_options = expected
    ours, theirs = make_optimizer(model, config), kind(other.parameters(), lr=0.1, **theirs_options)
    assert type(ours) is kind
    assert ours.param_groups[0]["lr"] == 0.3
    set_learning_rate(ours, 0.1)
    for _ in range(3):
        for one, optimizer in ((model, ours), (other, theirs)):
            optimizer.zero_grad()
            one(torch.ones(4, 3)).square().sum().backward()
            optimizer.step()
    assert gap(model.weight, other.weight) < 1e-6
    assert gap(model.bias, other.bias) < 1e-6
