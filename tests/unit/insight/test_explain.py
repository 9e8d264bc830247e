"""Answers of both shapes are explained, whatever the cell, and drawn."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from unittest import mock

import pytest
import torch

import elman
from elman.cells.spec import CellSpec
from elman.errors import ConfigurationError, MissingExtra, UsageError
from elman.insight.draw import render_explanation
from elman.insight.explain import Explanation, explain
from elman.insight.facts import MOST_SQUARES, facts
from elman.insight.pictures import chapters
from elman.insight.pictures.kinds import Chapter
from elman.insight.plots import save_pictures
from elman.insight.subjects.registry import example_of
from elman.insight.subjects.tokens import MOST_STEPS, of_own_step
from elman.sequences import Ragged
from tests.explain_samples import LABELS, classified, classifier, continued, example, writer
from tests.markup import parsed, tags, words

CELLS = {
    "rnn": CellSpec("rnn"),
    "rnn_relu": CellSpec("rnn", "relu"),
    "lstm": CellSpec("lstm"),
    "gru_reset_after": CellSpec("gru"),
    "gru_reset_before": CellSpec("gru", reset_after=False),
}


def page_of(found: Explanation) -> str:
    return render_explanation(found, title="<run>", command="elman explain runs/x", version="1")


@pytest.mark.parametrize("name", CELLS)
@pytest.mark.parametrize("pooling", ["attention", "last", "max", "mean"])
def test_a_label_is_explained(name: str, pooling: str) -> None:
    model = classifier(CELLS[name], layers=2, pooling=pooling)  # type: ignore[arg-type]
    found = explain(example_of(model, "bad cafe"))
    (prediction,) = model.predict(["bad cafe"])
    assert found.example.answer == prediction.label == found.answers[0][0]
    assert found.answers[0][1] == pytest.approx(prediction.probability, abs=1e-6)
    assert found.terms.error < 1e-5
    assert found.terms.at.tolist() == [7]
    assert len(found.recording.directions) == len(found.jacobians) == len(found.fading) == 4
    assert found.recording.steps == tuple("bad cafe")
    assert len(found.attribution.integrated) == 8
    assert found.terms.truncation is None
    assert len(found.dead) == (4 if name == "rnn_relu" else 0)


@pytest.mark.parametrize("name", CELLS)
def test_a_continuation_is_explained(name: str) -> None:
    model = writer(CELLS[name], layers=2)
    found = explain(example_of(model, "bad cafe"))
    (prediction,) = model.predict(["bad cafe"])
    assert found.example.answer == prediction.label
    assert found.recording.steps == ("<end>", *"bad cafe")
    assert found.terms.error < 1e-5
    assert found.terms.blocks[0].norms.shape == (9, 9)
    assert not found.terms.blocks[0].norms.triu(1).any()
    assert found.terms.truncation is not None
    wanted = -torch.log_softmax(model.model(Ragged(tokens(found), [9]))[0], 1)
    targets = [*tokens(found).tolist()[1:], found.example.chosen]
    torch.testing.assert_close(found.terms.losses, wanted[range(9), targets])


@pytest.mark.parametrize(
    ("together", "hidden"), [(1, "the step is hidden"), (3, "3 neighbouring steps are hidden")]
)
def test_the_title_says_how_many_steps_are_hidden_at_once(together: int, hidden: str) -> None:
    found = explain(example_of(classifier(CELLS["lstm"]), "bad cafe"))
    found = replace(found, attribution=replace(found.attribution, together=together))
    titles = [picture.title for chapter in chapters(found) for picture in chapter.pictures]
    assert any(f"when {hidden}" in title for title in titles), titles


def tokens(found: Explanation) -> torch.Tensor:
    names = list(found.example.names)
    return torch.tensor([names.index(step) for step in found.example.steps])


def test_another_answer_can_be_asked_for() -> None:
    model = classifier(CELLS["lstm"])
    chosen = example_of(model, "bad", LABELS[2])
    assert chosen.answer == LABELS[2]
    batch = Ragged.from_list([chosen.inputs])
    assert torch.equal(chosen.score(batch), chosen.answers(batch)[:, 2])


def test_an_unknown_answer_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(UsageError, match="no answer 'neihter'") as refusal:
        example_of(classifier(CELLS["lstm"]), "bad", "neihter")
    assert refusal.value.next_step == "--answer neither"
    with pytest.raises(UsageError) as refusal:
        example_of(classifier(CELLS["lstm"]), "bad", "9999")
    assert refusal.value.next_step == ""


def test_a_text_without_tokens_is_refused() -> None:
    with pytest.raises(UsageError, match="no token in the text"):
        example_of(classifier(CELLS["lstm"]), "")


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(UsageError, match="of type LSTM cannot be explained"):
        example_of(elman.LSTM(2, 3), "a")


def test_a_long_text_is_read_from_its_end() -> None:
    found = example_of(writer(CELLS["rnn"]), "ab" * MOST_STEPS)
    assert len(found.steps) == MOST_STEPS
    assert found.steps[-1] == "b"


@pytest.mark.parametrize("make", [classified, continued])
def test_the_page_is_well_formed_and_says_what_to_look_at(make) -> None:  # type: ignore[no-untyped-def]
    found = make()
    page = page_of(found)
    root = parsed(page.removeprefix("<!DOCTYPE html>\n"))
    pictures = [one for chapter in chapters(found) for one in (*chapter.pictures, *chapter.more)]
    assert len(pictures) >= 20
    assert len({one.name for one in pictures}) == len(pictures)
    assert tags(page)["figure"] == len(pictures)
    assert tags(page)["script"] == 0
    spoken = words(root)
    for picture in pictures:
        assert re.sub(r"\s+", " ", picture.look) in spoken
        assert picture.look[-1] == "."
    assert "equals autograd's gradient: the largest relative error is" in spoken
    assert "share the difference out among the steps and add up to it within" in spoken
    assert "http" not in page.replace("http-equiv", "")


def test_the_texts_of_others_are_escaped() -> None:
    found = explain(example_of(classifier(CELLS["rnn"]), "<&", LABELS[1]))
    page = page_of(found)
    assert "<b>bad" not in page
    assert "&lt;b&gt;bad&lt;/b&gt;" in page


def test_the_facts_are_json_and_leave_large_triangles_out() -> None:
    small = json.loads(json.dumps(facts(continued())))
    assert small["gradient"]["blocks"][0]["terms"][1][1] > 0
    assert max(small["gradient"]["errors"].values()) < 1e-5
    assert small["memory"]["directions"][0]["highway"]["gate"] == "z"
    assert small["advice"] == list(continued().advice)
    long = "abcdefgh" * 8
    assert (len(long) + 1) ** 2 > MOST_SQUARES
    large = facts(continued(long))
    assert large["gradient"]["blocks"][0]["terms"] is None
    assert len(large["gradient"]["blocks"][0]["sums"]) == len(long) + 1


def test_pictures_of_every_kind_are_written_as_png(tmp_path: Path) -> None:
    every = [one for chapter in chapters(continued("ab")) for one in chapter.pictures]
    kinds = {type(one): one for one in every}
    signed = next(one for one in every if one.name.endswith("-h"))
    chapter = Chapter("some", "Some", (), tuple(kinds.values()), (signed,))
    written = save_pictures([chapter], tmp_path / "made" / "here")
    assert [path.name for path in written] == [
        f"{one.name}.png" for one in (*kinds.values(), signed)
    ]
    assert len(written) == 4
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written)


def test_without_matplotlib_the_extra_is_named(tmp_path: Path) -> None:
    with (
        mock.patch.dict(sys.modules, {"matplotlib.figure": None}),
        pytest.raises(MissingExtra) as refusal,
    ):
        save_pictures((), tmp_path)
    assert refusal.value.next_step == "pip install 'elman[plots]'"


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="pictures cannot be written") as refusal:
        save_pictures((), tmp_path / "file" / "folder")
    assert refusal.value.next_step == "choose another place with --png"


def test_the_example_is_what_the_model_reads() -> None:
    one = example()
    assert one.inputs.shape == (7, 3)
    assert one.run().shape == (1,)
    assert sum(share for _, share in one.ranked()) == pytest.approx(1)


def test_a_loss_of_its_own_step_has_the_same_value_and_gradient() -> None:
    hidden = torch.randn(4, 3, requires_grad=True)
    losses = hidden.square().sum(1).exp()
    linear = of_own_step(losses, hidden)
    torch.testing.assert_close(linear, losses)
    for one, other in zip(losses, linear, strict=True):
        wanted, found = (
            torch.autograd.grad(loss, hidden, retain_graph=True)[0] for loss in (one, other)
        )
        torch.testing.assert_close(found, wanted)
    assert not of_own_step(losses.detach(), hidden).requires_grad
