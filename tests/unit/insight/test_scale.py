"""Answers are told as what they are, and compared by it."""

from __future__ import annotations

import pytest
import torch

from elman.insight.horizon import behavioural_horizon
from elman.insight.scale import LABELS, Numbers, Probabilities, Scale
from elman.sequences import Ragged


@pytest.mark.parametrize(
    ("scale", "headline"),
    [
        (LABELS, ("good", "(25.0%)")),
        (Numbers(2.0, "number"), ("0.25", "")),
        (Numbers(2.0, "forecast"), ("0.25", "at good")),
    ],
)
def test_a_headline(scale: Scale, headline: tuple[str, str]) -> None:
    assert scale.headline("good", 0.25) == headline


def test_how_far_an_answer_moved() -> None:
    before, after = torch.tensor([0.5, 0.3, 0.2]), torch.tensor([[0.1, 0.3, 0.6]])
    found = LABELS.moved(after.log(), before.log(), 1)
    torch.testing.assert_close(found, torch.tensor([0.4]))
    one_by_one = Probabilities(exclusive=False)
    for chosen, moved in enumerate((0.4, 0.0, 0.4)):
        found = one_by_one.moved(after.log(), before.log(), chosen)
        torch.testing.assert_close(found, torch.tensor([moved]))
    torch.testing.assert_close(Numbers(0.2, "number").moved(after, before, 0), torch.tensor([2.0]))


def test_how_far_back_a_number_depends_on_its_input() -> None:
    """A number that is twice the step before the last, in deviations of 4."""

    def answers(batch: Ragged) -> torch.Tensor:
        return torch.stack([2 * x[-2 if len(x) > 1 else -1] for x in batch.to_list()])

    scale, one, other = Numbers(4.0, "number"), torch.zeros(5, 1), torch.ones(1, 1)
    found = behavioural_horizon(
        answers, [one], other, moved=lambda found, before: scale.moved(found, before, 0)
    )
    assert found.horizon == 1
    torch.testing.assert_close(found.changed, torch.tensor([0.0, 0.5, 0.0, 0.0, 0.0]))
