"""The tasks of the lab: what stands where, and what is asked."""

from __future__ import annotations

import pytest
import torch

from elman.insight.lab.drawing import generator
from elman.insight.lab.tasks import CLOSE, COPIED, SYMBOLS, TASKS, mixed_lags

LAGS = torch.tensor([1, 7, 3])


def test_recall_asks_for_the_first_symbol_at_the_last_step() -> None:
    batch = TASKS["recall"].draw(LAGS, generator(0, 1))
    sequences = batch.inputs.to_list()
    assert [len(one) for one in sequences] == [2, 8, 4]
    assert batch.targets.tolist() == [int(one[0].argmax()) for one in sequences]
    assert batch.at.tolist() == [1, 9, 13]
    assert torch.equal(batch.lags, LAGS)


def test_copy_shows_symbols_blanks_a_mark_and_asks_for_the_symbols() -> None:
    batch = TASKS["copy"].draw(LAGS, generator(0, 1))
    places = iter(batch.at.tolist())
    start = 0
    for lag, one, wanted in zip(
        LAGS.tolist(), batch.inputs.to_list(), batch.targets.view(3, COPIED).tolist(), strict=True
    ):
        symbols = one.argmax(1).tolist()
        blanks = [SYMBOLS] * (lag - 1)
        assert symbols == [*wanted, *blanks, SYMBOLS + 1, *[SYMBOLS] * (COPIED - 1)]
        first = start + COPIED + lag - 1  # the mark, at which the first symbol is due
        assert [next(places) for _ in range(COPIED)] == [first, first + 1, first + 2]
        start += len(symbols)
    assert batch.lags.tolist() == [3] * 3 + [9] * 3 + [5] * 3


def test_adding_asks_for_the_sum_of_what_is_marked() -> None:
    batch = TASKS["adding"].draw(LAGS, generator(0, 1))
    for one, total, lag in zip(batch.inputs.to_list(), batch.targets, LAGS.tolist(), strict=True):
        values, marks = one.unbind(1)
        assert marks.tolist() == [1, *[0] * (lag - 1), 1]
        assert float(total) == pytest.approx(float((values * marks).sum()))


def test_the_chance_of_adding_is_that_of_the_best_constant() -> None:
    batch = TASKS["adding"].draw(torch.ones(100_000, dtype=torch.int64), generator(0, 1))
    right = float(((batch.targets - 1).abs() < CLOSE).double().mean())
    assert right == pytest.approx(TASKS["adding"].chance, abs=0.005)


def test_batches_are_functions_of_seed_and_number() -> None:
    draw = TASKS["recall"].draw
    first, again = draw(LAGS, generator(3, 5)), draw(LAGS, generator(3, 5))
    assert torch.equal(first.inputs.values, again.inputs.values)
    for other in (generator(4, 5), generator(3, 6)):
        assert not torch.equal(first.inputs.values, draw(LAGS, other).inputs.values)


def test_lags_of_all_sizes_are_drawn() -> None:
    lags = mixed_lags(20_000, 100, generator(0, 1))
    assert int(lags.min()) == 1
    assert int(lags.max()) == 100
    short, long = ((lags >= a) & (lags < b) for a, b in ((5, 10), (50, 100)))
    assert float(short.double().mean()) == pytest.approx(float(long.double().mean()), rel=0.1)
