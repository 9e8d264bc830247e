"""What an encoder and decoder writes is explained by what it read."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from elman.data.texts.vocabulary import Vocabulary
from elman.errors import UsageError
from elman.insight.draw import render_explanation
from elman.insight.explain import explain
from elman.insight.pictures import chapters
from elman.insight.pictures.kinds import Map
from elman.insight.subjects.registry import example_of
from elman.insight.subjects.written import OTHERWISE
from elman.models.search import Search
from elman.sequences import Ragged
from elman.training.shapes.encoder_decoder.predictor import Translator
from elman.training.shapes.encoder_decoder.task import make_task
from tests.markup import parsed, words
from tests.translation_samples import pair_config, pair_data

TEXT = "abcab"


def translator(**changes: Any) -> Translator:
    torch.manual_seed(0)
    task, content = make_task(pair_config(**changes), pair_data())
    task.model.eval()
    return Translator(task.writer, Vocabulary.from_json(content["source"]), Search(2, 0.6))


@pytest.mark.parametrize(
    "changes",
    [{}, {"attention": "none", "bidirectional": False}, {"input_feeding": True, "num_layers": 2}],
    ids=str,
)
def test_what_is_written_is_explained(changes: dict[str, Any]) -> None:
    model = translator(**changes)
    (said,) = model.predict([TEXT])
    found = explain(example_of(model, TEXT))
    best, layers = said.writings[0], changes.get("num_layers", 1)
    assert found.example.answer == best.text
    assert dict(found.answers)[best.text] == pytest.approx(best.probability, rel=1e-3)
    assert sum(share for _, share in found.answers) == pytest.approx(1, abs=1e-6)
    assert found.terms.error < 1e-5
    count = min(len(best.numbers) + 1, model.writer.longest)
    assert len(found.terms.losses) == len(found.example.written) == count
    assert float(found.terms.losses.sum()) == pytest.approx(-best.log_probability, rel=1e-3)
    directions = layers * (2 if changes.get("bidirectional", True) else 1)
    assert len(found.terms.states) == len(found.recording.directions) == directions
    assert len(found.jacobians) == directions
    assert {block.norms.shape for block in found.terms.blocks} == {(count, 5)}
    decoding, wrote = found.example.decoding, found.writing
    assert decoding is not None
    assert wrote is not None
    assert len(wrote.recording.directions) == len(wrote.states) == decoding.layers == layers
    assert wrote.recording.steps == ("<end>", *found.example.written[:-1])
    assert {block.norms.shape for block in wrote.blocks} == {(count, count)}
    assert not any(block.norms.triu(1).any() for block in wrote.blocks)
    weights = model.writer.attention(model.sources.encode(TEXT), best.numbers)
    if weights is None:
        assert decoding.attention is None
    else:
        assert decoding.attention is not None
        torch.testing.assert_close(decoding.attention, weights[:count])
        (drawn,) = next(one for one in chapters(found) if one.anchor == "attention").pictures
        assert isinstance(drawn, Map)
        assert drawn.rows.names == found.example.written
        assert drawn.columns.names == tuple(TEXT)
    page = render_explanation(found, title="a", command="b", version="c")
    assert "the loss of each token that is written" in words(parsed(page.split("\n", 1)[1]))


def test_a_certain_answer_leaves_the_other_a_finite_logarithm() -> None:
    example = example_of(translator(), TEXT)
    logarithms = example.answers(Ragged.from_list([example.inputs]))
    assert example.names[1] == OTHERWISE
    assert bool(torch.isfinite(logarithms).all())


def test_an_answer_of_one_s_own_is_refused() -> None:
    with pytest.raises(UsageError, match="what it writes is explained") as refusal:
        example_of(translator(), TEXT, "cab")
    assert refusal.value.next_step == "leave out --answer"
