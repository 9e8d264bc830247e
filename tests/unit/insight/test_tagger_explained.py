"""A tag is explained: that of the step that the model is least sure of."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from elman.errors import UsageError
from elman.insight.explain import explain
from elman.insight.subjects.registry import example_of
from elman.sequences import Ragged
from elman.training.shapes.aligned.predictor import Tagger
from tests.tagged_samples import aligned_task

TEXT = "We met Ada in Bath."


def tagger(**changes: Any) -> Tagger:
    task = aligned_task(**changes)
    return Tagger(task.model.eval(), task.reading, task.tags, task.config.scheme)


@pytest.mark.parametrize("crf", [True, False])
def test_the_least_certain_tag_is_explained(crf: bool) -> None:
    model = tagger(crf=crf)
    (said,) = model.predict([TEXT])
    found = explain(example_of(model, TEXT))
    assert found.recording.steps == said.tokens
    assert found.terms.error < 1e-5
    assert found.terms.at.tolist() == list(range(6))
    place = int(found.example.loss.removesuffix(")").split()[-1]) - 1
    assert found.example.answer == said.tags[place]
    assert found.example.text == f"{said.tokens[place]}, step {place + 1} of: {TEXT}"
    scores = model.model.read(Ragged.from_list([found.example.inputs])).values
    wanted = torch.log_softmax(scores.detach(), 1)[place]
    torch.testing.assert_close(
        found.example.answers(Ragged.from_list([found.example.inputs]))[0], wanted
    )
    assert found.terms.losses[place] == pytest.approx(
        -float(wanted[found.example.chosen]), abs=1e-5
    )
    assert float(found.terms.losses.max()) == pytest.approx(float(found.terms.losses[place]))


def test_another_tag_can_be_asked_for_and_an_unknown_one_is_refused() -> None:
    model = tagger()
    assert example_of(model, TEXT, model.tags[0]).answer == model.tags[0]
    with pytest.raises(UsageError, match="no answer 'B-NOWHERE'"):
        example_of(model, TEXT, "B-NOWHERE")


def test_a_text_without_tokens_is_refused() -> None:
    with pytest.raises(UsageError, match="no token in the text"):
        example_of(tagger(), " ")
