"""Files of columns as datasets: how they are known, what is noted, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from elman.data.load import load_dataset
from elman.data.options import DataOptions
from elman.data.wording import quoted
from elman.errors import DataError
from tests.hostile.refusal import refused
from tests.tagged_samples import conll, sentences

TOWNS = conll(sentences(20))


def test_the_ending_makes_an_aligned_dataset(tmp_path: Path) -> None:
    path = tmp_path / "towns.conll"
    path.write_text(TOWNS)
    dataset = load_dataset(DataOptions(str(path)))
    assert dataset.shape == "aligned"
    assert dataset.target == "tags"
    assert dataset.shape_reason == (
        "aligned: column '2' tags column '1', a token a line (5 tags)"
    )  # fmt: skip
    assert [len(part) for part in (dataset.train, dataset.validation, dataset.test)] == [16, 2, 2]
    assert dataset.split_reason == "seeded split 80/10/10 (seed 0)"


@pytest.mark.parametrize(
    ("name", "shape"),
    [("towns.tsv", None), ("towns.txt", None), ("towns.tsv", "aligned"), ("towns", "aligned"),
     ("towns.annotated", "aligned"), ("towns.txt", "aligned")],
)  # fmt: skip
def test_other_endings_are_known_by_their_look_or_by_the_shape(
    tmp_path: Path, name: str, shape: str | None
) -> None:
    path = tmp_path / name
    path.write_text(TOWNS)
    options = DataOptions(str(path), shape=shape)  # type: ignore[arg-type]
    assert load_dataset(options).train == load_dataset(options).train
    assert load_dataset(options).shape == "aligned"


def test_a_table_with_blank_lines_stays_a_table(tmp_path: Path) -> None:
    path = tmp_path / "texts.tsv"
    rows = "".join(f"text {number}\t{'ab'[number % 2]}\n\n" for number in range(20))
    path.write_text("text\tlabel\n" + rows)
    assert load_dataset(DataOptions(str(path))).shape == "many_to_one"


def test_files_beside_columns_hold_columns(tmp_path: Path) -> None:
    (tmp_path / "train.conll").write_text(TOWNS)
    (tmp_path / "test.annotated").write_text(conll(sentences(3, 50)))
    options = DataOptions(
        str(tmp_path / "train.conll"), test=str(tmp_path / "test.annotated"), label="2", text="1"
    )
    dataset = load_dataset(options)
    assert len(dataset.test) == 3
    assert dataset.split_reason.endswith("test: given file")


def test_tags_that_training_lacks_and_repetitions_are_noted(tmp_path: Path) -> None:
    (tmp_path / "train.conll").write_text(TOWNS)
    (tmp_path / "test.conll").write_text(conll(sentences(1)) + "\nMars\tB-planet\n")
    path = str(tmp_path / "train.conll")
    notes = load_dataset(DataOptions(path, test=str(tmp_path / "test.conll"))).notes
    assert notes == (
        "1 token of the test part with a tag that training lacks, such as 'B-planet', "
        "count as wrong",
        "1 text of the test part also occurs in train",
    )


def test_a_scheme_of_choice(tmp_path: Path) -> None:
    path = tmp_path / "towns.conll"
    path.write_text(TOWNS + "\nOslo\tI-town\n")
    error = refused(DataOptions(str(path)))
    assert "'I-town' begins a sentence, which breaks BIO" in error.what
    assert error.next_step.endswith(f"elman train {quoted(path)} --scheme plain")
    assert load_dataset(DataOptions(str(path), scheme="plain")).shape == "aligned"


REFUSED = {
    "another shape": ({"shape": "many_to_one"}, TOWNS, "make an aligned model"),
    "a split column": ({"split": "2"}, TOWNS, "make an aligned model"),
    "a column that is not there": ({"label": "upos"}, TOWNS, "no column 'upos'"),
    "one tag only": ({}, "a\tO\n\n" * 20, "All tags are 'O'"),
    "too few": ({}, conll(sentences(3)), "only 3 examples"),
}


@pytest.mark.parametrize(("options", "content", "what"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(tmp_path: Path, options: dict[str, str], content: str, what: str) -> None:
    path = tmp_path / "towns.conll"
    path.write_text(content)
    error = refused(DataOptions(str(path), **options))  # type: ignore[arg-type]
    assert what in error.what
    assert str(path) in error.where


def test_a_file_with_other_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "train.conll").write_text(TOWNS)
    (tmp_path / "test.conll").write_text("a\nb\n")
    path = str(tmp_path / "train.conll")
    with pytest.raises(DataError, match="no column '2'") as caught:
        load_dataset(DataOptions(path, test=str(tmp_path / "test.conll")))
    assert caught.value.where == str(tmp_path / "test.conll")
