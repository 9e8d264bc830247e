"""Attention: each query reads a weighted mean of a memory, its weights made of scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn

from elman.errors import ConfigurationError
from elman.models.description import Score
from elman.sequences import Ragged


@dataclass(frozen=True)
class Memory:
    """What can be read: the steps of B sequences as one block, with what their scores need.

    A block because one product a batch is twice as fast as one a sequence (dot and general,
    sentences of 8 to 30 words, forward and backward); what is not real has the weight 0, exactly.

    Attributes:
        values: [B, S, M] the steps, 0 where there is none.
        keys: [B, S, K] what queries are compared with.
        real: [B, S] true where there is a step.
    """

    values: Tensor
    keys: Tensor
    real: Tensor

    def select(self, sequences: Tensor) -> Self:
        """The memory of some of the sequences, by their numbers."""
        parts = (self.values, self.keys, self.real)
        return type(self)(*(part.index_select(0, sequences) for part in parts))


class Attention(nn.Module):
    """Scores of a query against each step, their softmax, and the mean of the steps by it.

        e_s = score(q, m_s),    a = softmax(e),    c = sum over s of a_s m_s

        dot         q · m_s
        general     q · W m_s
        additive    v · tanh(W m_s + U q + b)

    Args:
        kind: of the score.
        query_size: width of a query.
        memory_size: M, the width of a step.

    Raises:
        ConfigurationError: dot with widths that differ.

    Sources: dot, general: Luong, Pham, Manning (2015), arXiv:1508.04025, equations 7 and 8;
    additive: Bahdanau, Cho, Bengio (2015), arXiv:1409.0473, appendix A.1.2.

    Example:
        >>> attention = Attention("general", 3, 2)
        >>> memory = attention.memory(Ragged(torch.randn(5, 2), [4, 1]))
        >>> context, weights = attention(torch.randn(2, 6, 3), memory)
        >>> context.shape, weights[1, 0].tolist()
        (torch.Size([2, 6, 2]), [1.0, 0.0, 0.0, 0.0])
    """

    def __init__(self, kind: Score, query_size: int, memory_size: int) -> None:
        super().__init__()
        if kind == "dot" and query_size != memory_size:
            raise ConfigurationError(
                "The score dot needs queries as wide as the memory.",
                where=f"query_size = {query_size}, memory_size = {memory_size}",
                expected="two equal sizes, or the score general or additive",
            )
        self.kind = kind
        if kind != "dot":
            self.key = nn.Linear(memory_size, query_size, bias=kind == "additive")
        if kind == "additive":
            self.query = nn.Linear(query_size, query_size, bias=False)
            self.score = nn.Linear(query_size, 1, bias=False)

    def memory(self, steps: Ragged) -> Memory:
        """Sequences of steps [N, M], ready to be read."""
        values = steps.to_padded(batch_first=True)
        keys = values
        if self.kind != "dot":
            keys = steps.with_values(self.key(steps.values)).to_padded(batch_first=True)
        real = torch.arange(values.shape[1])[None, :] < steps.lengths[:, None]
        return Memory(values, keys, real.to(values.device))

    def forward(self, queries: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """What each query reads, and its weights.

        Args:
            queries: [B, Q, query_size], any number Q for each sequence of the memory.
            memory: of B sequences.

        Returns:
            The contexts [B, Q, M] and the weights [B, Q, S]; both are 0 for an empty sequence.
        """
        if self.kind == "additive":
            sums = self.query(queries).unsqueeze(2) + memory.keys.unsqueeze(1)  # [B, Q, S, K]
            scores = self.score(torch.tanh(sums)).squeeze(3)
        else:
            scores = queries @ memory.keys.transpose(1, 2)
        real = memory.real.unsqueeze(1)
        # The lowest finite score, not -inf: of an empty sequence the softmax would be NaN.
        weights = scores.masked_fill(~real, torch.finfo(scores.dtype).min).softmax(2) * real
        return weights @ memory.values, weights
