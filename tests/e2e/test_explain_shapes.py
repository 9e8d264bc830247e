"""A run of every shape there is can be explained, from a user's own file to the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from elman.data.built_in.catalogue import BUILT_IN
from elman.training.shapes.registry import SHAPES
from tests.e2e.program import elman_here, refused
from tests.markup import parsed, words
from tests.number_samples import image
from tests.shape_samples import SAMPLES, item

INPUTS = {
    "languages": "Helsinki", "digits": "digit.png", "digits-words": "digit.png",
    "dates-tags": "on 3 May 1999", "pydocs": "The statement", "dates": "3 May 1999",
    "names-en-hi": "Ada", "stocks": "", "sunspots": "",
}  # fmt: skip
"""What is explained of a run of each source that needs no file."""


def explained(run: Path, asked: str, folder: Path) -> dict[str, object]:
    answer = elman_here("explain", run, asked, "--out", "why.html", "--json", cwd=folder)
    assert answer.code == 0, answer.err
    page = (folder / "why.html").read_text(encoding="utf-8")
    shown = words(parsed(page.removeprefix("<!DOCTYPE html>\n")))
    facts = answer.facts()
    assert "did for the answer" in shown
    assert f"for “{facts['text']}”?" in shown
    assert facts["attribution"]["gap"] < 0.02
    if facts["gradient"] is not None:
        assert max(facts["gradient"]["errors"].values()) < 1e-5
    return facts


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_run_of_it_is_explained(shape: tuple[str, str | None], tmp_path: Path) -> None:
    name = next(name for name, one in SAMPLES.items() if (one.shape, one.reads) == shape)
    sample = SAMPLES[name]
    sample.make(tmp_path / sample.file)
    options = [
        word for key, value in sample.options.items()
        for word in (f"--{key.replace('_', '-')}", value)
    ]  # fmt: skip
    answer = elman_here(
        "train", sample.file, "--shape", sample.shape, *options, "--json", cwd=tmp_path
    )
    assert answer.code == 0, answer.err
    facts = explained(Path(answer.facts()["run"]), item(name, tmp_path), tmp_path)
    recurrent = SHAPES[sample.shape, sample.reads].name != "one_to_one"
    assert (facts["gradient"] is not None) is recurrent


@pytest.mark.slow
@pytest.mark.parametrize("name", BUILT_IN)
def test_a_run_of_what_is_built_in_is_explained(name: str, tmp_path: Path) -> None:
    image(tmp_path / "digit.png", 0, upper=True)
    answer = elman_here("train", name, "--epochs", 1, "--hidden-size", 4, "--json", cwd=tmp_path)
    assert answer.code == 0, answer.err
    explained(Path(answer.facts()["run"]), INPUTS[name], tmp_path)


def test_a_series_is_asked_for_by_its_name_or_its_file(tmp_path: Path) -> None:
    sample = SAMPLES["series"]
    sample.make(tmp_path / sample.file)
    options = ("--epochs", 1, "--hidden-size", 4, "--look-back", 6, "--horizon", 3, "--season", 6)
    assert elman_here("train", sample.file, *options, cwd=tmp_path).code == 0
    run = tmp_path / "runs" / "waves"
    own, named, file = (explained(run, asked, tmp_path) for asked in ("", "value", sample.file))
    assert own["answers"] == named["answers"] == file["answers"]
    last = elman_here("explain", run, "--answer", "72", "--json", cwd=tmp_path).facts()
    assert last["answer"] == "72"
    wrong = elman_here("explain", run, "valeu", cwd=tmp_path)
    refused(wrong, 2, "neither a series nor a file 'valeu'", "elman explain RUN value")
    refused(elman_here("explain", run, "--answer", "73", cwd=tmp_path), 2, "no answer '73'")
