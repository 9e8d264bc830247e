"""The rivals of models that read numbers and piano rolls, against sums written out."""

from __future__ import annotations

import math

import pytest
import torch

from elman.baselines.key_frequencies import KeyFrequencies, KeyTransitions
from elman.baselines.linear import LinearRegression
from elman.baselines.nearest_centroid import NearestCentroid


def test_the_nearest_centroid_weighs_each_feature_by_its_deviation() -> None:
    # By the second feature alone, whose unit is a thousand times larger, both would be class 0.
    features = torch.tensor([[0.0, 1000.0], [0.2, 3000.0], [1.0, 2000.0], [1.2, 2600.0]])
    rival = NearestCentroid().fit(features, torch.tensor([0, 0, 1, 1]))
    assert rival.answers(torch.tensor([[1.1, 2001.0], [0.1, 2300.0]])).tolist() == [1, 0]


def test_a_feature_that_never_changes_does_no_harm() -> None:
    features = torch.tensor([[0.0, 5.0], [1.0, 5.0]])
    rival = NearestCentroid().fit(features, torch.tensor([0, 1]))
    assert rival.answers(features).tolist() == [0, 1]


def test_linear_regression_finds_the_line() -> None:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(400, 3, generator=generator) * torch.tensor([1.0, 100.0, 0.01])
    y = x @ torch.tensor([2.0, -0.03, 50.0]) + 7
    answers = LinearRegression().fit(x, y).answers(x)
    # A penalty of 0.001 n shrinks weights by a thousandth.
    assert torch.allclose(answers.float(), y, atol=0.002 * float(y.abs().max()))


def test_linear_regression_bears_features_that_depend_on_each_other() -> None:
    x = torch.arange(6.0)[:, None].repeat(1, 3)
    answers = LinearRegression().fit(x, x[:, 0]).answers(x)
    assert torch.allclose(answers.float(), x[:, 0], atol=0.01)


ROLL = torch.tensor([[1, 0], [1, 0], [0, 1], [1, 1]])


def test_frequencies_of_keys_are_counted_after_the_first_step() -> None:
    rival = KeyFrequencies().fit([ROLL, ROLL[:2]])
    down = [(3 + 1) / (4 + 2), (2 + 1) / (4 + 2)]  # steps 1 to 3 of the one and 1 of the other
    expected = -math.log(down[0]) - math.log(1 - down[1])
    assert rival.losses(ROLL).tolist()[0] == pytest.approx(expected)
    assert len(rival.losses(ROLL)) == 3


def test_transitions_of_keys_depend_on_the_step_before() -> None:
    rival = KeyTransitions().fit([ROLL])
    # Key 0 was down twice, and down again after one of them; once up, and then down.
    # Key 1 was up twice, and down after one of them; once down, and down again.
    first = -math.log(2 / 4) - math.log(1 - 2 / 4)
    last = -math.log(2 / 3) - math.log(2 / 3)
    assert rival.losses(ROLL).tolist()[::2] == pytest.approx([first, last])


@pytest.mark.parametrize("rival", [KeyFrequencies(), KeyTransitions()])
def test_no_step_is_impossible(rival: KeyFrequencies | KeyTransitions) -> None:
    silence = torch.zeros(5, 2)
    assert bool(torch.isfinite(rival.fit([silence]).losses(1 - silence)).all())
