"""Folders, tables and the built-in scans as data sets of numbers."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from elman.data.arrays.labelled import ArrayDataset, TableForm, rows_of_image
from elman.data.built_in import digits
from elman.data.files.images import ImageForm
from elman.data.files.mel import SoundForm
from elman.data.load import load_dataset
from elman.data.loading.rolls import RollDataset
from elman.data.options import DataOptions
from elman.errors import DataError, UsageError
from tests.number_samples import image, image_folder, sequences, sound, sound_folder, vectors


def loaded(data: str | Path, **options: Any) -> ArrayDataset:
    dataset = load_dataset(DataOptions(str(data), **options))
    assert isinstance(dataset, ArrayDataset)
    return dataset


def refusal(data: str | Path, **options: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        load_dataset(DataOptions(str(data), **options))
    assert caught.value.where
    assert caught.value.expected
    assert caught.value.next_step
    return caught.value


def test_digits_are_scans_in_80_10_10_whatever_the_seed() -> None:
    dataset = digits.load(seed=5)
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (1437, 180, 180)
    assert dataset.sha256 == digits.load(seed=0).sha256
    assert set(Counter(one.label for one in dataset.train)) == set("0123456789")
    pixels = np.stack([one.values for one in dataset.train])
    assert pixels.dtype == np.uint8
    assert (pixels.min(), pixels.max()) == (0, 255)
    assert dataset.shape == "one_to_one"


def test_rows_of_digits_are_the_same_pixels_from_the_top() -> None:
    whole, rows = loaded("digits"), loaded("digits", as_rows=True)
    assert (rows.shape, rows.reads) == ("many_to_one", "frames")
    assert "row by row" in rows.shape_reason
    assert np.array_equal(rows.test[3].values, whole.test[3].values[0])
    asked = loaded("digits", shape="many_to_one")
    assert np.array_equal(asked.test[3].values, rows.test[3].values)


def test_rows_of_a_colour_image_hold_its_channels_side_by_side() -> None:
    pixels = np.arange(24).reshape(3, 2, 4)
    rows = rows_of_image(pixels)
    assert rows.shape == (2, 12)
    assert rows[1, :6].tolist() == [4, 12, 20, 5, 13, 21]


def test_a_folder_of_images_is_one_to_one(tmp_path: Path) -> None:
    dataset = loaded(image_folder(tmp_path / "halves"))
    assert (dataset.shape, dataset.reads, dataset.target) == ("one_to_one", None, "class")
    assert dataset.form == ImageForm(6, 6, 1)
    assert "24 images labelled by their folders (2 labels)" in dataset.shape_reason
    assert dataset.split_reason.startswith("seeded split 80/10/10")


def test_a_renamed_class_changes_the_digest(tmp_path: Path) -> None:
    folder = image_folder(tmp_path / "halves")
    before = loaded(folder).sha256
    assert loaded(folder, seed=3).sha256 == before
    (folder / "up").rename(folder / "top")
    assert loaded(folder).sha256 != before


def test_folders_and_patterns_fix_the_parts(tmp_path: Path) -> None:
    for part in ("train", "test"):
        image_folder(tmp_path / "halves" / part, 12 if part == "train" else 4)
    dataset = loaded(tmp_path / "halves")
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (11, 1, 4)
    assert "test: folders of that name" in dataset.split_reason
    folder = sound_folder(tmp_path / "tones")
    dataset = loaded(folder, file_names="{label}_*", test="*[05].wav")
    assert {one.name[-5] for one in dataset.test} == {"0", "5"}
    assert isinstance(dataset.form, SoundForm)
    other = sound_folder(tmp_path / "others", 4)
    dataset = loaded(folder, file_names="{label}_*", test=str(other))
    assert len(dataset.test) == 4
    assert "test: given file" in dataset.split_reason


def test_a_table_may_name_its_files(tmp_path: Path) -> None:
    lines = ["file,label,split"]
    for number in range(12):
        image(tmp_path / f"{number}.png", number, number % 2 == 0)
        part = "test" if number >= 8 else "valid" if number >= 6 else "train"
        lines.append(f"{number}.png,{'ud'[number % 2]},{part}")
    (tmp_path / "list.csv").write_text("\n".join(lines) + "\n")
    dataset = loaded(tmp_path / "list.csv")
    assert [one.name for one in dataset.test] == ["8.png", "9.png", "10.png", "11.png"]
    assert dataset.split_reason == "column 'split'"
    sound(tmp_path / "a.wav", 0, high=True)
    with (tmp_path / "list.csv").open("a") as file:
        file.write("a.wav,u,train\n")
    assert "names images and sounds" in refusal(tmp_path / "list.csv").what


def test_a_table_of_numbers_is_vectors_sequences_or_steps(tmp_path: Path) -> None:
    dataset = loaded(vectors(tmp_path / "sums.csv"), columns="a,b")
    assert (dataset.shape, dataset.target) == ("one_to_one", "class")
    assert dataset.form == TableForm(("a", "b"))
    dataset = loaded(tmp_path / "sums.csv", columns="a,b", shape="many_to_one")
    assert dataset.train[0].values.shape == (2, 1)
    dataset = loaded(sequences(tmp_path / "walks.csv"), columns="x")
    assert (dataset.shape, dataset.reads) == ("many_to_one", "frames")
    assert dataset.form == TableForm(("x",), "rows", "id", "time")
    assert sum(len(part) for part in (dataset.train, dataset.validation, dataset.test)) == 30


def test_labels_are_numbers_where_they_look_like_it_or_it_is_asked(tmp_path: Path) -> None:
    path = vectors(tmp_path / "sums.csv")
    assert loaded(path, columns="a,b", label="sum").target == "number"
    dataset = loaded(path, columns="a,b", label="sum", label_kind="number")
    assert "(a number)" in dataset.shape_reason
    error = refusal(path, columns="a,b", label_kind="number")
    assert "is no number (40 such rows in all)" in error.what
    assert error.where == f"{path}:2"


def test_the_split_of_a_sequence_stands_in_all_of_its_rows(tmp_path: Path) -> None:
    rows = [
        f"s{number},{step},{step},{'ab'[number % 2]},{'test' if number > 9 else 'train'}"
        for number in range(14)
        for step in range(2)
    ]
    path = tmp_path / "walks.csv"
    path.write_text("\n".join(["id,time,x,label,split", *rows]) + "\n")
    assert [one.name for one in loaded(path).test] == ["s10", "s11", "s12", "s13"]
    path.write_text(path.read_text() + "s0,5,1,a,test\n")
    assert "'s0' is 'train' in one row and 'test' in another" in refusal(path).what


def test_folders_that_are_no_data_are_refused(tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    assert "no images and no sounds" in refusal(tmp_path / "nothing").what
    image_folder(tmp_path / "both", 4)
    sound(tmp_path / "both" / "up" / "a.wav", 0, high=True)
    assert "4 images and 1 sound" in refusal(tmp_path / "both").what
    image_folder(tmp_path / "few", 4)
    assert "only 4 examples" in refusal(tmp_path / "few").what


def test_what_is_no_image_cannot_be_read_by_rows(tmp_path: Path) -> None:
    path = vectors(tmp_path / "sums.csv")
    with pytest.raises(UsageError, match="Only images"):
        load_dataset(DataOptions(str(path), columns="a,b", as_rows=True))
    with pytest.raises(UsageError, match="Only images"):
        load_dataset(DataOptions("languages", as_rows=True))


def test_a_table_of_notes_is_a_language_models(tmp_path: Path) -> None:
    rows = [f"p{n},{step},1,{60 + n + step},train" for n in range(12) for step in range(4)]
    path = tmp_path / "notes.csv"
    path.write_text("\n".join(["Piece,Onset,Duration,Pitch,part", *rows]) + "\n")
    dataset = load_dataset(DataOptions(str(path)))
    assert isinstance(dataset, RollDataset)
    assert (dataset.shape, dataset.reads, dataset.step) == ("language_model", "rolls", 1.0)
    assert len(dataset.train) == 10
    halves = load_dataset(DataOptions(str(path), frame=0.5))
    assert isinstance(halves, RollDataset)
    assert len(halves.train[0].frames) == 8


def test_trees_in_brackets_are_labelled_texts(tmp_path: Path) -> None:
    path = tmp_path / "trees.txt"
    path.write_text("".join(f"({n % 3} (2 word{n}) (2 other))\n" for n in range(20)))
    dataset = load_dataset(DataOptions(str(path)))
    assert (dataset.shape, dataset.target) == ("many_to_one", "rating")
