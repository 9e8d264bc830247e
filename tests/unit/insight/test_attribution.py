"""What each step did for a score: where that is known, and in sum."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

import elman
from elman.insight.attribution import attribution
from elman.sequences import Ragged


def test_of_a_linear_score_each_step_has_its_own_part() -> None:
    weights = torch.tensor([2.0, -1.0])
    x, neutral = torch.tensor([[1.0, 0.0], [3.0, 1.0], [0.5, 0.5]]), torch.tensor([0.5, 0.5])
    found = attribution(lambda batch: batch.sum() @ weights, x, neutral)
    wanted = (x - neutral) @ weights
    torch.testing.assert_close(found.integrated.float(), wanted)
    torch.testing.assert_close(found.hidden, wanted)
    assert found.score == pytest.approx(float((x @ weights).sum()))
    assert found.neutral == pytest.approx(1.5)
    assert found.gap < 1e-6
    assert (found.points, found.together) == (32, 1)


@pytest.mark.parametrize("kind", [elman.RNN, elman.LSTM, elman.GRU])
def test_the_integrated_gradients_of_a_network_add_up(kind: type) -> None:
    torch.manual_seed(0)
    layer = kind(3, 8, bidirectional=True)

    def score(batch: Ragged) -> Tensor:
        return torch.log_softmax(4 * layer.run(batch)[0].mean(), dim=1)[:, 0]

    x = 3 * torch.randn(7, 3)
    found = attribution(score, x, torch.zeros(3))
    assert found.gap <= 2e-3
    assert float(found.integrated.sum()) == pytest.approx(found.score - found.neutral, abs=0.02)
    one = x.clone()
    one[2] = 0
    with torch.no_grad():
        fall = found.score - float(score(Ragged.from_list([one])))
    assert float(found.hidden[2]) == pytest.approx(fall, abs=1e-5)


def test_what_cannot_be_added_up_is_told() -> None:
    """A jump between two points has no gradient anywhere."""
    found = attribution(lambda batch: (batch.sum().sum(1) > 1).float() + 0 * batch.sum().sum(1),
                        torch.ones(2, 1), torch.zeros(1))  # fmt: skip
    assert found.gap == pytest.approx(1.0)
    assert found.points == 256


def test_neighbours_of_a_long_input_are_hidden_together() -> None:
    x = torch.arange(300.0)[:, None]
    found = attribution(lambda batch: batch.sum().sum(1), x, torch.zeros(1))
    assert found.together == 3
    assert found.hidden[:3].tolist() == [3.0] * 3
    assert found.hidden[-1] == pytest.approx(297 + 298 + 299, abs=0.1)
