"""Stamps of time, and the clock that counts them."""

from __future__ import annotations

import pytest

from elman.data.series.clock import Clock, Scale, common_clock, read_stamp
from elman.errors import DataError


def stamps(*texts: str) -> list[int]:
    read = [read_stamp(text) for text in texts]
    return [stamp[1] for stamp in read if stamp is not None]


@pytest.mark.parametrize(
    ("text", "scale", "written"),
    [
        ("1999", "numbers", "1999"),
        ("-3", "numbers", "-3"),
        ("1999.0", "numbers", "1999"),
        (" 2020-02-29 ", "dates", "2020-02-29"),
        ("2020-02", "dates", "2020-02-01"),
        ("2016-07-01 00:00:00", "moments", "2016-07-01 00:00:00"),
        ("2016-07-01T13:30", "moments", "2016-07-01 13:30:00"),
        ("2016-07-01T13:30+02:00", "moments", "2016-07-01 11:30:00"),
    ],
)
def test_a_stamp_is_read_and_written_again(text: str, scale: Scale, written: str) -> None:
    stamp = read_stamp(text)
    assert stamp is not None
    assert stamp[0] == scale
    assert Clock(scale, 1, "numbers").write(stamp[1]) == written


@pytest.mark.parametrize("text", ["", "19-Sep-03", "01/02/2020", "2020-13-01", "1e3", "noon"])
def test_what_is_no_stamp(text: str) -> None:
    assert read_stamp(text) is None


@pytest.mark.parametrize(
    ("texts", "words", "following"),
    [
        (["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-06"], "1 day", "2020-01-07"),
        (["2020-01-01", "2020-01-08", "2020-01-15"], "7 days", "2020-01-22"),
        (["2020-01-01", "2020-02-01", "2020-03-01"], "1 month", "2020-04-01"),
        (["2020-01-31", "2020-02-29", "2020-03-31"], "1 month", "2020-04-30"),
        (["2020-01-28", "2020-02-28", "2020-03-28"], "1 month", "2020-04-28"),
        (["2020-03-31", "2020-06-30", "2020-09-30"], "3 months", "2020-12-31"),
        (["2019-01-01", "2020-01-01", "2021-01-01"], "1 year", "2022-01-01"),
        (["1999", "2000", "2002", "2003"], "1", "2004"),
        (["2020-01-01 00:00", "2020-01-01 01:00"], "1 hour", "2020-01-01 02:00:00"),
        (["2020-01-01 00:00", "2020-01-01 00:15"], "15 minutes", "2020-01-01 00:30:00"),
    ],
)
def test_the_step_is_the_commonest_distance(texts: list[str], words: str, following: str) -> None:
    first = read_stamp(texts[0])
    assert first is not None
    clock = common_clock(first[0], [stamps(*texts)])
    assert clock.words() == words
    assert clock.write(clock.after(stamps(texts[-1])[0], 1)) == following


def test_steps_between_stamps() -> None:
    monthly = Clock("dates", 1, "months")
    begin, odd, end = stamps("2020-01-31", "2020-02-15", "2021-02-28")
    assert monthly.between(begin, end) == 13
    assert monthly.between(end, begin) == -13
    assert monthly.between(begin, odd) is None
    quarterly = Clock("dates", 3, "months")
    assert quarterly.between(*stamps("2020-01-01", "2020-07-01")) == 2
    assert quarterly.between(*stamps("2020-01-01", "2020-06-01")) is None
    hourly = Clock("moments", 3600, "seconds")
    assert hourly.between(0, 7200) == 2
    assert hourly.between(0, 7201) is None


def test_the_sixteenth_of_each_month_is_found_again_after_many_steps() -> None:
    monthly = Clock("dates", 1, "months")
    (start,) = stamps("2019-11-16")
    for steps in range(-30, 30):
        assert monthly.between(start, monthly.after(start, steps)) == steps


@pytest.mark.parametrize(
    "clock",
    [Clock("dates", 1, "months"), Clock("dates", 86_400, "seconds")],
    ids=["months", "days"],
)
def test_the_calendar_ends(clock: Clock) -> None:
    (last,) = stamps("9999-12-31")
    with pytest.raises(DataError, match="beyond the calendar") as caught:
        clock.write(clock.after(last, 1))
    assert "years 1 to 9999" in caught.value.expected


def test_one_stamp_has_a_clock_too() -> None:
    assert common_clock("dates", [stamps("2020-01-01")]).words() == "1 day"
    assert common_clock("numbers", [[5]]).words() == "1"
