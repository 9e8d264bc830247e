"""Pairs of texts: columns and files, how they are found, and what is refused where."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from elman.data.examples import AnyDataset, TextPair
from elman.data.load import load_dataset
from elman.data.options import DataOptions
from elman.data.texts.pairs import beside, read_pairs
from elman.errors import DataError, UsageError
from tests.hostile.refusal import refused

PAIRS = [(f"text {number}", f"{number} txet") for number in range(12)]


def table(path: Path, header: str, rows: Sequence[tuple[str, ...]]) -> str:
    path.write_text("\n".join([header, *(",".join(row) for row in rows)]) + "\n")
    return str(path)


def lines(path: Path, texts: list[str]) -> str:
    path.write_text("".join(text + "\n" for text in texts))
    return str(path)


def pairs_in(dataset: AnyDataset) -> list[tuple[str, str]]:
    examples = [*dataset.train, *dataset.validation, *dataset.test]
    assert all(isinstance(one, TextPair) for one in examples)
    return sorted((one.text, one.target) for one in examples if isinstance(one, TextPair))


@pytest.mark.parametrize(
    ("header", "options", "reason"),
    [
        ("source,target", {}, "column 'target' is to be written for column 'source'; found by"),
        ("SRC,TGT", {}, "column 'TGT' is to be written for column 'SRC'; found by their names"),
        ("en,de", {"shape": "encoder_decoder"}, "found the two columns in their order"),
        ("en,de", {"source": "en"}, "found the target as the column that is left"),
        ("en,de", {"source": "en", "target": "de"}, "for column 'en'"),
    ],
)
def test_columns_are_found_or_named(
    tmp_path: Path, header: str, options: dict[str, str], reason: str
) -> None:
    path = table(tmp_path / "pairs.csv", header, PAIRS)
    dataset = load_dataset(DataOptions(path, **options))  # type: ignore[arg-type]
    assert dataset.shape == "encoder_decoder"
    assert reason in dataset.shape_reason
    assert pairs_in(dataset) == sorted(PAIRS)
    rows = {one.row for one in dataset.train if isinstance(one, TextPair)}
    assert rows <= set(range(2, 14))
    assert len(rows) == len(dataset.train)


def test_a_target_that_recurs_is_a_label(tmp_path: Path) -> None:
    rows = [(text, "ab"[number % 2]) for number, (text, _) in enumerate(PAIRS)]
    path = table(tmp_path / "pairs.csv", "source,target", rows)
    assert load_dataset(DataOptions(path)).shape == "many_to_one"
    assert load_dataset(DataOptions(path, shape="encoder_decoder")).shape == "encoder_decoder"


def test_a_split_column_and_repeated_pairs_are_seen(tmp_path: Path) -> None:
    rows = [(*pair, ["train", "valid", "test"][number % 3]) for number, pair in enumerate(PAIRS)]
    rows += [("text 0", "0 txet", "test"), ("text 0", "another", "test")]
    dataset = load_dataset(DataOptions(table(tmp_path / "p.csv", "source,target,split", rows)))
    assert [len(dataset.train), len(dataset.validation), len(dataset.test)] == [4, 4, 6]
    assert dataset.notes == ("1 pair of the test part also occurs in train",)


@pytest.mark.parametrize("side", [0, 1])
def test_an_empty_side_is_refused_with_file_and_row(tmp_path: Path, side: int) -> None:
    rows = [list(pair) for pair in PAIRS]
    rows[3][side] = "  "
    error = refused(DataOptions(table(tmp_path / "p.csv", "source,target", [(*r,) for r in rows])))
    name = ("source", "target")[side]
    assert f"The {name} is empty" in error.what
    assert error.where == f"{tmp_path / 'p.csv'}:5, column {name!r}"

    sides = [[row[0] for row in rows], [row[1] for row in rows]]
    for path, texts in zip(("a.en", "a.de"), sides, strict=True):
        lines(tmp_path / path, texts)
    options = DataOptions(str(tmp_path / "a.en"), target_file=str(tmp_path / "a.de"))
    error = refused(options)
    assert f"The {name} is empty" in error.what
    assert error.where == f"{tmp_path / ('a.en', 'a.de')[side]}:4"


def test_unclear_columns_are_asked_for(tmp_path: Path) -> None:
    rows = [(*pair, "more") for pair in PAIRS]
    path = table(tmp_path / "p.csv", "one,two,three", rows)
    error = refused(DataOptions(path, shape="encoder_decoder"))
    assert "unclear which columns" in error.what
    assert "--source one --target two" in error.next_step
    error = refused(DataOptions(path, source="two", target="two"))
    assert "asked for as source and as target" in error.what
    error = refused(DataOptions(path, source="thre", target="two"))
    assert "Did you mean 'three'" in error.what


def parallel(folder: Path, name: str, pairs: list[tuple[str, str]]) -> str:
    lines(folder / f"{name}.de", [target for _, target in pairs])
    return lines(folder / f"{name}.en", [text for text, _ in pairs])


def test_parallel_files_are_pairs_line_by_line(tmp_path: Path) -> None:
    train = parallel(tmp_path, "train", PAIRS)
    options = DataOptions(train, target_file=str(tmp_path / "train.de"))
    dataset = load_dataset(options)
    assert pairs_in(dataset) == sorted(PAIRS)
    assert "the lines of train.de are to be written for those of train.en" in dataset.shape_reason
    (tmp_path / "train.de").write_text((tmp_path / "train.de").read_text().upper())
    assert load_dataset(options).sha256 != dataset.sha256


def test_further_parts_are_beside_each_other(tmp_path: Path) -> None:
    train = parallel(tmp_path, "train", PAIRS[:10])
    dataset = load_dataset(
        DataOptions(
            train,
            target_file=str(tmp_path / "train.de"),
            validation=parallel(tmp_path, "val", PAIRS[10:11]),
            test=parallel(tmp_path, "test", PAIRS[11:]),
        )
    )
    assert dataset.split_reason == "given files"
    (one,) = dataset.test
    assert isinstance(one, TextPair)
    assert (one.text, one.row) == ("text 11", 1)
    (tmp_path / "val.de").unlink()
    options = DataOptions(
        train, target_file=str(tmp_path / "train.de"), validation=str(tmp_path / "val.en")
    )
    assert "There is no file" in refused(options).what


@pytest.mark.parametrize(("longer", "shorter"), [("en", "de"), ("de", "en")])
def test_unequal_counts_of_lines_are_refused(tmp_path: Path, longer: str, shorter: str) -> None:
    parallel(tmp_path, "a", PAIRS)
    lines(tmp_path / f"a.{shorter}", ["x"] * 9)
    error = refused(DataOptions(str(tmp_path / "a.en"), target_file=str(tmp_path / "a.de")))
    assert "12 lines" in error.what
    assert "9 lines" in error.what
    assert error.where == f"{tmp_path / f'a.{longer}'}:10 has no line beside it"
    assert "wc -l" in error.next_step


def test_parallel_files_have_no_columns(tmp_path: Path) -> None:
    train = parallel(tmp_path, "a", PAIRS)
    with pytest.raises(UsageError, match="have no columns") as caught:
        load_dataset(DataOptions(train, target_file=str(tmp_path / "a.de"), source="en"))
    assert caught.value.where == "--source en"


@pytest.mark.parametrize(
    ("path", "source", "target", "wanted"),
    [
        ("val.en", "train.en", "train.de", "val.de"),
        ("b/val.en", "a/train.en", "a/train.de", "b/val.de"),
        ("a/src/val.txt", "a/src/train.txt", "a/tgt/train.txt", "a/tgt/val.txt"),
        ("src-val.txt", "src-train.txt", "tgt-train.txt", "tgt-val.txt"),
        ("train.en", "train.en", "other.txt", "other.txt"),
    ],
)
def test_the_file_of_the_targets_is_named_as_the_first(
    path: str, source: str, target: str, wanted: str
) -> None:
    assert beside(Path(path), Path(source), Path(target)) == Path(wanted)


def test_a_name_that_follows_no_rule_is_refused() -> None:
    with pytest.raises(DataError, match="unclear which file") as caught:
        beside(Path("dev.txt"), Path("train.en"), Path("train.de"))
    assert caught.value.where == "dev.txt"
    assert "NAME.en and NAME.de" in caught.value.next_step


def test_a_file_to_measure_on(tmp_path: Path) -> None:
    path = Path(table(tmp_path / "p.csv", "source,target", PAIRS[:2]))
    assert [one.target for one in read_pairs(path, None, None, None)] == ["0 txet", "1 txet"]
    learnt = Path("train.en"), Path("train.de")
    source = Path(parallel(tmp_path, "new", PAIRS[:3]))
    assert len(read_pairs(source, None, None, learnt)) == 3
    assert len(read_pairs(path, None, None, learnt)) == 2
    text = Path(lines(tmp_path / "new.txt", ["a"]))
    with pytest.raises(DataError, match="no targets to measure"):
        read_pairs(text, None, None, None)
