"""From tables to series: which columns are read, and what is refused or noted, with its rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from elman.data.files.formats import read_table
from elman.data.files.tables import Table
from elman.data.series.columns import (
    SeriesWishes,
    choose_series_columns,
    looks_like_series,
    names_in,
)
from elman.data.series.table import SeriesTable, series_of
from elman.errors import DataError


def table(folder: Path, *lines: str) -> Table:
    path = folder / "data.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_table(path, lambda content: None)


def read(folder: Path, *lines: str, **wishes: str) -> SeriesTable:
    source = table(folder, *lines)
    return series_of(source, choose_series_columns(source, _wishes(**wishes)))


def _wishes(
    columns: str = "", known: str = "", time: str | None = None, id: str | None = None
) -> SeriesWishes:
    return SeriesWishes(names_in(columns), id, time, names_in(known))


def refused(folder: Path, *lines: str, **wishes: str) -> DataError:
    with pytest.raises(DataError) as caught:
        read(folder, *lines, **wishes)
    error = caught.value
    assert str(folder / "data.csv") in error.where
    assert error.expected
    assert error.next_step
    return error


def days(*values: str) -> list[str]:
    return ["date,y", *(f"2020-01-{day:02},{value}" for day, value in enumerate(values, start=1))]


# --- columns


def test_columns_are_found_by_name_and_content(tmp_path: Path) -> None:
    source = table(tmp_path, "a,when,b", "1,2020-01-01,2", "3,2020-01-02,4")
    assert looks_like_series(source)
    columns = choose_series_columns(source, SeriesWishes())
    assert (columns.time, columns.columns, columns.id) == ("when", ("a", "b"), None)


def test_a_column_that_tells_rows_of_one_time_apart_names_the_series(tmp_path: Path) -> None:
    source = table(
        tmp_path, "city,year,rain", "Rome,2000,1", "Oslo,2000,2", "Rome,2001,3", "Oslo,2001,5"
    )
    assert looks_like_series(source)
    read = series_of(source, choose_series_columns(source, SeriesWishes()))
    assert [(one.name, one.values.tolist()) for one in read.series] == [
        ("Rome", [1, 3]),
        ("Oslo", [2, 5]),
    ]
    assert [one.rows.tolist() for one in read.series] == [[2, 4], [3, 5]]


def test_several_columns_of_several_series(tmp_path: Path) -> None:
    lines = ["id,t,x,y"] + [f"{name},{t},{t},{t * t}" for name in "ab" for t in range(4)]
    assert [one.name for one in read(tmp_path, *lines).series] == ["a x", "a y", "b x", "b y"]
    one = read(tmp_path, *lines, columns="y", id="id", time="t")
    assert [series.name for series in one.series] == ["a", "b"]


@pytest.mark.parametrize(
    "lines",
    [
        ("text,stars", "good,1", "bad,2"),
        ("date,review", "2020-01-01,good", "2020-01-02,bad"),
        ("date,x,label", "2020-01-01,1,0", "2020-01-02,2,1"),
        ("x,y", "1,2", "3,4"),
        ("date", "2020-01-01", "2020-01-02"),
    ],
)
def test_other_tables_do_not_look_like_series(tmp_path: Path, lines: tuple[str, ...]) -> None:
    assert not looks_like_series(table(tmp_path, *lines))


def test_what_columns_cannot_be(tmp_path: Path) -> None:
    lines = ("date,x", "2020-01-01,1", "2020-01-02,2")
    assert "in two roles" in refused(tmp_path, *lines, columns="x", known="x").what
    assert "no column 'z'" in refused(tmp_path, *lines, known="z").what
    assert "No column looks like the time" in refused(tmp_path, "x,y", "1,2").what
    error = refused(tmp_path, "date,word", "2020-01-01,a")
    assert "No column of numbers is left" in error.what
    assert "--columns" in error.next_step


# --- cells


def test_gaps_are_kept_and_noted_with_their_rows(tmp_path: Path) -> None:
    found = read(tmp_path, *days("1", "", "3", "NA", "5"))
    (series,) = found.series
    np.testing.assert_array_equal(series.values, [1, np.nan, 3, np.nan, 5])
    (note,) = found.notes
    assert "2 values missing (rows 3, 5)" in note


def test_a_series_begins_and_ends_with_a_value(tmp_path: Path) -> None:
    found = read(tmp_path, *days("", "2", "3", ""))
    assert found.series[0].values.tolist() == [2, 3]
    assert found.series[0].rows.tolist() == [3, 4]
    assert any("from row 3 to row 4 only" in note for note in found.notes)


def test_steps_without_a_row_are_gaps(tmp_path: Path) -> None:
    lines = ["date,y"] + [f"2020-01-{day:02},{day}" for day in range(1, 31) if day != 7]
    found = read(tmp_path, *lines)
    (series,) = found.series
    assert len(series) == 30
    assert np.isnan(series.values[6])
    assert series.rows[6] == 0
    assert np.diff(series.stamps).tolist() == [86_400] * 29
    assert "1 step of 1 day without a row, before row 8" in found.notes[0]


def test_irregular_times_are_noted_and_rows_become_steps(tmp_path: Path) -> None:
    found = read(tmp_path, "date,y", "2020-01-01,1", "2020-01-02,2", "2020-01-03,4", "2020-02-07,8")
    assert found.series[0].values.tolist() == [1, 2, 4, 8]
    assert "irregular" in found.notes[0]
    assert "row 5" in found.notes[0]


def test_rows_out_of_order_are_put_in_order_and_noted(tmp_path: Path) -> None:
    found = read(tmp_path, "date,y", "2020-01-03,3", "2020-01-02,2", "2020-01-01,1")
    assert found.series[0].values.tolist() == [1, 2, 3]
    assert found.series[0].rows.tolist() == [4, 3, 2]
    assert "rows 3, 4" in found.notes[0]


def test_a_time_that_stands_twice_is_refused_with_both_rows(tmp_path: Path) -> None:
    error = refused(tmp_path, "date,y", "2020-01-01,1", "2020-01-02,2", "2020-01-01,3")
    assert "'2020-01-01' stands twice" in error.what
    assert ":4, column 'date'" in error.where
    assert "row 2" in error.where
    assert "--id" in error.next_step
    twice = ("s,t,y", "a,1,1", "b,1,2", "a,2,3", "a,2,4")
    assert "of the series 'a'" in refused(tmp_path, *twice, id="s").what


@pytest.mark.parametrize(
    ("lines", "what", "where"),
    [
        (("date,y", "2020-01-01,1", "19-Sep-03,2"), "'19-Sep-03'", ":3, column 'date'"),
        (("date,y", "2020-01-01,1", "2003,2"), "'2003'", ":3, column 'date'"),
        (("date,y", "2020-01-01,1", ",2"), "''", ":3, column 'date'"),
    ],
)
def test_a_cell_that_is_no_time(
    tmp_path: Path, lines: tuple[str, ...], what: str, where: str
) -> None:
    error = refused(tmp_path, *lines, time="date")
    assert f"The time is {what}" in error.what
    assert where in error.where


def test_a_cell_that_is_no_number(tmp_path: Path) -> None:
    error = refused(tmp_path, "date,y", "2020-01-01,1", "2020-01-02,2;5", columns="y")
    assert "'2;5'" in error.what
    assert ":3, column 'y'" in error.where


def test_a_row_without_a_series(tmp_path: Path) -> None:
    error = refused(tmp_path, "s,t,y", "a,1,1", " ,2,1", id="s")
    assert "which series" in error.what
    assert ":3, column 's'" in error.where


# --- series that cannot be learned


def test_one_point_is_refused_with_its_row(tmp_path: Path) -> None:
    error = refused(tmp_path, *days("5"))
    assert "one value only" in error.what
    assert error.where.endswith(":2")


def test_a_constant_is_refused_with_its_row(tmp_path: Path) -> None:
    error = refused(tmp_path, *days("4", "4", "4"))
    assert "never changes: it is 4" in error.what
    assert error.where.endswith(":2")


def test_beside_a_good_series_they_are_noted(tmp_path: Path) -> None:
    found = read(
        tmp_path, "date,good,flat,point,none",
        "2020-01-01,1,4,,", "2020-01-02,2,4,7,", "2020-01-03,3,4,,",
    )  # fmt: skip
    assert [one.name for one in found.series] == ["good", "flat"]
    told = "; ".join(found.notes)
    assert "'flat' never changes: 4 from row 2 on" in told
    assert "'point' has one value only (row 3); left out" in told
    assert "column 'none' holds no numbers; left out" in told


# --- what is known of the future


def test_covariates_reach_beyond_the_last_value(tmp_path: Path) -> None:
    found = read(
        tmp_path, "date,y,holiday", "2020-01-01,1,0", "2020-01-02,2,1", "2020-01-03,,1",
        "2020-01-04,,0", known="holiday",
    )  # fmt: skip
    (series,) = found.series
    assert series.values.tolist() == [1, 2]
    assert series.known.tolist() == [[0], [1], [1], [0]]
    assert found.known == ("holiday",)


def test_a_covariate_that_is_missing_is_refused_with_its_row(tmp_path: Path) -> None:
    error = refused(
        tmp_path, "date,y,holiday", "2020-01-01,1,0", "2020-01-02,2,1", "2020-01-03,,",
        known="holiday",
    )  # fmt: skip
    assert "'holiday' is missing" in error.what
    assert ":4, column 'holiday'" in error.where
