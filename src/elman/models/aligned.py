"""Aligned: a tag for each step (part of speech, named entities)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from elman.layers.build import recurrent_layer
from elman.models.crf import Crf
from elman.models.description import AlignedDescription
from elman.models.embedding import TokenEncoding
from elman.models.neighbours import Neighbours
from elman.models.spelling import Spelling
from elman.sequences import Ragged


class Spelt(NamedTuple):
    """How the tokens of a batch are spelt; a spelling that recurs is read once.

    Attributes:
        characters: of each different spelling its characters' numbers, values int64.
        of_token: [N] the spelling of each token.
    """

    characters: Ragged
    of_token: Tensor


class Aligned(nn.Module):
    """Embedding, and spelling beside it → recurrent layers → a score for each tag → CRF.

    Dropout acts on the input of the recurrent layers, between them, and before the output. Without
    learned transitions the steps are scored one by one, and decoding still keeps to what is
    allowed.

    Source: Lample et al. (2016), "Neural architectures for named entity recognition".

    Args:
        description: of the model.
        allowed: which tag may follow which; see `Crf`.
    """

    def __init__(self, description: AlignedDescription, allowed: Tensor) -> None:
        super().__init__()
        self.description = description
        self.embedding = TokenEncoding(
            description.encoding,
            description.vocabulary_size,
            description.embedding_size,
            frozen=description.frozen,
        )
        self.spelling = None
        if description.spelling is not None:
            self.spelling = Spelling(description.cell, description.spelling)
        self.recurrent = recurrent_layer(
            description.cell,
            self.embedding.width + (self.spelling.width if self.spelling is not None else 0),
            description.hidden_size,
            num_layers=description.num_layers,
            bidirectional=description.bidirectional,
            dropout=description.dropout,
        )
        directions = 2 if description.bidirectional else 1
        self.output = nn.Linear(directions * description.hidden_size, description.tags)
        self.crf = Crf(allowed, learned=description.crf)
        self.neighbours = None
        if description.neighbours:
            self.neighbours = Neighbours(
                description.vocabulary_size, description.hidden_size, directions
            )
        self.dropout = nn.Dropout(description.dropout)

    def forward(self, tokens: Ragged, spelt: Spelt | None = None) -> Ragged:
        """Scores, steps [N, tags], before any normalisation.

        Args:
            tokens: numbers of the vocabulary, values [N] (int64).
            spelt: their characters, for a model that reads them.
        """
        return self.scores(self.states(tokens, spelt))

    def states(self, tokens: Ragged, spelt: Spelt | None = None) -> Ragged:
        """What the recurrent layers make of tokens: steps [N, D·H]."""
        vectors = self.dropout(self.vectors(tokens, spelt))
        return self.recurrent.run(tokens.with_values(vectors))[0]

    def scores(self, states: Ragged) -> Ragged:
        """The scores of states, [N, tags]."""
        return states.with_values(self.output(self.dropout(states.values)))

    def vectors(self, tokens: Ragged, spelt: Spelt | None = None) -> Tensor:
        """[N, I] what the recurrent layers read of tokens: embedding, and spelling beside it."""
        steps: Tensor = self.embedding(tokens.values)
        if self.spelling is None or spelt is None:
            return steps
        spellings = self.spelling(spelt.characters).index_select(0, spelt.of_token)
        return torch.cat([steps, spellings], dim=1)

    def read(self, steps: Ragged) -> Ragged:
        """Scores of tokens that are vectors already, [N, I]."""
        return self.scores(self.recurrent.run(steps)[0])

    def loss(self, scores: Ragged, tags: Tensor) -> Tensor:
        """[B] the negative log-likelihood of each sequence's tags [N], in nats."""
        if self.description.crf:
            return self.crf.loss(scores, tags)
        losses = nn.functional.cross_entropy(scores.values, tags, reduction="none")
        return scores.with_values(losses).sum()

    def decode(self, scores: Ragged) -> Ragged:
        """The best allowed tags: numbers, values [N]."""
        return self.crf.decode(scores)

    def probabilities(self, scores: Ragged) -> Tensor:
        """[N, tags] of each tag at each step, whatever the tags of the other steps."""
        if self.description.crf:
            return self.crf.marginals(scores)
        return torch.softmax(scores.values.detach(), 1)
