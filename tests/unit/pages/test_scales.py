from __future__ import annotations

import math
import random

import pytest

from elman.pages.scales import linear_scale, log_scale, position_scale, tick_names

AWKWARD = [
    [0.0],
    [5.0, 5.0],
    [-3.0, -3.0],
    [0.1 + 0.2, 0.3],
    [1e300, -1e300],
    [1.7e308, -1.7e308],
    [5e-324, 0.0],
    [1e-12, 2e-12],
    [1e15, 1e15 + 1],
    [-7.0, 11.0],
]


@pytest.mark.parametrize("values", AWKWARD)
@pytest.mark.parametrize("scale_of", [linear_scale, position_scale])
def test_any_range_gets_finite_distinct_ticks(values: list[float], scale_of) -> None:  # type: ignore[no-untyped-def]
    scale = scale_of(values)
    assert scale.low < scale.high
    assert 1 <= len(scale.ticks) <= 12
    places = [scale.place(value) for value, _ in scale.ticks]
    assert places == sorted(set(places))
    assert len({name for _, name in scale.ticks}) == len(scale.ticks)
    assert all(math.isfinite(scale.place(value)) for value in values)


def test_ticks_are_round_and_hold_the_values_between_them() -> None:
    scale = linear_scale([0.31, 0.842])
    assert [name for _, name in scale.ticks] == ["0.2", "0.4", "0.6", "0.8", "1.0"]
    assert [scale.low, scale.high] == pytest.approx([0.2, 1.0])
    assert scale.place(0.6) == pytest.approx(0.5)


def test_steps_begin_at_zero_and_stay_whole() -> None:
    scale = position_scale([200, 4800])
    assert scale.low == 0
    assert [name for _, name in scale.ticks] == ["0", "1,000", "2,000", "3,000", "4,000"]
    assert [name for _, name in position_scale([1, 2, 3]).ticks] == ["0", "1", "2", "3"]
    assert position_scale([7]).place(7) == pytest.approx(0.5)
    assert position_scale([7]).ticks == ((7, "7"),)


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ([1.0, 1000.0], ["1", "10", "100", "1,000"]),
        ([1e-5, 1e-3], ["1×10⁻⁵", "3×10⁻⁵", "1×10⁻⁴", "3×10⁻⁴", "0.001"]),
        ([15.0, 420.0], ["20", "50", "100", "200", "500"]),
    ],
)
def test_logarithmic_ticks(values: list[float], names: list[str]) -> None:
    assert [name for _, name in log_scale(values).ticks] == names


def test_logarithmic_scales_of_any_span_have_a_tick_or_more() -> None:
    draw = random.Random(0)  # noqa: S311
    for _ in range(2000):
        values = [10 ** draw.uniform(-290, 290) for _ in range(2)]
        if draw.random() < 0.7:
            values[1] = values[0] * 10 ** draw.uniform(0, 4)
        scale = log_scale(values)
        assert 1 <= len(scale.ticks) <= 12, values
        assert all(0 <= scale.place(value) <= 1 for value in values)
        assert all(
            scale.low * (1 - 1e-6) < value < scale.high * (1 + 1e-6) for value, _ in scale.ticks
        )


def test_linear_scales_of_any_span_have_few_ticks() -> None:
    draw = random.Random(1)  # noqa: S311
    for _ in range(2000):
        middle, span = draw.gauss(0, 1) * 10 ** draw.uniform(-8, 8), 10 ** draw.uniform(-8, 8)
        scale = linear_scale([middle, middle + span])
        assert 2 <= len(scale.ticks) <= 8, (middle, span)
        names = [name for _, name in scale.ticks]
        assert len(set(names)) == len(names), (names, middle, span)


@pytest.mark.parametrize(
    ("ticks", "step", "names"),
    [
        ([0, 5e3, 1e4], 5e3, ["0", "5k", "10k"]),
        ([1.5e6, 2e6], 5e5, ["1.5M", "2.0M"]),
        ([-0.5, 0, 0.5], 0.5, ["−0.5", "0", "0.5"]),
        ([0, 2e-4], 2e-4, ["0", "2×10⁻⁴"]),
        ([0, 2e16], 2e16, ["0", "2×10¹⁶"]),
    ],
)
def test_tick_names_are_short(ticks: list[float], step: float, names: list[str]) -> None:
    assert tick_names(ticks, step) == names
