"""What a token becomes, in each encoding, and what of it is trained and saved."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from elman.models.description import Encoding
from elman.models.embedding import TokenEncoding

TOKENS = torch.tensor([3, 0, 3, 1])


def test_an_embedding_is_torchs() -> None:
    torch.manual_seed(0)
    ours = TokenEncoding("embedding", 4, 3)
    torch.manual_seed(0)
    theirs = nn.Embedding(4, 3)
    assert torch.equal(ours(TOKENS), theirs(TOKENS))
    assert ours.width == 3
    assert list(ours.state_dict()) == list(theirs.state_dict()) == ["weight"]


@pytest.mark.parametrize("encoding", ["embedding", "one-hot", "integer"])
def test_the_table_has_the_vectors_of_all_tokens(encoding: Encoding) -> None:
    module = TokenEncoding(encoding, 4, 3)
    assert torch.equal(module.table()[TOKENS], module(TOKENS))
    assert not module.table().requires_grad


def test_one_hot_has_a_one_at_the_tokens_place() -> None:
    encoding = TokenEncoding("one-hot", 4, 3)
    assert torch.equal(encoding(TOKENS), torch.eye(4)[TOKENS])
    assert encoding.width == 4


def test_an_integer_is_the_tokens_share_of_the_vocabulary() -> None:
    encoding = TokenEncoding("integer", 4, 3)
    assert encoding(TOKENS).tolist() == [[0.75], [0.0], [0.75], [0.25]]
    assert encoding.width == 1


@pytest.mark.parametrize("encoding", ["one-hot", "integer"])
def test_without_a_table_nothing_is_trained_or_saved(encoding: Encoding) -> None:
    module = TokenEncoding(encoding, 4, 3)
    assert list(module.parameters()) == []
    assert module.state_dict() == {}
    assert module.double()(TOKENS).dtype == torch.float64


def test_a_frozen_table_is_saved_and_not_trained() -> None:
    module = TokenEncoding("embedding", 4, 3, frozen=True)
    assert list(module.parameters()) == []
    assert list(module.state_dict()) == ["weight"]
    assert not module(TOKENS).requires_grad
