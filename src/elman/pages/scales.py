"""Scales of a chart's axes: a range, and ticks at round numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from elman.pages.text import SUPERSCRIPTS

LARGEST = 1e300
SMALLEST = 1e-300
NEARLY_EQUAL = 1e-6
SUFFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


@dataclass(frozen=True, slots=True)
class Scale:
    """Where a value lies between the two ends of an axis, and which values are named there."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    logarithmic: bool = False

    def place(self, value: float) -> float:
        """The value's place, 0 at the low end and 1 at the high end."""
        low, high = self.low, self.high
        if self.logarithmic:
            low, high, value = math.log10(low), math.log10(high), math.log10(value)
        return min(1.0, max(0.0, (value - low) / (high - low)))


def drawable(value: float, logarithmic: bool = False) -> bool:
    """Whether a chart can show the value: finite, and positive on a logarithmic scale."""
    return math.isfinite(value) and (value >= SMALLEST or not logarithmic)


def _range(values: Sequence[float]) -> tuple[float, float]:
    """Lowest and highest value, kept clear of overflow and widened if they are (nearly) equal."""
    low, high = (max(-LARGEST, min(LARGEST, end)) for end in (min(values), max(values)))
    size = max(abs(low), abs(high))
    if high - low > NEARLY_EQUAL * size and high - low > SMALLEST:
        return low, high
    margin = size * 0.1 if size > SMALLEST else 1.0
    return low - margin, high + margin


def _round_step(step: float) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that is not below the step."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(power * m for m in (1, 2, 5, 10, 20) if power * m >= step * (1 - 1e-9))


def _multiples(low: float, high: float, step: float) -> list[float]:
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def linear_scale(values: Sequence[float], wanted: int = 5) -> Scale:
    """A scale whose ends are ticks.

    Args:
        values: at least one finite number.
        wanted: about how many ticks.
    """
    low, high = _range(values)
    step = _round_step((high - low) / (wanted - 1))
    low, high = math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step
    ticks = _multiples(low, high, step)
    return Scale(low, high, tuple(zip(ticks, tick_names(ticks, step), strict=True)))


def position_scale(values: Sequence[float], wanted: int = 5) -> Scale:
    """A scale for the horizontal axis: from zero or the first value to the last one.

    Whole values (steps, epochs) get whole ticks; a single value stands in the middle.
    """
    low, high = _range(values)
    if min(values) == max(values):
        return Scale(low, high, ((values[0], tick_names(values[:1], abs(values[0]) or 1.0)[0]),))
    if 0 < low <= high / 2:
        low = 0.0
    step = _round_step((high - low) / wanted)
    if all(value == int(value) for value in values):
        step = max(1.0, step)
    ticks = _multiples(low, high, step)
    return Scale(low, high, tuple(zip(ticks, tick_names(ticks, step), strict=True)))


def log_scale(values: Sequence[float], wanted: int = 5) -> Scale:
    """A logarithmic scale over positive values, with ticks at powers of ten or 1, 2 and 5 times.

    Args:
        values: at least one positive finite number.
        wanted: about how many ticks.
    """
    low, high = _log_range(values)
    decades = math.log10(high) - math.log10(low)
    if decades < 1:
        step = _round_step((high - low) / (wanted - 1))
        ticks = [tick for tick in _multiples(low, high, step) if tick > 0]
        return Scale(low, high, tuple(zip(ticks, tick_names(ticks, step), strict=True)), True)
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    stride = max(1, math.ceil((last - first) / wanted))
    digits = (1, 2, 5) if decades < wanted / 3 else (1, 3) if decades < wanted / 2 else (1,)
    ticks = [
        float(f"{digit}e{power}") for power in range(first, last + 1, stride) for digit in digits
    ]
    inside = [tick for tick in ticks if low * (1 - 1e-9) <= tick <= high * (1 + 1e-9)]
    names = [tick_names([tick], tick)[0] for tick in inside]
    return Scale(low, high, tuple(zip(inside, names, strict=True)), True)


def _log_range(values: Sequence[float]) -> tuple[float, float]:
    low, high = max(SMALLEST, min(values)), min(LARGEST, max(values))
    if high > low * (1 + NEARLY_EQUAL):
        # A little room, so that a line at the lowest value does not lie on the axis.
        room = 10 ** (0.06 * (math.log10(high) - math.log10(low)))
        return max(SMALLEST, low / room), min(LARGEST, high * room)
    return max(SMALLEST, low / 1.2), min(LARGEST, high * 1.2)


def tick_names(ticks: Sequence[float], step: float) -> list[str]:
    """Short names for ticks that lie a step apart.

    Example:
        >>> tick_names([0, 20000, 40000], 20000), tick_names([0.5, 0.75], 0.25)
        (['0', '20k', '40k'], ['0.50', '0.75'])
    """
    size = max((abs(tick) for tick in ticks), default=0.0)
    if size and not 1e-3 <= size < 1e15:
        return [_scientific(tick, step) for tick in ticks]
    unit, suffix = next(
        ((unit, suffix) for unit, suffix in SUFFIXES if size >= max(unit, 1e4)), (1.0, "")
    )
    decimals = max(0, math.ceil(-math.log10(step / unit) - 1e-9))
    # A step of 0.25 or 25 has one digit more than its power of ten tells.
    if abs(round(step / unit, decimals) - step / unit) > 1e-9 * step / unit:
        decimals += 1
    names = [f"{tick / unit:,.{decimals}f}{suffix}" if tick else "0" for tick in ticks]
    return [name.replace("-", "\u2212") for name in names]


def _scientific(value: float, step: float) -> str:
    """Mantissa and power of ten, with the digits that tell neighbours a step apart."""
    if not value:
        return "0"
    apart = math.floor(math.log10(abs(value))) - math.floor(math.log10(step) + 1e-9)
    mantissa, exponent = f"{value:.{max(0, apart)}e}".split("e")
    power = str(int(exponent)).translate(SUPERSCRIPTS)
    return f"{mantissa}×10{power}".replace("-", "\u2212")
