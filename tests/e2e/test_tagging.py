"""A tagger from a file of columns: trained, resumed, measured, asked, by the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import Trained
from tests.e2e.program import elman_here, refused, trained
from tests.e2e.samples import TINY
from tests.tagged_samples import conll, sentences


@pytest.fixture(scope="module")
def towns_run(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    home = tmp_path_factory.mktemp("towns")
    (home / "towns.conll").write_text(conll(sentences(40)))
    answer = trained("towns.conll", *TINY, cwd=home)
    return Trained(home, home / "runs" / "towns", answer)


def test_columns_become_a_run_with_entity_scores(towns_run: Trained) -> None:
    facts = towns_run.answer.facts()
    assert facts["shape"] == "aligned"
    assert list(facts["test"]) == [
        "entity_f1", "entity_precision", "entity_recall", "accuracy", "loss",
    ]  # fmt: skip
    assert set(facts["baselines"]) == {"most frequent tag"}
    assert facts["baseline"]["accuracy"] > 0.8
    page = (towns_run.run / "report.html").read_text()
    assert "Entities of the test part, by kind" in page
    assert "B-town" in page


def test_tags_stand_below_the_words(towns_run: Trained, tmp_path: Path) -> None:
    answer = elman_here("predict", towns_run.run, "We left New York", cwd=tmp_path)
    words, tags, blank = answer.out.split("\n", 2)
    assert words.split() == ["We", "left", "New", "York"]
    assert len(tags.split()) == 4
    assert blank == "\n"
    for word, tag in zip(words.split(), tags.split(), strict=True):
        assert words.index(word) == tags.index(tag, words.index(word))
    quiet = elman_here("predict", towns_run.run, "We left", "Bath", "--quiet", cwd=tmp_path)
    assert [len(line.split()) for line in quiet.lines()] == [2, 1]


def test_a_file_of_columns_is_answered_in_its_own_tokens(
    towns_run: Trained, tmp_path: Path
) -> None:
    (tmp_path / "new.conll").write_text("New York\tO\n\nBath\tO\n")
    words = ("predict", towns_run.run, "--file", "new.conll", "--json")
    rows = elman_here(*words, cwd=tmp_path).facts()["predictions"]
    assert [row["tokens"] for row in rows] == [["New York"], ["Bath"]]
    assert [row["text"] for row in rows] == ["New York", "Bath"]
    assert all(set(row) >= {"tags", "probabilities", "entities"} for row in rows)


def test_evaluation_on_its_own_test_part_and_on_another_file(
    towns_run: Trained, tmp_path: Path
) -> None:
    own = elman_here("evaluate", towns_run.run, "--json", cwd=tmp_path).facts()
    assert own["metrics"] == pytest.approx(towns_run.answer.facts()["test"])
    (tmp_path / "other.conll").write_text(conll(sentences(7, 300)))
    answer = elman_here("evaluate", towns_run.run, "other.conll", "--json", cwd=tmp_path)
    assert answer.facts()["examples"] == 7
    (tmp_path / "broken.conll").write_text("Bath\tI-town\n")
    answer = elman_here("evaluate", towns_run.run, "broken.conll", cwd=tmp_path)
    refused(answer, 3, "broken.conll:1", "breaks BIO")


def test_options_of_other_shapes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "towns.conll").write_text(conll(sentences(20)))
    answer = elman_here("train", "towns.conll", "--pooling", "max", cwd=tmp_path)
    refused(answer, 4, "has no option pooling")
    assert not (tmp_path / "runs").exists()


def test_a_file_of_texts_is_read_line_by_line(towns_run: Trained, tmp_path: Path) -> None:
    (tmp_path / "new.txt").write_text("We left New York\nBath\n")
    words = ("predict", towns_run.run, "--file", "new.txt", "--json")
    rows = elman_here(*words, cwd=tmp_path).facts()["predictions"]
    assert [row["text"] for row in rows] == ["We left New York", "Bath"]
    (tmp_path / "new.jsonl").write_text('{"tokens": ["New York", "is"]}\n')
    words = ("predict", towns_run.run, "--file", "new.jsonl", "--json")
    (row,) = elman_here(*words, cwd=tmp_path).facts()["predictions"]
    assert row["tokens"] == ["New York", "is"]
