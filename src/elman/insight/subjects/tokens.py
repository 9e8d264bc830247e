"""Texts as the recurrent layers of a model read them, token by token."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from elman.data.vocabulary import Vocabulary
from elman.data.wording import listed, nearest, shown
from elman.errors import UsageError

MOST_STEPS = 512
"""A longer text is read from its end: a T x T square of more steps shows no more."""


def embedded(table: Tensor, tokens: Sequence[int], text: str) -> Tensor:
    """[T, I] the tokens' vectors.

    Raises:
        UsageError: there is no token.
    """
    if not tokens:
        raise UsageError(
            "There is no token in the text.",
            where=f"the text {shown(text)}",
            expected="a text of one token or more",
        )
    return table[torch.tensor(tokens)]


def shown_tokens(vocabulary: Vocabulary, tokens: Sequence[int]) -> tuple[str, ...]:
    """The tokens as they are written."""
    return tuple(vocabulary.tokens[token] for token in tokens)


def place_of(answer: str, names: Sequence[str]) -> int:
    """The number of an answer.

    Raises:
        UsageError: it is none of them.
    """
    if answer not in names:
        near = nearest(answer, names)
        raise UsageError(
            f"The model has no answer {shown(answer)}.",
            where="--answer",
            expected=f"one of {listed(names)}",
            next_step=f"--answer {near}" if near else "",
        )
    return list(names).index(answer)
