"""The aligned task: losses and metrics against those of one sentence after the other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from elman.cells.spec import CellSpec
from elman.data.examples import TaggedSentence
from elman.data.texts.tag_schemes import may_follow
from elman.errors import ConfigurationError
from elman.training.config import TrainingConfig
from elman.training.shapes.aligned.config import choose
from elman.training.shapes.aligned.decoding import allowed_tags, predicted
from elman.training.shapes.aligned.rivals import rivals
from elman.training.shapes.aligned.scores import tag_metrics
from elman.training.shapes.aligned.task import AlignedTask, describe
from elman.training.shapes.registry import settle
from tests.tagged_samples import aligned_config, aligned_task, tagged_data
from tests.tolerances import BATCH_MATES

every_kind = pytest.mark.parametrize(
    "changes",
    [{}, {"crf": False}, {"characters": False}, {"crf": False, "scheme": "plain"}],
    ids=["CRF", "no CRF", "words alone", "plain"],
)


def nothing() -> None:
    return None


def alone(task: AlignedTask, example: TaggedSentence) -> tuple[list[str], float]:
    """The tags that a sentence gets by itself, and its loss."""
    tokens, spelt = task.reading.batch([task.reading.encode(example.tokens)])
    scores = task.model(tokens, spelt)
    truth = torch.tensor([task.tags.index(tag) for tag in example.tags])
    tags = [task.tags[number] for number in task.model.decode(scores).values.tolist()]
    return tags, float(task.model.loss(scores, truth).detach())


@every_kind
def test_the_loss_of_a_batch_is_that_of_its_sentences_by_step(changes: dict[str, Any]) -> None:
    task = aligned_task(**changes)
    examples = task.examples["train"]
    seen: list[int] = []
    for batch in range(task.batches(1)):
        outcome = task.loss(1, batch, ())
        rows = [int(row) for row in task.places(1, batch).split("rows ")[1].split(", ")]
        members = [one for one in examples if one.row in rows]
        steps = sum(len(one.tokens) for one in members)
        total = sum(alone(task, one)[1] for one in members)
        assert float(outcome.mean.detach()) == pytest.approx(total / steps, rel=BATCH_MATES)
        assert (outcome.count, outcome.steps, outcome.carried) == (steps, steps, ())
        seen += rows
    assert sorted(seen) == [one.row for one in examples]


@every_kind
def test_evaluation_is_that_of_one_sentence_after_the_other(changes: dict[str, Any]) -> None:
    task = aligned_task(**changes)
    task.model.eval()
    examples = task.examples["test"]
    single = [alone(task, one) for one in examples]
    measured = dict(task.evaluate("test", nothing))
    steps = sum(len(one.tokens) for one in examples)
    expected = sum(loss for _, loss in single) / steps
    assert measured.pop("loss") == pytest.approx(expected, rel=BATCH_MATES)
    truth = [one.tags for one in examples]
    assert measured == tag_metrics(truth, [tags for tags, _ in single], task.config.scheme)
    assert next(iter(measured)) == task.metric.name


def test_answers_keep_to_the_scheme_with_and_without_a_crf() -> None:
    for crf in (True, False):
        for tags in aligned_task(crf=crf).answers("test"):
            before = None
            for tag in tags:
                assert may_follow(before, tag, "bio")
                before = tag


def test_probabilities_are_shares() -> None:
    for crf in (True, False):
        task = aligned_task(crf=crf)
        encoded = [task.reading.encode(one.tokens) for one in task.examples["test"]]
        for answer in predicted(task.model, task.reading, encoded):
            assert answer.probabilities.shape == (len(answer.tags), 5)
            sums = answer.probabilities.sum(1)
            torch.testing.assert_close(sums, torch.ones_like(sums))


def test_a_tag_that_was_never_learnt_counts_as_wrong_and_has_no_loss() -> None:
    data = tagged_data()
    odd = TaggedSentence(("Mars", "shone"), ("B-planet", "O"), 500)
    task = aligned_task(data=replace(data, test=(*data.test, odd)))
    task.model.eval()
    measured, known = task.evaluate("test", nothing), aligned_task().evaluate("test", nothing)
    assert measured["loss"] == pytest.approx(known["loss"], rel=BATCH_MATES)
    assert measured["entity_recall"] <= known["entity_recall"]
    assert task.tags == ("O", "B-person", "B-town", "I-person", "I-town")


def test_word_dropout_hides_words_in_training_only() -> None:
    task = aligned_task(word_dropout=0.5, characters=False)
    losses = {float(task.loss(0, 0, ()).mean.detach()) for _ in range(4)}
    assert len(losses) > 1
    plain = aligned_task(characters=False)
    assert task.evaluate("test", nothing) == plain.evaluate("test", nothing)
    torch.manual_seed(3)
    first = float(task.loss(0, 0, ()).mean.detach())
    torch.manual_seed(3)
    assert float(task.loss(0, 0, ()).mean.detach()) == first


def test_the_loss_of_the_neighbours_is_added_in_training_only() -> None:
    task, plain = aligned_task(neighbour_loss=0.5), aligned_task()
    assert plain.model.neighbours is None
    assert task.model.neighbours is not None
    chosen = [task._encoded["train"][one] for one in task._batches_of(0)[0]]
    tokens, spelt = task.reading.batch(chosen)
    read = tokens.values
    beside = task.model.neighbours.loss(task.model.states(tokens, spelt), tokens.values, 0)
    with_them, without = (float(one.loss(0, 0, ()).mean.detach()) for one in (task, plain))
    assert with_them == pytest.approx(without + 0.5 * float(beside.detach()) / len(read), rel=1e-6)
    assert task.evaluate("test", nothing) == plain.evaluate("test", nothing)


@pytest.mark.parametrize(
    ("changes", "weight"),
    [
        ({}, 0.1),
        ({"num_layers": 2}, 0.0),
        ({"unit": "characters"}, 0.0),
        ({"scheme": "plain"}, 0.0),
    ],
    ids=str,
)
def test_neighbours_are_foretold_for_words_of_entities(
    changes: dict[str, Any], weight: float
) -> None:
    values = {"data": "towns.conll"} | changes
    config, _ = settle(TrainingConfig.checked(values), tagged_data())
    assert config.neighbour_loss == weight


def test_states_of_a_second_layer_have_nothing_to_foretell() -> None:
    with pytest.raises(ConfigurationError, match="one layer"):
        TrainingConfig.checked({"data": "any", "neighbour_loss": 0.1, "num_layers": 2})


def test_allowed_tags_have_the_edges_last() -> None:
    allowed = allowed_tags(["O", "B-a", "I-a"], "bio")
    assert allowed.tolist() == [
        [True, True, False, True],
        [True, True, True, True],
        [True, True, True, True],
        [True, True, False, True],
    ]
    assert bool(allowed_tags(["N", "V"], "plain").all())


def test_what_the_data_chooses() -> None:
    data = tagged_data()
    choices, reasons = choose(TrainingConfig.checked({"data": "towns.conll"}), data)
    assert (choices["unit"], choices["scheme"], choices["crf"]) == ("words", "bio", True)
    assert choices["characters"]
    assert reasons["scheme"] == "bio: tags begin with B- and I-"
    letters = tuple(TaggedSentence(tuple("ab"), ("x", "y"), row) for row in range(20))
    choices, reasons = choose(
        TrainingConfig.checked({"data": "towns.conll", "scheme": "plain"}),
        replace(data, train=letters),
    )
    assert (choices["unit"], choices["crf"], choices["characters"]) == ("characters", False, False)
    assert reasons["unit"].startswith("characters: no token")
    assert reasons["scheme"].endswith("as asked for")


def test_a_scheme_that_the_tags_do_not_follow_is_refused() -> None:
    data = tagged_data()
    letters = tuple(TaggedSentence(tuple("ab"), ("x", "y"), row) for row in range(20))
    asked = TrainingConfig.checked({"data": "towns.conll", "scheme": "bio"})
    with pytest.raises(ConfigurationError, match="'x' is none of the scheme bio"):
        choose(asked, replace(data, train=letters))


def test_every_option_of_the_model_reaches_its_description() -> None:
    config = aligned_config(
        cell="gru", reset_after=False, num_layers=2, dropout=0.1, bidirectional=False, crf=False,
        character_embedding_size=7, character_hidden_size=9,
    )  # fmt: skip
    described = describe(config, aligned_task().reading, 5)
    assert described.cell == CellSpec("gru", reset_after=False)
    assert (described.num_layers, described.dropout, described.bidirectional) == (2, 0.1, False)
    assert (described.crf, described.tags) == (False, 5)
    assert described.spelling is not None
    assert (described.spelling.embedding_size, described.spelling.hidden_size) == (7, 9)


def test_the_rival_knows_each_tokens_commonest_tag() -> None:
    (name, measured), *others = rivals(aligned_task()).items()
    assert (name, others) == ("most frequent tag", [])
    assert measured["accuracy"] > 0.8
    assert "loss" not in measured
