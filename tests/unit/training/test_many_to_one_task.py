"""The many-to-one task: losses and metrics against sums by hand."""

from __future__ import annotations

import math

import pytest
import torch

from elman.cells.spec import CellSpec
from elman.data.batches import ragged
from elman.data.examples import LabelledText
from elman.data.splits import Part
from elman.training.shapes.many_to_one.task import (
    ManyToOneTask,
    describe,
    label_metrics,
    label_order,
    log_probabilities,
)
from tests.tolerances import BATCH_MATES
from tests.training_samples import (
    labelled_data,
    many_to_one_config,
    many_to_one_task,
    vocabulary_of,
)


def nothing() -> None:
    return None


def probabilities(task: ManyToOneTask, text: str) -> list[float]:
    """Of the labels, for one text by itself."""
    tokens = vocabulary_of(labelled_data()).encode(text)
    scores: list[float] = task.model(ragged([tokens]))[0].tolist()
    total = sum(math.exp(score) for score in scores)
    return [math.exp(score) / total for score in scores]


def test_the_loss_of_a_batch_is_its_mean_surprise_at_the_true_labels() -> None:
    task = many_to_one_task()
    examples = labelled_data().train
    seen: list[int] = []
    for batch in range(task.batches(2)):
        outcome = task.loss(2, batch, ())
        rows = [int(row) for row in task.places(2, batch).split("rows ")[1].split(", ")]
        members = [one for one in examples if one.row in rows]
        surprise = [-math.log(probabilities(task, one.text)[int(one.label) - 1]) for one in members]
        assert float(outcome.mean.detach()) == pytest.approx(sum(surprise) / len(surprise), 1e-5)
        assert outcome.count == len(members)
        assert outcome.steps == sum(len(one.text) for one in members)
        assert outcome.carried == ()
        seen += rows
    assert sorted(seen) == [one.row for one in examples]


def test_a_batch_is_a_pure_function_of_epoch_and_number() -> None:
    task = many_to_one_task()
    first = [float(task.loss(0, batch, ()).mean.detach()) for batch in range(4)]
    other = [float(task.loss(1, batch, ()).mean.detach()) for batch in range(4)]
    again = [float(task.loss(0, batch, ()).mean.detach()) for batch in (3, 2, 1, 0)]
    assert again == first[::-1]
    assert sorted(other) != sorted(first)


def test_evaluation_is_that_of_one_text_after_the_other() -> None:
    task = many_to_one_task()
    task.model.eval()
    data = labelled_data()
    parts: dict[Part, tuple[LabelledText, ...]] = {"validation": data.validation, "test": data.test}
    for part, examples in parts.items():
        rows = [probabilities(task, one.text) for one in examples]
        truth = [int(one.label) - 1 for one in examples]
        answers = [row.index(max(row)) for row in rows]
        measured = task.evaluate(part, nothing)
        hits = [a == b for a, b in zip(answers, truth, strict=True)]
        assert measured["accuracy"] == sum(hits) / len(hits)
        surprise = [-math.log(row[label]) for row, label in zip(rows, truth, strict=True)]
        assert measured["loss"] == pytest.approx(sum(surprise) / len(surprise), 1e-5)
        apart = [abs(a - b) for a, b in zip(answers, truth, strict=True)]
        assert measured["mean_absolute_error"] == sum(apart) / len(apart)


def test_metrics_by_hand() -> None:
    answers = torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [0.2, 0.5, 0.3], [0.6, 0.3, 0.1]])
    truth = torch.tensor([0, 0, 1, 2])
    measured = label_metrics(answers.log(), truth, ["-2", "1", "5"], "rating")
    assert measured["accuracy"] == 0.5
    assert measured["loss"] == pytest.approx(-math.log(0.7 * 0.1 * 0.5 * 0.1) / 4)
    assert measured["mean_absolute_error"] == (0 + 7 + 0 + 7) / 4
    assert set(label_metrics(answers.log(), truth, ["x", "y", "z"], "class")) == {
        "accuracy",
        "loss",
    }


def test_log_probabilities_come_in_the_order_of_the_texts() -> None:
    task = many_to_one_task()
    texts = [[2, 3], [], [4, 2, 3, 4, 2], [3]] * 80  # more than one batch of evaluation
    answers = log_probabilities(task.model, texts)
    assert answers.shape == (320, 3)
    assert not answers.requires_grad
    for number in range(4):
        alone = torch.log_softmax(task.model(ragged([texts[number]]))[0], 0)
        for row in answers[number::4]:
            assert bool(((row - alone).abs() <= BATCH_MATES * alone.abs()).all())
    assert log_probabilities(task.model, []).shape == (0, 3)


def test_dropout_is_drawn_in_training_only() -> None:
    task = many_to_one_task(dropout=0.6)
    task.model.train()
    losses = {float(task.loss(0, 0, ()).mean.detach()) for _ in range(4)}
    assert len(losses) == 4
    task.model.eval()
    plain = many_to_one_task()
    assert task.evaluate("test", nothing) == plain.evaluate("test", nothing)


def test_texts_are_cut_to_the_longest_length() -> None:
    task = many_to_one_task(max_length=2)
    assert max(len(tokens) for tokens in task.parts["test"].tokens) == 2
    assert max(len(tokens) for tokens in many_to_one_task().parts["test"].tokens) == 4


def test_ratings_are_in_the_order_of_their_value_and_classes_of_their_name() -> None:
    assert label_order(labelled_data("rating")) == ["1", "2", "3"]
    data = labelled_data("rating")
    texts = [type(one)(one.text, label, one.row) for one, label in zip(
        data.train, ["10", "9", "-3"] * 4, strict=False)]  # fmt: skip
    assert label_order(type(data)(**vars(data) | {"train": tuple(texts)})) == ["-3", "9", "10"]
    classes = vars(data) | {"train": tuple(texts), "target": "class"}
    assert label_order(type(data)(**classes)) == ["-3", "10", "9"]


def test_every_option_of_the_model_reaches_its_description() -> None:
    config = many_to_one_config(
        cell="gru", reset_after=False, hidden_size=5, embedding_size=6, num_layers=2, dropout=0.1,
        vectors="vectors.txt", freeze_vectors=True,
        bidirectional=False, pooling="last",
    )  # fmt: skip
    description = describe(config, 11, 4)
    assert description.model_dump() == {
        "cell": vars(CellSpec("gru", reset_after=False)),
        "vocabulary_size": 11, "embedding_size": 6, "hidden_size": 5, "num_layers": 2,
        "encoding": "embedding", "frozen": True,
        "dropout": 0.1, "shape": "many_to_one", "classes": 4, "bidirectional": False,
        "pooling": "last",
    }  # fmt: skip
