"""What is explained of each shape is what its model answers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from elman.errors import ElmanError, UsageError
from elman.insight.draw import render_explanation
from elman.insight.explain import Explanation, explain
from elman.insight.facts import facts
from elman.insight.pictures import chapters
from elman.insight.subjects.registry import example_of
from elman.sequences import Ragged
from elman.training.shapes.arrays.predictor import ArrayPredictor
from elman.training.shapes.forecaster.predictor import SeriesPredictor
from elman.training.shapes.one_to_many.predictor import Captioner
from elman.training.shapes.piano_rolls.predictor import Musician
from tests.markup import parsed, words
from tests.shape_samples import SAMPLES, item, predictor


def explained(name: str, folder: Path, **changes: Any) -> tuple[Any, Explanation]:
    model = predictor(name, folder, **changes)
    return model, explain(example_of(model, item(name, folder)))


@pytest.mark.parametrize("name", SAMPLES)
def test_the_page_has_the_chapters_of_the_shape(name: str, tmp_path: Path) -> None:
    _, found = explained(name, tmp_path)
    page = render_explanation(found, title="a", command="b", version="c")
    shown = words(parsed(page.removeprefix("<!DOCTYPE html>\n")))
    drawn = [one for chapter in chapters(found) for one in (*chapter.pictures, *chapter.more)]
    assert len({one.name for one in drawn}) == len(drawn)
    assert ("Gates and states" in shown) is (name != "vectors")
    assert ("How far back it remembers" in shown) is (name not in ("vectors", "captions", "tunes"))
    assert ("What it attended to" in shown) is (name == "pairs")
    assert facts(found)["answer"] == found.example.answer
    assert found.attribution.gap < 0.02


@pytest.mark.parametrize(
    "changes",
    [{}, {"label": "slope"}, {"bidirectional": False, "pooling": "last", "max_length": 2}],
    ids=str,
)
def test_frames(changes: dict[str, Any], tmp_path: Path) -> None:
    model, found = explained("frames", tmp_path, **changes)
    assert isinstance(model, ArrayPredictor)
    items = model.read((), tmp_path / "walks.csv", None)
    (said,) = model.predict(items[:1])
    assert found.example.text == "s0, the first of 30"
    assert found.terms.error < 1e-5
    assert len(found.recording.steps) == min(len(items[0].values), changes.get("max_length", 99))
    if "label" in changes:
        assert dict(found.answers) == {"the number told": pytest.approx(said.facts(1)["number"])}
        assert float(found.terms.losses) == pytest.approx(said.facts(1)["number"], abs=1e-5)
    else:
        assert dict(found.answers) == pytest.approx(said.facts(2)["top"])
        probability = said.facts(2)["probability"]
        assert float(found.terms.losses) == pytest.approx(-math.log(probability), abs=1e-5)


@pytest.mark.parametrize("label", ["label", "sum"])
def test_a_vector_is_told_number_by_number(label: str, tmp_path: Path) -> None:
    model, found = explained("vectors", tmp_path, label=label)
    (said,) = model.predict(model.read(["2,1.5"], None, None))
    assert found.example.steps == ("a=2", "b=1.5")
    assert found.behaviour is None
    assert not found.recordings
    wanted = said.facts(1)["number"] if label == "sum" else said.probability
    assert found.answers[0][1] == pytest.approx(wanted, abs=1e-6)
    with torch.no_grad():
        mean = model.model.scaling.mean
        neutral = model.goal.numbers(model.model(mean[None])) if label == "sum" else None
    if neutral is not None:
        assert found.attribution.neutral == pytest.approx(float(neutral), abs=1e-5)


def test_music(tmp_path: Path) -> None:
    model, found = explained("music", tmp_path)
    assert isinstance(model, Musician)
    (piece, *_) = model.read((), tmp_path / "scales.csv", None)
    (said,) = model.predict([piece])
    assert dict(found.answers) == pytest.approx(dict(said._ranked()))
    assert found.example.steps[:2] == ("C4", "C#4")
    frames = torch.tensor(piece.frames).float()
    scores = model.model(Ragged.from_list([frames])).detach()
    wanted = binary_cross_entropy_with_logits(scores[:-1], frames[1:], reduction="none").sum(1)
    torch.testing.assert_close(found.terms.losses[:-1], wanted)
    assert float(found.terms.losses[-1]) == pytest.approx(-math.log(found.answers[0][1]), abs=1e-5)
    assert found.terms.error < 1e-5
    assert not found.terms.blocks[0].norms.triu(1).any()
    other = example_of(model, item("music", tmp_path), "C4")
    batch = Ragged.from_list([other.inputs, other.inputs.flip(0)])
    before, after = other.answers(batch).detach()
    key = other.names.index("C4")
    assert float(other.moved(after, before)) == pytest.approx(
        abs(float(after[key].exp() - before[key].exp())), abs=1e-7
    )
    with pytest.raises(UsageError, match="no answer 'H4'"):
        example_of(model, item("music", tmp_path), "H4")


SERIES: list[dict[str, Any]] = [
    {},
    {"segment": 2, "decoding": "recursive", "normalise": "none", "num_layers": 2},
    {"segment": 3, "forecast": "gaussian", "transform": "log"},
    {"forecast": "point", "transform": "root", "highway": False},
]


@pytest.mark.parametrize("changes", SERIES, ids=str)
def test_a_forecast(changes: dict[str, Any], tmp_path: Path) -> None:
    model, found = explained("series", tmp_path, **changes)
    assert isinstance(model, SeriesPredictor)
    (said,) = model.predict(model.read((), None, None))
    wanted = [(step["time"], step["value"]) for step in said.facts(1)["forecast"]]
    assert [name for name, _ in found.answers] == [name for name, _ in wanted]
    assert [value for _, value in found.answers] == pytest.approx([value for _, value in wanted])
    segments = 6 // changes.get("segment", 1)
    assert len(found.example.steps) == segments
    assert found.example.steps[0] == "64"
    layers = changes.get("num_layers", 1)
    assert len(found.terms.states) == len(found.jacobians) == layers
    assert {block.norms.shape for block in found.terms.blocks} == {(3, segments)}
    assert found.terms.error < 1e-5


def test_a_past_whose_beginning_is_not_shown_is_flat_there(tmp_path: Path) -> None:
    example = example_of(predictor("series", tmp_path), "")
    flat = torch.cat([example.neutral.expand(4, 1), example.inputs[4:]])
    short, whole = example.answers(Ragged.from_list([example.inputs[4:], flat])).detach()
    torch.testing.assert_close(short, whole)
    spread = cast(Any, example.scale).deviation
    assert float(example.moved(whole + spread, whole)) == pytest.approx(1)


@pytest.mark.parametrize("changes", [{}, {"num_layers": 2, "cell": "gru"}], ids=str)
def test_what_is_written_for_a_vector(changes: dict[str, Any], tmp_path: Path) -> None:
    model, found = explained("captions", tmp_path, **changes)
    assert isinstance(model, Captioner)
    (said,) = model.predict(model.read(["3,-3"], None, None))
    best, wrote = said.writings[0], found.writing
    assert found.example.answer == best.text
    assert dict(found.answers)[best.text] == pytest.approx(best.probability, rel=1e-3)
    losses = model.writer.losses([torch.tensor([3.0, -3.0])], [best.numbers])
    count = len(found.example.written)
    torch.testing.assert_close(found.terms.losses, losses.detach()[:count])
    assert found.example.steps == ("x=3", "y=-3")
    assert wrote is not None
    assert len(wrote.recording.steps) == count
    assert len(wrote.states) == len(wrote.recording.directions) == changes.get("num_layers", 1)
    assert {block.norms.shape for block in wrote.blocks} == {(count, count)}
    assert not any(block.norms.triu(1).any() for block in wrote.blocks)
    assert found.terms.error < 1e-5
    assert not found.terms.blocks
    with pytest.raises(UsageError, match="what it writes is explained"):
        example_of(model, "3,-3", "it is 3")


WRONG = [
    ("vectors", "", "nothing to explain"),
    ("music", "", "nothing to explain"),
    ("vectors", "1,2,3", "no 2 numbers"),
    ("vectors", "1," * 2000, "no 2 numbers"),  # longer than any file's name
    ("captions", "nowhere.csv", "no 2 numbers"),
    ("music", "nowhere.csv", "There is no file"),
    ("series", "waves" * 1000, "neither a series nor a file"),
    ("series", "a\0b", "neither a series nor a file"),
]


@pytest.mark.parametrize(("name", "asked", "said"), WRONG)
def test_what_cannot_be_read_is_refused(name: str, asked: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(ElmanError, match=said) as refusal:
        example_of(predictor(name, tmp_path), asked)
    assert refusal.value.where
    assert refusal.value.next_step
