"""The CRF against the sum and the maximum over every sequence of tags, one by one."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor

from elman.errors import ShapeError
from elman.models.crf import Crf
from elman.sequences import Ragged
from tests.tolerances import BATCH_MATES, OUTPUT

TAGS = 3
LENGTHS = [3, 0, 1, 4, 2]


def free() -> Tensor:
    return torch.ones(TAGS + 1, TAGS + 1, dtype=torch.bool)


def bound() -> Tensor:
    """As in BIO: tag 2 follows 1 or 2 only, and never begins; tag 1 never ends."""
    allowed = free()
    allowed[0, 2] = allowed[TAGS, 2] = allowed[1, TAGS] = False
    return allowed


def crf_of(allowed: Tensor, learned: bool = True) -> Crf:
    torch.manual_seed(0)
    crf = Crf(allowed, learned).double()
    with torch.no_grad():
        for weight in crf.parameters():
            weight.normal_()
    return crf


def emissions_of(lengths: list[int]) -> Ragged:
    torch.manual_seed(1)
    return Ragged(torch.randn(sum(lengths), TAGS, dtype=torch.float64), lengths)


def score(crf: Crf, emissions: Tensor, tags: tuple[int, ...]) -> float:
    """The score of one sequence of tags, step by step; minus infinity if it is not allowed."""
    total, before = 0.0, TAGS
    for step, tag in enumerate(tags):
        if not crf.allowed[before, tag]:
            return -math.inf
        total += emissions[step, tag].item()
        if crf.transitions is not None and crf.start is not None:
            total += (crf.start[tag] if before == TAGS else crf.transitions[before, tag]).item()
        before = tag
    if not crf.allowed[before, TAGS]:
        return -math.inf
    return total + (crf.end[before].item() if crf.end is not None else 0.0)


def every_sequence(length: int) -> list[tuple[int, ...]]:
    return list(itertools.product(range(TAGS), repeat=length))


@pytest.mark.parametrize("allowed", [free(), bound()], ids=["free", "bound"])
@pytest.mark.parametrize("learned", [True, False])
def test_decoding_equals_brute_force(allowed: Tensor, learned: bool) -> None:
    crf, emissions = crf_of(allowed, learned), emissions_of(LENGTHS)
    decoded = [tuple(tags.tolist()) for tags in crf.decode(emissions).to_list()]
    expected = [
        max(every_sequence(len(own)), key=lambda tags, own=own: score(crf, own, tags))  # type: ignore[misc]
        if len(own)
        else ()
        for own in emissions.to_list()
    ]
    assert decoded == expected


@pytest.mark.parametrize("allowed", [free(), bound()], ids=["free", "bound"])
def test_loss_equals_brute_force(allowed: Tensor) -> None:
    crf, emissions = crf_of(allowed), emissions_of(LENGTHS)
    tags = crf.decode(emissions).with_values(torch.tensor([0, 1, 2, 0, 0, 0, 1, 0, 0, 0]))
    loss = crf.loss(emissions, tags.values).tolist()
    for own, true, found in zip(emissions.to_list(), tags.to_list(), loss, strict=True):
        if not len(own):
            assert found == 0.0
            continue
        scores = [score(crf, own, one) for one in every_sequence(len(own))]
        total = math.log(sum(math.exp(one) for one in scores))
        expected = total - score(crf, own, tuple(true.tolist()))
        assert found == pytest.approx(expected, abs=OUTPUT[torch.float64])


def test_gradients_of_the_loss() -> None:
    crf, emissions = crf_of(bound()), emissions_of(LENGTHS)
    tags = torch.tensor([1, 2, 0, 0, 0, 0, 1, 0, 0, 0])
    weights = tuple(crf.parameters())

    def loss(values: Tensor, *_: Tensor) -> Tensor:
        return crf.loss(emissions.with_values(values), tags)

    values = emissions.values.clone().requires_grad_()
    assert len(weights) == 3
    assert torch.autograd.gradcheck(loss, (values, *weights))


def test_what_is_not_allowed_has_no_gradient() -> None:
    crf, emissions = crf_of(bound()), emissions_of(LENGTHS)
    crf.loss(emissions, torch.zeros(10, dtype=torch.int64)).sum().backward()
    assert crf.transitions is not None
    assert crf.transitions.grad is not None
    assert float(crf.transitions.grad[0, 2]) == 0.0
    assert bool((crf.transitions.grad[bound()[:-1, :-1]] != 0).all())


def test_batch_mates_change_nothing() -> None:
    crf, emissions = crf_of(bound()), emissions_of(LENGTHS)
    tags = crf.decode(emissions)
    together = crf.loss(emissions, tags.values)
    for place, (own, true) in enumerate(zip(emissions.to_list(), tags.to_list(), strict=True)):
        alone = Ragged(own, [len(own)])
        assert torch.equal(crf.decode(alone).values, true)
        torch.testing.assert_close(
            crf.loss(alone, true)[0], together[place], rtol=BATCH_MATES, atol=0.0
        )


def test_no_sequences_and_no_steps() -> None:
    crf = crf_of(free())
    for lengths in ([], [0, 0]):
        nothing = emissions_of(lengths)
        assert crf.decode(nothing).values.tolist() == []
        tags = torch.empty(0, dtype=torch.int64)
        assert crf.loss(nothing, tags).tolist() == [0.0] * len(lengths)


def test_a_table_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ShapeError, match=r"\[3, 4\] and torch.bool"):
        Crf(torch.ones(3, 4, dtype=torch.bool))
