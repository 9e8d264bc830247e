"""What is fitted on the training part, kept with the weights, and never trained."""

from __future__ import annotations

import torch

from elman.models.scaling import Scaling


def test_each_feature_of_the_fitted_values_has_mean_0_and_deviation_1() -> None:
    values = torch.tensor([3.0, 100.0, -2.0]) + torch.randn(500, 3) * torch.tensor([0.1, 50.0, 2.0])
    scaling = Scaling([3])
    scaling.fit(values)
    scaled = scaling(values)
    assert torch.allclose(scaled.mean(0), torch.zeros(3), atol=1e-4)
    assert torch.allclose(scaled.std(0, correction=0), torch.ones(3), atol=1e-4)


def test_a_channel_of_images_is_one_feature() -> None:
    images = torch.randn(20, 2, 5, 4) * torch.tensor([3.0, 0.5])[:, None, None] + 7
    scaling = Scaling([2, 1, 1])
    scaling.fit(images)
    for channel in range(2):
        assert torch.allclose(scaling.mean[channel], images[:, channel].mean(), atol=1e-5)
        deviation = images[:, channel].std(correction=0)
        assert torch.allclose(scaling.deviation[channel], deviation, atol=1e-5)


def test_what_never_changes_is_only_shifted_and_one_feature_is_scaled_too() -> None:
    scaling = Scaling([1])
    scaling.fit(torch.tensor([[5.0], [5.0]]))
    assert scaling(torch.tensor([[7.0]])).tolist() == [[2.0]]
    scaling.fit(torch.tensor([[1.0], [3.0]]))
    assert scaling(torch.tensor([[4.0]])).tolist() == [[2.0]]


def test_large_offsets_lose_no_precision() -> None:
    values = 1e6 + torch.arange(4.0)[:, None]
    scaling = Scaling([1])
    scaling.fit(values)
    assert torch.allclose(scaling(values).flatten(), (torch.arange(4.0) - 1.5) / 1.25**0.5)


def test_mean_and_deviation_are_saved_and_are_no_parameters() -> None:
    scaling = Scaling([2])
    assert set(scaling.state_dict()) == {"mean", "deviation"}
    assert list(scaling.parameters()) == []
