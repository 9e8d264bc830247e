"""From a file of any format to a run folder, with one command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.conftest import Trained
from tests.e2e.program import entries, trained
from tests.e2e.samples import STORY_TINY, TINY, labelled, only, reviews, story, write

LAST = {
    "model.json",
    "vocabulary.json",
    "weights.safetensors",
    "optimizer.safetensors",
    "carried.safetensors",
    "state.json",
}


def assert_layout(run: Path, evaluations: int) -> None:
    """A run folder holds what its manifest names and nothing else."""
    assert {path.name for path in run.iterdir()} == {
        "run.json", "training.json", "generations", "metrics.jsonl", "report.html",
    }  # fmt: skip
    manifest = json.loads((run / "run.json").read_bytes())
    named = {
        f"{one['number']}/{name}"
        for one in (manifest["best"], manifest["last"])
        for name in one["files"]
    }
    files = {name for name in entries(run / "generations") if "/" in name}
    assert files == named
    assert set(manifest["last"]["files"]) == LAST
    lines = (run / "metrics.jsonl").read_bytes()
    assert len(lines) == manifest["metrics"]["size"]
    assert [json.loads(line)["epoch"] for line in lines.splitlines()] == [
        *range(1, evaluations + 1)
    ]
    page = (run / "report.html").read_text()
    assert page.startswith("<!DOCTYPE html>") or page.startswith("<!doctype html>")


def test_a_csv_becomes_a_run_and_json_says_how_good(reviews_run: Trained) -> None:
    facts = reviews_run.answer.facts()
    assert facts["shape"] == "many_to_one"
    assert facts["run"] == "runs/reviews"
    assert facts["seconds"] > 0
    assert facts["parameters"] > 100
    assert set(facts["test"]) == set(facts["baseline"]) == {"accuracy", "loss"}
    assert all(isinstance(value, float) for value in facts["test"].values())
    assert facts["baseline"]["accuracy"] == 1.0  # one word decides: n-grams must find it
    assert len(reviews_run.answer.lines()) == 1
    assert_layout(reviews_run.run, 2)


@pytest.mark.parametrize("ending", ["tsv", "jsonl", "parquet"])
def test_other_formats_give_the_same_run(tmp_path: Path, ending: str, reviews_run: Trained) -> None:
    write(tmp_path / f"reviews.{ending}", labelled())
    facts = trained(f"reviews.{ending}", *TINY, cwd=tmp_path).facts()
    assert facts["test"] == reviews_run.answer.facts()["test"]
    assert_layout(tmp_path / "runs" / "reviews", 2)
    name = "generations/2/weights.safetensors"
    ours, first = (tmp_path / "runs" / "reviews" / name), (reviews_run.run / name)
    assert ours.read_bytes() == first.read_bytes()


def test_stars_are_a_rating(tmp_path: Path) -> None:
    write(tmp_path / "reviews.csv", reviews(90))
    options = ("--text", "text", "--label", "stars")
    facts = trained("reviews.csv", *options, *TINY, cwd=tmp_path).facts()
    assert set(facts["test"]) == {"accuracy", "loss", "mean_absolute_error"}
    assert 0 <= facts["test"]["mean_absolute_error"] <= 4
    assert "mean_absolute_error" in facts["baseline"]


def test_a_text_file_becomes_a_next_word_model(story_run: Trained) -> None:
    facts = story_run.answer.facts()
    assert facts["shape"] == "language_model"
    assert facts["test"]["perplexity"] > 1
    assert facts["baseline"]["perplexity"] > 1
    assert set(facts["baselines"]) == {"Kneser-Ney 3-gram", "Witten-Bell 3-gram"}
    assert_layout(story_run.run, 2)


def test_a_table_without_labels_is_running_text(tmp_path: Path) -> None:
    write(tmp_path / "texts.jsonl", only(reviews(40), "text"))
    facts = trained("texts.jsonl", *STORY_TINY, cwd=tmp_path).facts()
    assert facts["shape"] == "language_model"


def test_validation_and_test_files_and_a_split_column(tmp_path: Path) -> None:
    rows = labelled(60)
    write(tmp_path / "train.csv", rows[:40])
    write(tmp_path / "valid.csv", rows[40:50])
    write(tmp_path / "test.csv", rows[50:])
    parts = ["train"] * 40 + ["dev"] * 10 + ["test"] * 10
    write(
        tmp_path / "all.csv",
        [{**row, "split": part} for row, part in zip(rows, parts, strict=True)],
    )
    files = ("--validation", "valid.csv", "--test", "test.csv")
    by_files = trained("train.csv", *files, *TINY, cwd=tmp_path).facts()
    by_column = trained("all.csv", *TINY, cwd=tmp_path).facts()
    assert by_files["test"] == by_column["test"]
    assert by_files["baselines"] == by_column["baselines"]
    counts = json.loads((tmp_path / "runs/all/training.json").read_text())["data"]["examples"]
    assert counts == {"train": 40, "validation": 10, "test": 10}


def test_text_files_for_validation_and_test(tmp_path: Path) -> None:
    for number, name in enumerate(["train", "valid", "test"]):
        story(tmp_path / f"{name}.txt", 12, number)
    files = ("--validation", "valid.txt", "--test", "test.txt")
    facts = trained("train.txt", *files, *STORY_TINY, cwd=tmp_path).facts()
    assert facts["test"]["perplexity"] > 1
    counts = json.loads((tmp_path / "runs/train/training.json").read_text())["data"]["examples"]
    assert counts == {"train": 12, "validation": 12, "test": 12}
