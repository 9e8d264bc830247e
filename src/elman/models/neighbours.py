"""The tokens beside each one, foretold by the states of a tagger: what it learns language from."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from elman.sequences import Ragged

MOST_FORETOLD = 5_000
"""Rarer tokens are foretold as the unknown one, since most of the time goes into their scores."""

_WIDTH = 64


class Neighbours(nn.Module):
    """Each direction's state says which token it reads next.

        m_t = tanh(W_d h_t + b_d),    p(next token) = softmax(W m_t + b)

    A forward state foretells the token after its own, a backward state the one before it. W_d
    belongs to the direction, W to both. The states of one layer only may do this: those of a layer
    above have seen the whole text already.

    Args:
        vocabulary_size: V, of the tokens that are read.
        hidden_size: H, of a direction's state.
        directions: 1 or 2.

    Source: Rei (2017), "Semi-supervised multitask learning for sequence labeling",
    arXiv:1704.07156, equations 6 to 9; there W differs by direction.
    """

    def __init__(self, vocabulary_size: int, hidden_size: int, directions: int) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        self.narrow = nn.ModuleList(nn.Linear(hidden_size, _WIDTH) for _ in range(directions))
        self.output = nn.Linear(_WIDTH, min(vocabulary_size, MOST_FORETOLD))

    def loss(self, states: Ragged, tokens: Tensor, unknown: int) -> Tensor:
        """The losses of all foretold tokens in nats, added up over the directions; 0 of none.

        Args:
            states: values [N, D·H].
            tokens: [N] the numbers of the tokens, of which rarer ones are higher.
            unknown: the number of the unknown token.
        """
        rows = states.row_of_step
        beside = rows[1:] == rows[:-1]
        known = torch.where(tokens < self.output.out_features, tokens, unknown)
        total = states.values.new_zeros(())
        if not bool(beside.any()):
            return total
        pairs = [(states.values[:-1], known[1:]), (states.values[1:], known[:-1])]
        for place, (narrow, (values, wanted)) in enumerate(zip(self.narrow, pairs, strict=False)):
            own = values[beside, place * self.hidden_size : (place + 1) * self.hidden_size]
            scores = self.output(torch.tanh(narrow(own)))
            total = total + nn.functional.cross_entropy(scores, wanted[beside], reduction="sum")
        return total
