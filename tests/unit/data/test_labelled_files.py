"""Where the labels of files come from: folders, names, tables; and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from elman.data.arrays.labelled_files import column_of_files, files_in, labelled_files, listed_files
from elman.data.files.delimited import read_delimited
from elman.data.files.tables import Table
from elman.errors import DataError, UsageError

WAV = (".wav",)


def made(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return folder


def table_of(folder: Path, content: str) -> Table:
    (folder / "labels.csv").write_text(content)
    return read_delimited(folder / "labels.csv", lambda content: None)


def test_files_come_in_the_order_of_their_paths_without_hidden_ones(tmp_path: Path) -> None:
    folder = made(tmp_path, "b/2.wav", "b/10.WAV", "a.wav", ".b/x.wav", "b/.x.wav", "b/x.txt")
    found = [path.relative_to(folder).as_posix() for path in files_in(folder, WAV)]
    assert found == ["a.wav", "b/10.WAV", "b/2.wav"]


def test_the_first_folder_is_the_label(tmp_path: Path) -> None:
    folder = made(tmp_path, "cat/1.wav", "dog/indoors/2.wav", "dog/3.wav")
    found = labelled_files(folder, WAV)
    assert [(one.name, one.label, one.row, one.part) for one in found] == [
        ("cat/1.wav", "cat", 1, None),
        ("dog/3.wav", "dog", 2, None),
        ("dog/indoors/2.wav", "dog", 3, None),
    ]


def test_folders_called_as_the_parts_are_the_parts(tmp_path: Path) -> None:
    folder = made(tmp_path, "train/cat/1.wav", "Val/cat/2.wav", "test/dog/3.wav")
    found = labelled_files(folder, WAV)
    assert [(one.label, one.part) for one in found] == [
        ("cat", "validation"),
        ("dog", "test"),
        ("cat", "train"),
    ]


def test_names_are_text(tmp_path: Path) -> None:
    """A disk may hold other bytes, which Python reads as half a surrogate pair."""
    made(tmp_path, "cat/1.wav", "caf\udce9/2.wav", "cat/\udce9.wav", ".caf\udce9/3.wav")
    error = refusal(tmp_path)
    assert "not valid UTF-8 (2 such files in all)" in error.what
    assert error.where == str(tmp_path / "caf\udce9" / "2.wav")


def test_a_class_may_be_called_test(tmp_path: Path) -> None:
    folder = made(tmp_path, "test/1.wav", "control/2.wav")
    assert [one.label for one in labelled_files(folder, WAV)] == ["control", "test"]


@pytest.mark.parametrize(
    ("pattern", "label"),
    [
        ("{label}_*", "7"),
        ("*_{label}_*", "theo"),
        ("?_theo_{label}.wav", "12"),
        ("7_{label}.wav", "theo_12"),
    ],
)
def test_names_tell_labels(tmp_path: Path, pattern: str, label: str) -> None:
    folder = made(tmp_path, "7_theo_12.wav")
    assert labelled_files(folder, WAV, pattern)[0].label == label


def test_names_tell_the_test_part(tmp_path: Path) -> None:
    folder = made(tmp_path, "7_theo_0.wav", "7_theo_14.wav", "7_theo_4.wav")
    found = labelled_files(folder, WAV, "{label}_*", {"test": "*_[0-4].wav"})
    assert [one.part for one in found] == ["test", None, "test"]


def refusal(folder: Path, *options: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        labelled_files(folder, WAV, *options)
    assert caught.value.expected
    assert caught.value.next_step
    return caught.value


def test_files_without_a_label_are_named_and_counted(tmp_path: Path) -> None:
    folder = made(tmp_path, "a.wav", "b.wav", "c/c.wav")
    error = refusal(folder)
    assert "no class folder" in error.what
    assert "2 such files" in error.what
    assert error.where == str(tmp_path / "a.wav")
    assert "--file-names" in error.next_step
    error = refusal(folder, "{label}_*")
    assert "does not match the pattern (3 such files in all)" in error.what


def test_an_empty_folder_and_a_pattern_without_matches_are_refused(tmp_path: Path) -> None:
    assert "no file that ends in .wav" in refusal(made(tmp_path, "a.mp3")).what
    error = refusal(made(tmp_path, "c/a.wav"), None, {"test": "*_0.wav"})
    assert "No file of the folder matches '*_0.wav'" in error.what


@pytest.mark.parametrize("pattern", ["*_*", "{label}_{label}"])
def test_a_pattern_has_one_label(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(UsageError, match=r"\d labels") as caught:
        labelled_files(made(tmp_path, "a.wav"), WAV, pattern)
    assert "{label} once" in caught.value.expected


def test_a_table_names_files_seen_from_its_own_folder(tmp_path: Path) -> None:
    made(tmp_path, "sounds/a.wav", "b.wav")
    table = table_of(tmp_path, "text,file,label\nx,sounds/a.wav,up \ny,b.wav,down\n")
    column = column_of_files(table, WAV)
    assert column == "file"
    first, second = listed_files(table, column, "label")
    assert first.path == tmp_path / "sounds" / "a.wav"
    assert (first.name, first.label, first.row) == ("sounds/a.wav", "up", 2)
    assert (second.name, second.label, second.row) == ("b.wav", "down", 3)


def test_a_column_of_files_ends_as_they_do_in_every_row(tmp_path: Path) -> None:
    assert column_of_files(table_of(tmp_path, "file,label\na.wav,x\nb.mp3,y\n"), WAV) is None


def test_files_that_are_not_there_are_named_with_their_row(tmp_path: Path) -> None:
    made(tmp_path, "a.wav")
    table = table_of(tmp_path, "file,label\na.wav,x\nb.wav,y\nc.wav,y\n")
    with pytest.raises(DataError, match=r"2 such rows") as caught:
        listed_files(table, "file", "label")
    assert str(tmp_path / "b.wav") in caught.value.what
    assert caught.value.where == f"{table.path}:3, column 'file'"


@pytest.mark.parametrize("name", ["x" * 300, "a.wav/b"])
def test_a_name_that_no_file_can_have_is_one_that_is_not_there(tmp_path: Path, name: str) -> None:
    made(tmp_path, "a.wav")
    table = table_of(tmp_path, f"file,label\n{name}.wav,up\n")
    with pytest.raises(DataError, match="There is no file"):
        listed_files(table, "file", "label")
