"""Stamps of time: read from a file's cells, laid out at one step apart, and written again.

A stamp is a whole number in here: of seconds since 1970 where the file has dates, else the number
that stands in the file.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final, Literal

from elman.errors import DataError

Scale = Literal["numbers", "dates", "moments"]
"""Whole numbers as they stand; days; days with a time of day."""
Stride = Literal["numbers", "seconds", "months"]

_EPOCH: Final = datetime(1970, 1, 1)
_NUMBER = re.compile(r"[-+]?[0-9]{1,15}(?:\.0+)?")
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
_LAST_YEAR: Final = 9999
_DAY = 86_400
_SHORTEST_MONTH = 28 * _DAY
_UNITS = (("day", _DAY), ("hour", 3600), ("minute", 60), ("second", 1))


@dataclass(frozen=True, slots=True)
class Clock:
    """How the stamps of a source follow each other, and how they are written.

    Args:
        scale: what the stamps are.
        step: from one stamp to the next, in strides; 1 or more.
        stride: what a step counts: months are of unequal length, so they are not seconds.

    Example:
        >>> clock = Clock("dates", 1, "months")
        >>> clock.write(clock.after(read_stamp("2020-01-31")[1], 1))
        '2020-02-29'
    """

    scale: Scale
    step: int
    stride: Stride

    def after(self, stamp: int, steps: int) -> int:
        """The stamp so many steps later (or earlier, if negative).

        Raises:
            DataError: it lies beyond the calendar.
        """
        if self.stride != "months":
            return stamp + steps * self.step
        start = _moment(stamp)
        year, month = divmod(start.year * 12 + start.month - 1 + steps * self.step, 12)
        if not 1 <= year <= _LAST_YEAR:
            raise _beyond_the_calendar(f"a step to the year {year}")
        first = start.replace(year=year, month=month + 1, day=1)
        day = 31 if _is_month_end(start) else start.day
        return _seconds(first.replace(day=min(day, _days_in(first))))

    def between(self, first: int, last: int) -> int | None:
        """How many steps lead from one stamp to another; None where no whole number does."""
        if self.stride != "months":
            steps, rest = divmod(last - first, self.step)
            return None if rest else steps
        start, end = _moment(first), _moment(last)
        same_day = start.day == end.day or (_is_month_end(start) and _is_month_end(end))
        apart = (end.year - start.year) * 12 + end.month - start.month
        fits = same_day and start.time() == end.time() and apart % self.step == 0
        return apart // self.step if fits else None

    def write(self, stamp: int) -> str:
        """A stamp as it stands in a file.

        Raises:
            DataError: it lies beyond the calendar.
        """
        if self.scale == "numbers":
            return str(stamp)
        moment = _moment(stamp)
        return moment.date().isoformat() if self.scale == "dates" else moment.isoformat(sep=" ")

    def words(self) -> str:
        """The step in words.

        Example:
            >>> Clock("moments", 3600, "seconds").words(), Clock("dates", 3, "months").words()
            ('1 hour', '3 months')
        """
        if self.stride == "numbers":
            return f"{self.step}"
        if self.stride == "months":
            years, months = divmod(self.step, 12)
            return _counted(years, "year") if not months else _counted(self.step, "month")
        name, size = next(unit for unit in _UNITS if self.step % unit[1] == 0)
        return _counted(self.step // size, name)


def read_stamp(text: str) -> tuple[Scale, int] | None:
    """A cell as a stamp and what kind of one it is; None where it is neither number nor date.

    Dates are those of ISO 8601, a month alone ("2020-01") included; a time with an offset is
    brought to UTC.

    Example:
        >>> read_stamp("1999"), read_stamp("1970-01-02"), read_stamp("1970-01-01T00:00:05Z")
        (('numbers', 1999), ('dates', 86400), ('moments', 5))
        >>> read_stamp("19-Sep-03") is None
        True
    """
    text = text.strip()
    if _NUMBER.fullmatch(text):
        return "numbers", int(float(text))
    try:
        moment = datetime.fromisoformat(f"{text}-01" if _MONTH.fullmatch(text) else text)
    except ValueError:
        return None
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    day = ":" not in text and moment == datetime.combine(moment.date(), datetime.min.time())
    return "dates" if day else "moments", _seconds(moment)


def common_clock(scale: Scale, stretches: Sequence[Sequence[int]]) -> Clock:
    """The clock whose step is the commonest distance of neighbouring stamps.

    Args:
        scale: what the stamps are.
        stretches: rising stamps, one list a series.

    Example:
        >>> days = [read_stamp(f"2020-{month:02}-01")[1] for month in (1, 2, 3, 4, 6)]
        >>> common_clock("dates", [days])
        Clock(scale='dates', step=1, stride='months')
    """
    pairs = [pair for stretch in stretches for pair in pairwise(stretch)]
    if not pairs:
        return Clock(scale, 1 if scale == "numbers" else _DAY, _plain(scale))
    if scale != "numbers":
        months = _commonest([_months_apart(*pair) for pair in pairs])
        if months > 0:
            return Clock(scale, months, "months")
    return Clock(scale, _commonest([last - first for first, last in pairs]), _plain(scale))


def _plain(scale: Scale) -> Stride:
    return "numbers" if scale == "numbers" else "seconds"


def _months_apart(first: int, last: int) -> int:
    """Whole months between two stamps; 0 where there is no whole number of them."""
    if last - first < _SHORTEST_MONTH:
        return 0
    steps = Clock("dates", 1, "months").between(first, last)
    return steps or 0


def _commonest(values: Sequence[int]) -> int:
    """The commonest value; of equally common ones the smallest."""
    counts = Counter(values)
    return min(counts, key=lambda value: (-counts[value], value))


def _moment(stamp: int) -> datetime:
    try:
        return _EPOCH + timedelta(seconds=stamp)
    except OverflowError as error:
        raise _beyond_the_calendar(f"{stamp} seconds from 1970") from error


def _beyond_the_calendar(what: str) -> DataError:
    return DataError(
        "A time lies beyond the calendar.",
        where=what,
        expected=f"times in the years 1 to {_LAST_YEAR}",
        next_step="correct the times, or forecast fewer steps: --horizon",
    )


def _seconds(moment: datetime) -> int:
    return round((moment - _EPOCH).total_seconds())


def _days_in(first: datetime) -> int:
    following = (first + timedelta(days=32)).replace(day=1)
    return (following - first).days


def _is_month_end(moment: datetime) -> bool:
    return (moment + timedelta(days=1)).day == 1


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
