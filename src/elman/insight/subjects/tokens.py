"""Texts as the recurrent layers of a model read them, token by token."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from elman.data.texts.vocabulary import Vocabulary
from elman.data.wording import listed, nearest, shown
from elman.errors import UsageError

MOST_STEPS = 512
"""A longer text is read from its end: a T x T square of more steps shows no more."""


def embedded(table: Tensor, tokens: Sequence[int], text: str) -> Tensor:
    """[T, I] the tokens' vectors.

    Raises:
        UsageError: there is no token.
    """
    require_tokens(tokens, text)
    return table[torch.tensor(tokens)]


def require_tokens(tokens: Sequence[object], text: str) -> None:
    """Refuse a text without tokens.

    Raises:
        UsageError: there is none.
    """
    if not tokens:
        raise UsageError(
            "There is no token in the text.",
            where=f"the text {shown(text)}",
            expected="a text of one token or more",
        )


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


def of_own_step(losses: Tensor, hidden: Tensor) -> Tensor:
    """The same losses, each a linear function of its own step's state.

    ℓ_t + ∂ℓ_t/∂h_t · (h_t - h_t), of which the first and the last h_t are constants. The gradient
    by the state is the same, and it need not go through the scores of a whole vocabulary again for
    every loss and step.

    Args:
        losses: [T], of which each depends on its own step's state alone.
        hidden: [T, H] the states.
    """
    if not losses.requires_grad:
        return losses
    (slopes,) = torch.autograd.grad(losses.sum(), hidden, retain_graph=True)
    along = (hidden * slopes).sum(1)
    return losses.detach() + along - along.detach()
