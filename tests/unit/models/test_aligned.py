"""Aligned: the same scores as plain torch.nn, sentence by sentence, and tags within the scheme."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from elman.cells.spec import CellSpec
from elman.data.batches import ragged
from elman.models.aligned import Aligned, Spelt
from elman.models.description import AlignedDescription, SpellingDescription
from elman.sequences import Ragged
from tests.tolerances import BATCH_MATES, OUTPUT
from tests.training_samples import gap

SENTENCES = [[3, 1, 4, 1, 5], [2], [6, 0], [1, 5, 0, 2]]
LETTERS = [[1], [2, 3], [4, 0, 1], [3, 3], [1, 2, 3, 4], [2], [4, 4]]
"""Of each token of the vocabulary."""


def free(tags: int) -> Tensor:
    return torch.ones(tags + 1, tags + 1, dtype=torch.bool)


def model_of(allowed: Tensor | None = None, *, spelling: bool = True, **options: Any) -> Aligned:
    torch.manual_seed(0)
    sizes: dict[str, Any] = {"vocabulary_size": 7, "embedding_size": 3, "hidden_size": 4, "tags": 3}
    letters = SpellingDescription(vocabulary_size=5, embedding_size=2, hidden_size=3)
    description = AlignedDescription(
        cell=CellSpec("lstm"), spelling=letters if spelling else None, **(sizes | options)
    )
    return Aligned(description, free(3) if allowed is None else allowed).double()


def spelt(sentences: list[list[int]]) -> Spelt:
    tokens = [token for sentence in sentences for token in sentence]
    different = sorted(set(tokens))
    places = torch.tensor([different.index(token) for token in tokens], dtype=torch.int64)
    return Spelt(ragged([LETTERS[token] for token in different]), places)


def scores_of(model: Aligned, sentences: list[list[int]]) -> Ragged:
    return model(ragged(sentences), spelt(sentences))  # type: ignore[no-any-return]


def plain_scores(model: Aligned, sentence: list[int]) -> Tensor:
    """The same by torch.nn's layers, for one sentence."""
    assert model.spelling is not None
    assert model.spelling.embedding.weight is not None
    assert model.embedding.weight is not None
    characters: nn.Module = nn.LSTM(2, 3, bidirectional=True, dtype=torch.float64)
    characters.load_state_dict(model.spelling.recurrent.state_dict())
    steps = []
    for token in sentence:
        _, (h_n, _) = characters(model.spelling.embedding.weight[torch.tensor(LETTERS[token])])
        steps.append(torch.cat([model.embedding.weight[token], h_n[0], h_n[1]]))
    layer = nn.LSTM(9, 4, bidirectional=True, dtype=torch.float64)
    layer.load_state_dict(model.recurrent.state_dict())
    return model.output(layer(torch.stack(steps))[0])  # type: ignore[no-any-return]


def test_scores_equal_torchs() -> None:
    model = model_of()
    for own, sentence in zip(scores_of(model, SENTENCES).to_list(), SENTENCES, strict=True):
        assert gap(own, plain_scores(model, sentence)) < OUTPUT[torch.float64]


@pytest.mark.parametrize("crf", [True, False])
@pytest.mark.parametrize("encoding", ["embedding", "one-hot", "integer"])
def test_batch_mates_change_nothing(crf: bool, encoding: str) -> None:
    model = model_of(crf=crf, encoding=encoding)
    together = scores_of(model, SENTENCES)
    tags = torch.arange(12) % 3
    losses = model.loss(together, tags)
    starts = [0, 5, 6, 8]
    for place, (sentence, start) in enumerate(zip(SENTENCES, starts, strict=True)):
        alone = scores_of(model, [sentence])
        own = tags[start : start + len(sentence)]
        torch.testing.assert_close(
            alone.values, together.to_list()[place], rtol=BATCH_MATES, atol=OUTPUT[torch.float64]
        )
        torch.testing.assert_close(
            model.loss(alone, own)[0], losses[place], rtol=BATCH_MATES, atol=0.0
        )
        assert torch.equal(model.decode(alone).values, model.decode(together).to_list()[place])


def test_without_a_crf_the_loss_is_the_cross_entropy_of_each_step() -> None:
    model = model_of(crf=False)
    scores = scores_of(model, SENTENCES)
    tags = torch.arange(12) % 3
    expected = nn.functional.cross_entropy(scores.values[:5], tags[:5], reduction="sum")
    torch.testing.assert_close(model.loss(scores, tags)[0], expected)


@pytest.mark.parametrize("crf", [True, False])
def test_tags_keep_to_what_is_allowed(crf: bool) -> None:
    allowed = free(3)
    allowed[:, 2] = False  # tag 2 follows 1 alone
    allowed[1, 2] = True
    model = model_of(allowed, crf=crf)
    with torch.no_grad():
        model.output.bias[2] = 100.0
    for tags in model.decode(scores_of(model, SENTENCES)).to_list():
        before = 3
        for tag in tags.tolist():
            assert allowed[before, tag]
            before = tag
    assert 2 in model.decode(scores_of(model, SENTENCES)).values


def test_a_model_of_words_alone_reads_no_characters() -> None:
    model = model_of(spelling=False)
    assert model(ragged(SENTENCES)).values.shape == (12, 3)
    assert not any(name.startswith("spelling") for name in model.state_dict())
