"""Windows over series: what they look back on, what comes after, and that nothing leaks."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from elman.data.series.scaling import SeriesScaling, choose_transform, require_transform
from elman.data.series.windows import filled, joined, windows_of, with_future
from elman.errors import DataError
from tests.series_samples import series_of, waves

PLAIN = SeriesScaling(
    "none", torch.zeros(2).double(), torch.ones(2).double(), torch.zeros(0), torch.ones(0)
)


def test_windows_look_back_and_ahead() -> None:
    two = [series_of([0, 1, 2, 3, 4, 5, 6]), series_of([10, 11, 12, 13, 14], "z")]
    windows = windows_of(two, [(0, 7), (0, 5)], PLAIN, look_back=3, horizon=2)
    assert windows.origins.tolist() == [3, 4, 5, 3]
    batch = windows.take([0, 2, 3])
    assert batch.past.tolist() == [[0, 1, 2], [2, 3, 4], [10, 11, 12]]
    assert batch.future.tolist() == [[3, 4], [5, 6], [13, 14]]
    assert batch.series.tolist() == [0, 0, 1]
    assert batch.known.shape == (3, 5, 0)


def test_all_steps_to_come_lie_in_the_part_and_only_the_past_may_lie_before() -> None:
    whole = [series_of([float(step) for step in range(20)])]
    windows = windows_of(whole, [(10, 16)], PLAIN, look_back=4, horizon=3)
    batch = windows.take(range(len(windows)))
    assert batch.future.min() == 10
    assert batch.future.max() == 15
    assert batch.past[0].tolist() == [6, 7, 8, 9]
    assert len(windows) == 4


def test_a_gap_is_filled_in_the_past_and_stays_in_the_future() -> None:
    whole = [series_of([1, math.nan, 3, 4, math.nan, math.nan, 7])]
    windows = windows_of(whole, [(0, 7)], PLAIN, look_back=2, horizon=2)
    assert windows.origins.tolist() == [2, 3, 5]  # at 4 there is nothing to come
    batch = windows.take([0, 2])
    assert batch.past.tolist() == [[1, 1], [4, 4]]
    assert batch.future[0].tolist() == [3, 4]
    assert math.isnan(batch.future[1][0])


def test_nothing_of_later_parts_reaches_a_window_of_training() -> None:
    data = waves()
    whole = [joined(parts) for parts in zip(data.train, data.validation, data.test, strict=True)]
    assert whole[0].values.tolist()[:60] == data.train[0].values.tolist()
    scaling = SeriesScaling.fit(data.train, "none")
    ranges = [(0, len(one)) for one in data.train]
    before = windows_of(whole, ranges, scaling, 12, 6)
    for one in whole:
        one.values[60:] = 1e9
    after = windows_of(whole, ranges, scaling, 12, 6)
    every = range(len(before))
    for name in ("past", "future"):
        old, new = getattr(before.take(every), name), getattr(after.take(every), name)
        assert torch.equal(old.nan_to_num(), new.nan_to_num())


def test_scaling_is_that_of_the_training_part_and_turns_back() -> None:
    train = [series_of([1, 3, math.nan, 5]), series_of([7, 7, 7], "flat")]
    scaling = SeriesScaling.fit(train, "none")
    assert scaling.mean.tolist() == [3, 7]
    assert scaling.deviation.tolist() == [pytest.approx(math.sqrt(8 / 3)), 1]
    values = np.array([2.0, -4.0, 30.0])
    scaled = torch.stack([scaling.scaled(values, number) for number in (0, 1)])
    back = scaling.restored(scaled, torch.tensor([0, 1]))
    torch.testing.assert_close(back, torch.from_numpy(np.stack([values, values])))


@pytest.mark.parametrize("transform", ["root", "log"])
def test_a_transform_turns_back(transform: str) -> None:
    values = np.array([0.5, 2.0, 30.0])
    scaling = SeriesScaling.fit([series_of(values.tolist())], transform)  # type: ignore[arg-type]
    back = scaling.restored(scaling.scaled(values, 0)[None], torch.tensor([0]))
    np.testing.assert_allclose(back[0].numpy(), values, rtol=1e-12)  # two roundings in double
    assert scaling.scaled(values, 0).mean().abs() < 1e-12


def test_the_transform_is_the_one_that_makes_the_spread_alike() -> None:
    steps = np.arange(240)
    noise = np.random.default_rng(0).standard_normal(240)
    level = 20 + 10 * np.sin(steps / 40)

    def chosen(values: np.ndarray) -> str:
        return choose_transform([[series_of(values.tolist())]], season=12)[0]

    assert chosen(level + noise) == "none"
    assert chosen((np.sqrt(level) * 3 + noise) ** 2) == "root"
    assert chosen(np.exp(level / 10 + noise / 5)) == "log"
    assert chosen(np.exp(level / 10 + noise / 5) * np.where(steps == 5, 0, 1)) == "root"
    assert chosen(np.exp(level / 10 + noise / 5) * np.where(steps == 5, -1, 1)) == "none"


def test_too_few_values_speak_for_no_transform() -> None:
    growing = series_of([math.exp(step) for step in range(20)])
    assert choose_transform([[growing]], season=12) == ("none", "values as they are")


def test_a_value_without_a_logarithm_is_refused_with_its_row() -> None:
    one = [series_of([1, 2, 0, -1])]
    with pytest.raises(DataError, match="0 of 'y' has no logarithm") as caught:
        require_transform(one, "log", "f.csv")
    assert caught.value.where == "f.csv:4"
    assert "--transform none" in caught.value.next_step
    with pytest.raises(DataError, match="-1 of 'y' has no square root"):
        require_transform(one, "root", "f.csv")
    require_transform(one, "none", "f.csv")


def test_a_future_is_added_to_forecast_it() -> None:
    series = with_future(series_of([1, 2, 3], known=[[0.0], [1.0], [2.0], [3.0], [4.0]]), [3, 4], 2)
    windows = windows_of([series], [(3, 5)], SeriesScaling.fit([series], "none"), 2, 2, gaps=True)
    assert windows.origins.tolist() == [3]
    assert series.stamps.tolist() == [0, 1, 2, 3, 4]
    assert windows.take([0]).known.shape == (1, 4, 1)


def test_gaps_are_filled_from_before() -> None:
    assert filled(np.array([1, math.nan, math.nan, 2, math.nan])).tolist() == [1, 1, 1, 2, 2]
