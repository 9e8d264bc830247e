"""Images and vectors with a text each: how they are found, and what is refused where."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from elman.data.arrays.labelled import ArrayDataset, TableForm
from elman.data.built_in import digits, digits_words
from elman.data.files.images import ImageForm
from elman.data.load import load_dataset
from elman.data.loading.captions import read_captioned
from elman.data.options import DataOptions
from elman.errors import DataError
from tests.hostile.refusal import refused

CAPTIONS = [f"a picture of {number}" for number in range(12)]


def captioned(folder: Path, header: str = "file,caption", name: str = "captions.csv") -> str:
    """A table of images 3 x 4, as dark as their number, in a folder beside it."""
    (folder / "images").mkdir(exist_ok=True)
    rows = [header]
    for number, caption in enumerate(CAPTIONS):
        path = folder / "images" / f"{number}.png"
        Image.fromarray(np.full((3, 4), 20 * number, dtype=np.uint8)).save(path)
        rows.append(f"images/{number}.png,{caption}")
    (folder / name).write_text("\n".join(rows) + "\n")
    return str(folder / name)


def texts(dataset: ArrayDataset) -> list[str]:
    return sorted(one.label for one in (*dataset.train, *dataset.validation, *dataset.test))


@pytest.mark.parametrize(
    ("header", "options"),
    [("file,caption", {}), ("path,words", {"target": "words"}),
     ("file,Captions", {"shape": "one_to_many"})],
)  # fmt: skip
def test_images_and_their_captions_are_read(
    tmp_path: Path, header: str, options: dict[str, str]
) -> None:
    path = captioned(tmp_path, header)
    dataset = load_dataset(DataOptions(path, **options))  # type: ignore[arg-type]
    assert isinstance(dataset, ArrayDataset)
    assert (dataset.shape, dataset.target) == ("one_to_many", "text")
    assert "is to be written for the images of column" in dataset.shape_reason
    assert texts(dataset) == sorted(CAPTIONS)
    assert dataset.form == ImageForm(3, 4, 1)
    for one in dataset.train:
        assert (one.values == 20 * int(one.label.split()[-1])).all()
    assert any("3 x 4 pixels" in note for note in dataset.notes)


def test_a_changed_image_changes_the_digest(tmp_path: Path) -> None:
    path = captioned(tmp_path)
    before = load_dataset(DataOptions(path)).sha256
    Image.fromarray(np.full((3, 4), 7, dtype=np.uint8)).save(tmp_path / "images" / "5.png")
    assert load_dataset(DataOptions(path)).sha256 != before


def test_numbers_and_a_text_for_each_row(tmp_path: Path) -> None:
    rows = [f"{number},{-number},{caption}" for number, caption in enumerate(CAPTIONS)]
    (tmp_path / "n.csv").write_text("\n".join(["x,y,said", *rows]) + "\n")
    options = DataOptions(str(tmp_path / "n.csv"), shape="one_to_many", target="said")
    dataset = load_dataset(options)
    assert isinstance(dataset, ArrayDataset)
    assert dataset.form == TableForm(("x", "y"))
    assert "each row's 2 numbers" in dataset.shape_reason
    for one in dataset.train:
        number = int(one.label.split()[-1])
        assert one.values.tolist() == [number, -number]


def test_the_texts_are_asked_for_where_no_column_is_called_so(tmp_path: Path) -> None:
    path = captioned(tmp_path, "file,words")
    error = refused(DataOptions(path, shape="one_to_many"))
    assert "No column is called a caption" in error.what
    assert "--target words" in error.next_step


def test_faults_are_named_with_file_and_row(tmp_path: Path) -> None:
    path = captioned(tmp_path)
    (tmp_path / "images" / "4.png").write_bytes(b"no image")
    error = refused(DataOptions(path))
    assert "cannot be decoded" in error.what
    assert error.where == str(tmp_path / "images" / "4.png")
    (tmp_path / "images" / "4.png").unlink()
    error = refused(DataOptions(path))
    assert "There is no file" in error.what
    assert error.where == f"{path}:6, column 'file'"
    captioned(tmp_path)
    lines = Path(path).read_text().replace("a picture of 2\n", " \n")
    Path(path).write_text(lines)
    error = refused(DataOptions(path))
    assert error.where.startswith(f"{path}:4, column 'caption'")


def test_a_file_to_measure_on(tmp_path: Path) -> None:
    path = Path(captioned(tmp_path))
    read = read_captioned(path, ImageForm(3, 4, 1), None)
    assert [one.label for one in read] == CAPTIONS
    assert read_captioned(path, ImageForm(6, 8, 3), "caption")[0].values.shape == (3, 6, 8)
    with pytest.raises(DataError, match="Did you mean 'caption'"):
        read_captioned(path, ImageForm(3, 4, 1), "captoin")
    (tmp_path / "n.csv").write_text("x,caption\n1,one\n2,two\n")
    assert read_captioned(tmp_path / "n.csv", TableForm(("x",)), None)[1].values.tolist() == [2]
    with pytest.raises(DataError, match="No column names images"):
        read_captioned(tmp_path / "n.csv", ImageForm(3, 4, 1), None)


def test_the_scans_of_digits_are_named() -> None:
    named, scans = digits_words.load(seed=3), digits.load(seed=0)
    assert named.shape == "one_to_many"
    for ours, theirs in zip(named.test, scans.test, strict=True):
        assert ours.label == digits_words.NAMES[int(theirs.label)]
        assert (ours.values == theirs.values).all()
