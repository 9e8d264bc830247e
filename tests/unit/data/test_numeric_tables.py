"""Tables of numbers: which column is what, and what vectors and sequences come out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from elman.data.arrays.numbers import is_numeric, number_of
from elman.data.arrays.numeric_columns import (
    NumericColumns,
    NumericWishes,
    choose_numeric_columns,
    looks_numeric,
)
from elman.data.arrays.numeric_examples import long_sequences, rows_as_sequences, vectors
from elman.data.files.delimited import read_delimited
from elman.data.files.tables import Table
from elman.errors import DataError

FLOWERS = "width,height,species\n" + "1,2.5,a\n3,4e1,b\n" * 6
LONG = "id,time,x,y,label\na,2,1,10,up\nb,1,5,50,down\na,1,2,20,up\nb,3,7,70,down\nb,2,6,60,down\n"


def table_of(path: Path, content: str) -> Table:
    file = path / "numbers.csv"
    file.write_text(content)
    return read_delimited(file, lambda content: None)


def refusal(table: Table, wishes: NumericWishes | None = None) -> DataError:
    with pytest.raises(DataError) as caught:
        read(table, wishes)
    assert caught.value.where.startswith(table.path)
    assert caught.value.expected
    assert caught.value.next_step
    return caught.value


def read(table: Table, wishes: NumericWishes | None = None) -> object:
    columns = choose_numeric_columns(table, wishes or NumericWishes())
    if columns.id is not None:
        return long_sequences(table, columns, columns.id)
    return vectors(table, columns)


def test_a_cell_is_a_number_nothing_or_something_else() -> None:
    assert number_of("-1.5e3") == -1500
    assert number_of("inf") is None
    assert number_of("1_000") is None
    assert number_of("1,5") is None
    assert str(number_of("?")) == "nan"


@pytest.mark.parametrize(
    ("content", "numeric"),
    [
        (FLOWERS.replace("species", "class"), True),
        (FLOWERS, False),  # nothing is called a label
        (LONG, True),
        ("id,time,x,label\n" + "a,1,2,u\n" * 3, True),
        ("x,label\n1,a\n", False),  # one column of numbers may as well be texts
        ("text,x,label\n1,2,a\n", False),
        ("x,y,label\n1,two,a\n", False),
        ("x,y,label\n1,,a\n3,4,a\n", True),  # a missing cell is refused with its row, later
    ],
)
def test_what_looks_like_numbers(tmp_path: Path, content: str, numeric: bool) -> None:
    assert looks_numeric(table_of(tmp_path, content)) is numeric


def test_columns_by_their_names(tmp_path: Path) -> None:
    columns = choose_numeric_columns(table_of(tmp_path, LONG), NumericWishes())
    assert columns == NumericColumns(("x", "y"), "label", "id", "time", None, ())
    table = table_of(tmp_path, "Id,a,b,split,Class\n1,2,3,train,x\n2,3,4,test,y\n")
    columns = choose_numeric_columns(table, NumericWishes())
    assert columns.numbers == ("a", "b")
    assert (columns.label, columns.id, columns.split) == ("Class", None, "split")
    assert columns.notes == ("column 'Id' is left out: it is different in each row",)


def test_columns_as_asked(tmp_path: Path) -> None:
    table = table_of(tmp_path, "a,b,c,d\n1,2,3,4\n1,3,4,5\n")
    wishes = NumericWishes(columns="c, b", label="d", id="a")
    columns = choose_numeric_columns(table, wishes)
    assert columns == NumericColumns(("b", "c"), "d", "a", None, None, ())


def test_a_vector_is_a_row(tmp_path: Path) -> None:
    table = table_of(tmp_path, FLOWERS)
    examples = vectors(table, choose_numeric_columns(table, NumericWishes(label="species")))
    assert [one.label for one in examples[:2]] == ["a", "b"]
    assert [one.row for one in examples[:2]] == [2, 3]
    assert examples[0].values.dtype == np.float32
    assert [one.values.tolist() for one in examples[:2]] == [[1, 2.5], [3, 40]]


def test_rows_of_an_id_are_a_sequence_in_the_order_of_time(tmp_path: Path) -> None:
    table = table_of(tmp_path, LONG)
    columns = choose_numeric_columns(table, NumericWishes())
    up, down = long_sequences(table, columns, "id")
    assert (up.label, up.row, up.values.tolist()) == ("up", 2, [[2, 20], [1, 10]])
    assert (down.label, down.row, down.values.tolist()) == (
        "down",
        3,
        [[5, 50], [6, 60], [7, 70]],
    )


def test_dates_order_rows_and_without_times_their_order_stands(tmp_path: Path) -> None:
    days = "a,2024-10-01,2,0,u\na,2024-09-30 23:00,1,0,u\n"
    table = table_of(tmp_path, "id,time,x,y,label\n" + days)
    columns = choose_numeric_columns(table, NumericWishes())
    assert long_sequences(table, columns, "id")[0].values[:, 0].tolist() == [1, 2]
    table = table_of(tmp_path, "id,x,y,label\n" + "a,2,1,u\na,1,1,u\n")
    columns = choose_numeric_columns(table, NumericWishes())
    assert long_sequences(table, columns, "id")[0].values[:, 0].tolist() == [2, 1]


def test_a_row_is_a_sequence_that_empty_cells_at_its_end_shorten(tmp_path: Path) -> None:
    table = table_of(tmp_path, "t0,t1,t2,label\n1,2,3,a\n4,5,,b\n6,,,b\n")
    columns = choose_numeric_columns(table, NumericWishes())
    examples = rows_as_sequences(table, columns)
    assert [one.values.tolist() for one in examples] == [[[1], [2], [3]], [[4], [5]], [[6]]]


@pytest.mark.parametrize(
    ("row", "column", "what"),
    [("1,,3,a", "t1", "is missing"), (",,,a", "t0", "is missing"), ("1,x,,a", "t1", "no number")],
)
def test_a_gap_in_a_row_is_named(tmp_path: Path, row: str, column: str, what: str) -> None:
    table = table_of(tmp_path, f"t0,t1,t2,label\n1,2,3,a\n{row}\n")
    columns = choose_numeric_columns(table, NumericWishes())
    with pytest.raises(DataError, match=what) as caught:
        rows_as_sequences(table, columns)
    assert caught.value.where == f"{table.path}:3, column {column!r}"


FAULTS = {
    "missing": ("x,y,label\n1,2,a\n1,,b\n", ":3, column 'y'", "A cell is missing."),
    "two missing": ("x,y,label\n1,,a\n1,,b\n", ":2, column 'y'", "(2 such rows in all)"),
    "a word": ("x,y,label\n1,2,a\ntwo,2,b\n", ":3, column 'x'", "is no number: 'two'"),
    "infinite": ("x,y,label\n1,2,a\n1,inf,b\n", ":3, column 'y'", "is no number: 'inf'"),
    "no label": ("x,y,label\n1,2,\n", ":2, column 'label'", "The label is empty"),
    "two labels": (LONG + "a,3,1,1,down\n", ":7, column 'label'", "'a' is 'up' in one row and"),
    "one time twice": (LONG + "b,3,1,1,down\n", ":7, column 'time'", "the same time '3'"),
    "no time": (LONG + "b,,1,1,down\n", ":7, column 'time'", "The time is ''"),
    "odd time": (LONG + "b,noon,1,1,down\n", ":7, column 'time'", "The time is 'noon'"),
    "nothing called a label": ("x,y\n1,2\n", "", "No column is called a label"),
    "only a label": ("label\na\n", "", "No column of numbers is left"),
}


@pytest.mark.parametrize(("content", "where", "what"), FAULTS.values(), ids=FAULTS)
def test_faults_are_named_with_row_and_column(
    tmp_path: Path, content: str, where: str, what: str
) -> None:
    table = table_of(tmp_path, content)
    error = refusal(table)
    assert what in error.what
    assert error.where == table.path + where


def test_columns_that_are_not_there_or_have_two_roles(tmp_path: Path) -> None:
    table = table_of(tmp_path, LONG)
    assert "Did you mean 'time'?" in refusal(table, NumericWishes(time="tme")).what
    assert "no column 'z'" in refusal(table, NumericWishes(columns="x,z")).what
    assert "two roles" in refusal(table, NumericWishes(columns="x,label", label="label")).what


def test_a_column_with_a_word_is_not_numeric(tmp_path: Path) -> None:
    table = table_of(tmp_path, "a,b,c\n1,x,\n,2,\n")
    assert [is_numeric(table, name) for name in table.names] == [True, False, False]
