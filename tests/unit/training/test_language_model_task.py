"""The language-model task: losses, perplexity and bits per character against sums by hand."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import pytest
import torch

from elman.cells.spec import CellSpec
from elman.data.batches import permutation, ragged
from elman.data.splits import Part
from elman.data.texts.vocabulary import Vocabulary
from elman.training.bptt import Carried
from elman.training.shapes.language_model.task import (
    LanguageModelTask,
    describe,
    document_losses,
    next_token_metrics,
    perplexity,
    with_ends,
)
from tests.tolerances import BATCH_MATES
from tests.training_samples import (
    language_model_config,
    language_model_task,
    running_data,
    vocabulary_of,
)

END = Vocabulary.end_id


def nothing() -> None:
    return None


def surprises(task: LanguageModelTask, running: list[int]) -> list[float]:
    """At each token of a running text but its first, from a state of zeros, in one piece."""
    rows = task.model(ragged([running[:-1]]))[0].log_softmax(1)
    return [-float(row[token].detach()) for row, token in zip(rows, running[1:], strict=True)]


def encoded() -> list[list[int]]:
    data = running_data()
    return with_ends(data.train, vocabulary_of(data))


def test_a_document_is_its_tokens_and_an_end() -> None:
    data = running_data()
    vocabulary = vocabulary_of(data)
    documents = with_ends(data.train, vocabulary)
    assert documents[2] == [END]
    assert vocabulary.decode(documents[0]) == "abacabad"
    assert all(document.count(END) == 1 and document[-1] == END for document in documents)


def epoch_losses(task: LanguageModelTask, epoch: int) -> tuple[float, int]:
    """The sum of an epoch's losses, the state carried on, and how many they are."""
    total, count = 0.0, 0
    carried: Carried = ()
    for batch in range(task.batches(epoch)):
        outcome = task.loss(epoch, batch, carried)
        assert outcome.count == outcome.steps
        total += float(outcome.mean.detach()) * outcome.count
        count += outcome.count
        carried = outcome.carried
    return total, count


@pytest.mark.parametrize("changes", [{}, {"bptt_steps": 4, "bptt_window": None}])
def test_with_truncated_bptt_documents_are_one_running_text_in_the_epochs_order(
    changes: dict[str, Any],
) -> None:
    task, documents = language_model_task(batch_size=1, **changes), encoded()
    for epoch in (0, 1):
        order = permutation(len(documents), 0, epoch)
        running = [END, *(token for one in order for token in documents[one])]
        wanted = surprises(task, running)
        total, count = epoch_losses(task, epoch)
        assert count == len(wanted) == sum(map(len, documents))
        assert total == pytest.approx(sum(wanted), 1e-5)


def test_columns_begin_where_the_others_end() -> None:
    task, documents = language_model_task(batch_size=3), encoded()
    order = permutation(len(documents), 0, 0)
    running = [END, *(token for one in order for token in documents[one])]
    edges = [(len(running) - 1) * column // 3 for column in range(4)]
    parts = [surprises(task, running[a : b + 1]) for a, b in pairwise(edges)]
    total, count = epoch_losses(task, 0)
    assert count == sum(map(len, parts)) == len(running) - 1
    assert total == pytest.approx(sum(map(sum, parts)), 1e-5)


def test_with_full_bptt_each_document_stands_by_itself() -> None:
    task = language_model_task(bptt_steps=0, bptt_window=None, batch_size=2)
    assert task.batches(0) == 3
    wanted = [surprises(task, [END, *document]) for document in encoded()]
    total, count = epoch_losses(task, 0)
    assert count == sum(map(len, wanted))
    assert total == pytest.approx(sum(map(sum, wanted)), 1e-5)
    assert all(task.loss(0, batch, ()).carried == () for batch in range(3))


def test_a_new_epoch_starts_from_zeros_whatever_is_carried() -> None:
    task = language_model_task()
    first = task.loss(0, 0, ())
    poisoned = tuple(torch.full_like(part, torch.nan) for part in first.carried)
    assert torch.equal(task.loss(0, 0, poisoned).mean, first.mean)
    assert not torch.isfinite(task.loss(0, 2, poisoned).mean)


def test_document_losses_are_those_of_one_document_at_a_time() -> None:
    task, documents = language_model_task(), encoded()
    documents = [*documents * 6, [3, 2] * 100]  # several batches and several windows
    together = document_losses(task.model, documents)
    assert len(together) == len(documents)
    for document, losses in zip(documents, together, strict=True):
        wanted = torch.tensor(surprises(task, [END, *document]))
        assert losses.shape == wanted.shape
        assert bool(((losses - wanted).abs() <= BATCH_MATES * wanted.abs() + 1e-6).all())
        assert not losses.requires_grad


def test_evaluation_by_hand() -> None:
    task = language_model_task()
    task.model.eval()
    parts: tuple[Part, ...] = ("validation", "test")
    for part in parts:
        documents = task.parts[part]
        losses = [loss for one in documents for loss in surprises(task, [END, *one])]
        mean = sum(losses) / len(losses)
        measured = task.evaluate(part, nothing)
        assert measured["loss"] == pytest.approx(mean, 1e-5)
        assert measured["perplexity"] == pytest.approx(math.exp(mean), 1e-5)
        assert measured["bits_per_character"] == pytest.approx(mean / math.log(2), 1e-5)


def test_metrics_weigh_every_token_alike() -> None:
    losses = [torch.tensor([1.0, 3.0, 2.0]), torch.tensor([6.0])]
    measured = next_token_metrics(losses, "characters")
    assert measured == {
        "perplexity": math.exp(3.0),
        "loss": 3.0,
        "bits_per_character": 3.0 / math.log(2),
    }
    assert "bits_per_character" not in next_token_metrics(losses, "words")


def test_perplexity_beyond_a_float_is_infinite() -> None:
    assert perplexity(0.0) == 1.0
    assert perplexity(699.0) < math.inf
    assert perplexity(5000.0) == math.inf


def test_dropout_is_drawn_in_training_only() -> None:
    task = language_model_task(dropout=0.6)
    task.model.train()
    assert len({float(task.loss(0, 0, ()).mean.detach()) for _ in range(4)}) == 4
    task.model.eval()
    assert task.evaluate("test", nothing) == language_model_task().evaluate("test", nothing)


def test_places_name_what_the_user_can_find() -> None:
    task = language_model_task()
    where = "letters.txt, steps 6 to 8 of its 3 columns of text, read from step 4"
    assert task.places(1, 2) == where
    full = language_model_task(bptt_steps=0, bptt_window=None, batch_size=6)
    assert full.places(0, 0) == "letters.txt, documents that start at rows 1, 2, 3, 4, 5, 6"


def test_every_option_of_the_model_reaches_its_description() -> None:
    config = language_model_config(
        cell="rnn", nonlinearity="relu", hidden_size=5, embedding_size=6, num_layers=2,
        dropout=0.1, tied=False, encoding="one-hot",
    )  # fmt: skip
    assert describe(config, 11).model_dump() == {
        "cell": vars(CellSpec("rnn", "relu")),
        "vocabulary_size": 11, "embedding_size": 6, "hidden_size": 5, "num_layers": 2,
        "dropout": 0.1, "shape": "language_model", "tied": False, "encoding": "one-hot",
        "frozen": False,
    }  # fmt: skip
