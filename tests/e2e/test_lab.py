"""`elman lab` as a user types it."""

from __future__ import annotations

from pathlib import Path

from elman.insight.lab.catalogue import EXPERIMENTS
from tests.e2e.program import elman_here, entries, refused


def test_without_a_name_it_lists_the_experiments(tmp_path: Path) -> None:
    answer = elman_here("lab", cwd=tmp_path)
    assert answer.code == 0
    assert [line.split()[0] for line in answer.lines()[: len(EXPERIMENTS)]] == list(EXPERIMENTS)
    facts = elman_here("lab", "--json", cwd=tmp_path).facts()
    assert set(facts["experiments"]) == set(EXPERIMENTS)


def test_an_experiment_says_what_it_found_and_writes_its_page(tmp_path: Path) -> None:
    answer = elman_here("lab", "vanishing", "--out", "page.html", "--seed", 3, cwd=tmp_path)
    assert answer.code == 0, answer.err
    assert "orders of magnitude" in answer.out
    assert "vanishing: plain RNN" in answer.err
    assert answer.lines()[-1] == "page: page.html"
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "elman lab vanishing --seed 3 --out page.html" in page
    assert entries(tmp_path) == ["page.html"]


def test_numbers_for_programs(tmp_path: Path) -> None:
    answer = elman_here("lab", "vanishing", "--json", "--quiet", cwd=tmp_path)
    assert answer.err == ""
    assert answer.facts()["numbers"]["left after 99 steps"]["plain RNN"] < 1e-15
    assert answer.facts()["finding"]


def test_what_makes_no_sense_is_refused(tmp_path: Path) -> None:
    answer = elman_here("lab", "vanish", cwd=tmp_path)
    assert answer.code == 2
    assert "vanishing" in answer.err


def test_a_place_that_cannot_be_written_to_is_refused_before_the_experiment(
    tmp_path: Path,
) -> None:
    answer = elman_here("lab", "memory", "--out", "nowhere/page.html", cwd=tmp_path)
    refused(answer, 4, "No such folder", "nowhere/page.html")
    refused(elman_here("lab", "memory", "--out", ".", cwd=tmp_path), 4, "Is a directory")
    assert "recall" not in answer.err


def test_the_page_of_documents_has_every_experiment() -> None:
    page = (Path(__file__).parents[2] / "docs" / "lab.md").read_text(encoding="utf-8")
    for name in EXPERIMENTS:
        assert f"| `{name}` |" in page
