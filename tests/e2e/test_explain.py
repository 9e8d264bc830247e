"""`elman explain` as a user types it, on runs of a user's own files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.e2e.conftest import Trained
from tests.e2e.program import elman, elman_here, entries, refused
from tests.e2e.samples import STORY_TINY, story
from tests.markup import parsed, words


def test_it_writes_one_page_and_says_what_it_found(reviews_run: Trained, tmp_path: Path) -> None:
    answer = elman("explain", reviews_run.run, "a splendid film", cwd=tmp_path)
    assert answer.code == 0, answer.err
    assert answer.err == ""
    assert "equals autograd's gradient: the largest relative error is" in answer.out
    assert answer.lines()[-1] == "page: explain.html"
    assert entries(tmp_path) == ["explain.html"]
    page = (tmp_path / "explain.html").read_text(encoding="utf-8")
    shown = words(parsed(page.removeprefix("<!DOCTYPE html>\n")))
    assert "for “a splendid film”?" in shown
    assert f"elman explain {reviews_run.run} 'a splendid film'" in shown
    assert "Norm of the gradient in training" in shown


def test_numbers_for_programs(story_run: Trained, tmp_path: Path) -> None:
    options = ("--out", "why.html", "--json")
    answer = elman_here("explain", story_run.run, "the film was", *options, cwd=tmp_path)
    facts = answer.facts()
    assert facts["steps"] == ["<end>", "the", "film", "was"]
    assert facts["page"] == "why.html"
    assert max(facts["gradient"]["errors"].values()) < 1e-5
    assert len(facts["gradient"]["blocks"][0]["terms"]) == 4
    assert facts["pictures"] == []
    assert len(answer.lines()) == 1


@pytest.mark.slow
def test_pictures_for_slides(story_run: Trained, tmp_path: Path) -> None:
    options = ("--png", "pictures", "--json")
    facts = elman_here("explain", story_run.run, "the film", *options, cwd=tmp_path).facts()
    assert sorted(facts["pictures"]) == [one for one in entries(tmp_path) if one.endswith(".png")]
    assert "pictures/triangle-layer-0-recurrent.png" in facts["pictures"]


def test_quiet_names_the_page_alone(reviews_run: Trained, tmp_path: Path) -> None:
    answer = elman_here("explain", reviews_run.run, "awful", "--quiet", cwd=tmp_path)
    assert answer.out == "page: explain.html\n"


def test_another_answer_is_explained_and_an_unknown_one_refused(
    reviews_run: Trained, tmp_path: Path
) -> None:
    for label in ("pos", "neg"):
        words_ = ("explain", reviews_run.run, "film", "--answer", label, "--json")
        assert elman_here(*words_, cwd=tmp_path).facts()["answer"] == label
    wrong = elman_here("explain", reviews_run.run, "film", "--answer", "poss", cwd=tmp_path)
    refused(wrong, 2, "no answer 'poss'", "--answer pos")


def test_a_training_can_be_watched_and_is_the_same(story_run: Trained, tmp_path: Path) -> None:
    story(tmp_path / "story.txt")
    answer = elman_here(
        "train", "story.txt", *STORY_TINY, "--watch", "watched.html", "--json", cwd=tmp_path
    )
    assert answer.code == 0, answer.err
    assert answer.facts()["test"] == story_run.answer.facts()["test"]
    page = (tmp_path / "watched.html").read_text(encoding="utf-8")
    shown = words(parsed(page.removeprefix("<!DOCTYPE html>\n")))
    assert re.search(r"Layer 0, at call \d in training: the gradient by the state", shown)
    assert "--watch watched.html" in shown


def test_a_page_that_cannot_be_written_is_told_before_the_training(tmp_path: Path) -> None:
    story(tmp_path / "story.txt")
    answer = elman_here("train", "story.txt", "--watch", "no/folder.html", cwd=tmp_path)
    refused(answer, 4, "The page cannot be written", "no/folder.html")
    assert entries(tmp_path) == ["story.txt"]


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (("{run}", ""), 2, "There is no token in the text."),
        (("nowhere", "film"), 4, "nowhere"),
        (("{run}", "film", "--out", "no/folder/page.html"), 4, "The page cannot be written"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(
    reviews_run: Trained, tmp_path: Path, given: tuple[str, ...], code: int, said: str
) -> None:
    filled = [word.format(run=reviews_run.run) for word in given]
    answer = elman_here("explain", *filled, cwd=tmp_path)
    assert answer.code == code, answer
    assert said in answer.err
    assert entries(tmp_path) == []
