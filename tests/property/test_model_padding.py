"""Whole models: a text's scores alone are its scores in any batch, in any order of the batch."""

from __future__ import annotations

from typing import Any, get_args

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from elman.cells.spec import CellSpec
from elman.data.batches import ragged
from elman.models.aligned import Aligned, Spelt
from elman.models.description import (
    AlignedDescription,
    AttentionKind,
    LanguageModelDescription,
    ManyToOneDescription,
    Pooling,
    SpellingDescription,
)
from elman.models.language_model import LanguageModel
from elman.models.many_to_one import ManyToOne
from elman.training.bptt import Carried, Stream
from elman.training.shapes.language_model.task import document_losses
from elman.training.shapes.many_to_one.task import log_probabilities
from tests.tolerances import BATCH_MATES
from tests.translation_samples import shifted, translator

V = 8
CELLS = [
    CellSpec("rnn"),
    CellSpec("rnn", "relu"),
    CellSpec("lstm"),
    CellSpec("gru"),
    CellSpec("gru", reset_after=False),
]

cells = st.sampled_from(CELLS)
texts_of = st.lists(st.lists(st.integers(0, V - 1), max_size=9), min_size=1, max_size=6)
examples = settings(max_examples=30, deadline=None, derandomize=True)


def classifier(cell: CellSpec, pooling: Pooling, **options: Any) -> ManyToOne:
    torch.manual_seed(0)
    description = ManyToOneDescription(
        cell=cell, vocabulary_size=V, embedding_size=3, hidden_size=4, classes=3, pooling=pooling,
        **options,
    )  # fmt: skip
    return ManyToOne(description)


def language_model(cell: CellSpec, num_layers: int) -> LanguageModel:
    torch.manual_seed(0)
    description = LanguageModelDescription(
        cell=cell, vocabulary_size=V, embedding_size=4, hidden_size=4, num_layers=num_layers
    )
    return LanguageModel(description)


def tagger(cell: CellSpec, crf: bool) -> Aligned:
    torch.manual_seed(0)
    spelling = SpellingDescription(vocabulary_size=V, embedding_size=2, hidden_size=3)
    description = AlignedDescription(
        cell=cell, vocabulary_size=V, embedding_size=3, hidden_size=4, tags=3, crf=crf,
        spelling=spelling,
    )  # fmt: skip
    return Aligned(description, torch.ones(4, 4, dtype=torch.bool)).double()


def spelt(texts: list[list[int]]) -> Spelt:
    """Each token spelt by as many characters as its number."""
    tokens = [token for text in texts for token in text]
    characters = ragged([list(range(token)) for token in range(V)])
    return Spelt(characters, torch.tensor(tokens, dtype=torch.int64))


def assert_by_rounding_only(found: Tensor, expected: Tensor) -> None:
    assert found.shape == expected.shape
    found, expected = found.detach(), expected.detach()
    if expected.numel():
        assert float((found - expected).abs().max()) <= BATCH_MATES * float(expected.abs().max())


@pytest.mark.parametrize("pooling", get_args(Pooling))
@examples
@given(cell=cells, texts=texts_of, bidirectional=st.booleans(), num_layers=st.integers(1, 2))
def test_batch_mates_and_their_order_change_scores_by_rounding_only(
    pooling: Pooling, cell: CellSpec, texts: list[list[int]], bidirectional: bool, num_layers: int
) -> None:
    model = classifier(cell, pooling, bidirectional=bidirectional, num_layers=num_layers)
    scores = model(ragged(texts))
    for text, row in zip(texts, scores, strict=True):
        assert_by_rounding_only(row, model(ragged([text]))[0])
    assert_by_rounding_only(model(ragged(texts[::-1])), scores.flip(0))
    answers = log_probabilities(model, texts)
    assert_by_rounding_only(answers, torch.log_softmax(scores, 1))


@pytest.mark.parametrize("pooling", get_args(Pooling))
@examples
@given(cell=cells, texts=texts_of)
def test_the_gradient_of_a_batch_is_the_sum_of_its_texts(
    pooling: Pooling, cell: CellSpec, texts: list[list[int]]
) -> None:
    model = classifier(cell, pooling).double()
    whole, parts = gradients(model, texts), [gradients(model, [text]) for text in texts]
    for gradient, *pieces in zip(whole, *parts, strict=True):
        wanted = torch.stack(pieces).sum(0)
        largest = max(1.0, float(wanted.abs().max()))
        assert float((gradient - wanted).abs().max()) <= 1e-12 * largest


@pytest.mark.parametrize("crf", [True, False])
@examples
@given(cell=cells, texts=texts_of)
def test_a_sentences_scores_loss_and_tags_are_its_own(
    crf: bool, cell: CellSpec, texts: list[list[int]]
) -> None:
    model = tagger(cell, crf)
    scores = model(ragged(texts), spelt(texts))
    losses = model.loss(scores, torch.arange(len(scores.values)) % 3)
    tags = model.decode(scores).to_list()
    start = 0
    for text, row, own, loss in zip(texts, scores.to_list(), tags, losses, strict=True):
        alone = model(ragged([text]), spelt([text]))
        assert_by_rounding_only(row, alone.values)
        truth = torch.arange(start, start + len(text)) % 3
        assert_by_rounding_only(loss, model.loss(alone, truth)[0])
        assert torch.equal(own, model.decode(alone).values)
        start += len(text)


def gradients(model: ManyToOne, texts: list[list[int]]) -> list[Tensor]:
    model.zero_grad()
    model(ragged(texts)).square().sum().backward()
    weights = list(model.parameters())
    return [torch.zeros_like(one) if one.grad is None else one.grad.clone() for one in weights]


@examples
@given(cell=cells, texts=texts_of, num_layers=st.integers(1, 2))
def test_a_documents_losses_are_its_own(
    cell: CellSpec, texts: list[list[int]], num_layers: int
) -> None:
    model = language_model(cell, num_layers)
    documents = [[*text, 1] for text in texts]
    together = document_losses(model, documents)
    for document, losses in zip(documents, together, strict=True):
        assert len(losses) == len(document)
        (alone,) = document_losses(model, [document])
        assert_by_rounding_only(losses, alone)


@examples
@given(
    cell=cells,
    columns=st.lists(st.lists(st.integers(0, V - 1), min_size=1, max_size=14), min_size=1,
                     max_size=4),
    k1=st.integers(1, 6),
    more=st.integers(0, 6),
)  # fmt: skip
def test_where_a_stream_is_cut_changes_losses_by_rounding_only(
    cell: CellSpec, columns: list[list[int]], k1: int, more: int
) -> None:
    model = language_model(cell, 1)

    def losses(stream: Stream) -> list[Tensor]:
        pieces: list[list[Tensor]] = [[torch.empty(0)] for _ in columns]
        carried: Carried = ()
        for number in range(len(stream)):
            window = stream.loss(model, number, carried)
            carried = window.carried
            split = window.losses.detach().split(window.lengths.tolist())
            for parts, piece in zip(pieces, split, strict=True):
                parts.append(piece)
        return [torch.cat(parts) for parts in pieces]

    cut, whole = losses(Stream(columns, k1, k1 + more)), losses(Stream(columns, 20, 20))
    for one, other in zip(cut, whole, strict=True):
        assert_by_rounding_only(one, other)


pairs_of = st.lists(
    st.tuples(
        st.lists(st.integers(0, V - 1), min_size=1, max_size=7),
        st.lists(st.integers(0, V - 1), max_size=7),
    ),
    min_size=1,
    max_size=5,
)


@pytest.mark.parametrize("attention", get_args(AttentionKind))
@examples
@given(cell=cells, pairs=pairs_of, bidirectional=st.booleans(), fed=st.booleans())
def test_a_pairs_scores_are_its_own(
    attention: AttentionKind,
    cell: CellSpec,
    pairs: list[tuple[list[int], list[int]]],
    bidirectional: bool,
    fed: bool,
) -> None:
    model = translator(
        cell=cell, sharpness=1.0, target_size=V, attention=attention, bidirectional=bidirectional,
        input_feeding=fed and attention != "none",
    ).float()  # fmt: skip
    sources, targets = [source for source, _ in pairs], shifted([target for _, target in pairs])
    scores = model(ragged(sources), ragged(targets)).split([len(one) for one in targets])
    for source, target, rows in zip(sources, targets, scores, strict=True):
        assert_by_rounding_only(rows, model(ragged([source]), ragged([target])))
