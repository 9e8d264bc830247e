"""Tables of notes whose pieces numbers describe, and every fault of theirs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from elman.data.files.delimited import read_delimited
from elman.data.load import load_dataset
from elman.data.loading.rolls import RollDataset, pieces_of
from elman.data.options import DataOptions
from elman.errors import DataError


def notes(folder: Path, rows: str = "", names: str = "height,speed") -> str:
    path = folder / "notes.csv"
    lines = [f"p{n},{step},1,{60 + n + step},{n},{n / 2:g}" for n in range(20) for step in range(3)]
    path.write_text(f"piece,onset,duration,pitch,{names}\n" + (rows or "\n".join(lines) + "\n"))
    return str(path)


def loaded(path: str, **options: Any) -> RollDataset:
    dataset = load_dataset(DataOptions(path, shape="one_to_many", **options))
    assert isinstance(dataset, RollDataset)
    return dataset


def test_every_column_of_numbers_describes_the_pieces(tmp_path: Path) -> None:
    dataset = loaded(notes(tmp_path))
    assert (dataset.shape, dataset.reads, dataset.target) == ("one_to_many", "rolls", "piece")
    assert dataset.columns == ("height", "speed")
    assert "columns 'height', 'speed' describe 20 pieces" in dataset.shape_reason
    for roll in (*dataset.train, *dataset.validation, *dataset.test):
        number = int(roll.name[1:])
        assert roll.vector is not None
        assert roll.vector.tolist() == [number, number / 2]
        assert roll.frames[0].nonzero()[0].tolist() == [60 + number - 21]


def test_one_column_may_be_asked_for_and_words_are_left_out_and_told(tmp_path: Path) -> None:
    path = notes(tmp_path)
    assert loaded(path, columns="speed").columns == ("speed",)
    words = Path(path).read_text().replace(",0.5\n", ",slow\n")
    Path(path).write_text(words)
    dataset = loaded(path)
    assert dataset.columns == ("height",)
    assert "column 'speed' is left out: not all of it is numbers" in dataset.notes


def test_without_a_shape_the_same_table_is_a_language_model(tmp_path: Path) -> None:
    dataset = load_dataset(DataOptions(notes(tmp_path)))
    assert dataset.shape == "language_model"


def test_a_column_of_parts_describes_nothing(tmp_path: Path) -> None:
    parts = ["train"] * 6 + ["validation"] * 2 + ["test"] * 2
    rows = [f"p{n},{t},1,{60 + t},{n},{part}" for n, part in enumerate(parts) for t in range(2)]
    dataset = loaded(notes(tmp_path, "\n".join(rows) + "\n", "height,split"))
    assert dataset.columns == ("height",)
    assert dataset.sizes() == {"train": 6, "validation": 2, "test": 2}


FAULTS = {
    "two in one piece": ("a,0,1,60,1,2\na,1,1,61,1,3\na,2,1,61,1,4\n", "", ":3, column 'speed'",
                         "described by 2 in one row and by 3 in another (2 such rows"),
    "nothing": ("a,0,1,60,1,\na,1,1,61,1,\n", "speed", ":2, column 'speed'", "missing"),
    "a word": ("a,0,1,60,x,1\na,1,1,61,x,1\n", "height", ":2, column 'height'", "no number"),
    "no such column": ("a,0,1,60,1,1\na,1,1,61,1,1\n", "mood", "", "no column 'mood'"),
    "no numbers": ("a,0,1,60,x,y\na,1,1,61,x,y\n", "", "", "No column of numbers describes"),
}  # fmt: skip


@pytest.mark.parametrize(("rows", "columns", "where", "what"), FAULTS.values(), ids=FAULTS)
def test_what_describes_no_piece(
    tmp_path: Path, rows: str, columns: str, where: str, what: str
) -> None:
    path = notes(tmp_path, rows)
    with pytest.raises(DataError) as caught:
        loaded(path, columns=columns or None)
    assert what in caught.value.what
    assert str(caught.value.where).startswith(path + where)
    assert caught.value.expected
    assert caught.value.next_step


def test_another_table_must_have_the_columns(tmp_path: Path) -> None:
    table = read_delimited(Path(notes(tmp_path)), lambda content: None)
    assert pieces_of(table, 1.0)[3].vector is None
    with pytest.raises(DataError, match="no column 'mood'"):
        pieces_of(table, 1.0, ("mood",))
