"""The half of a model that writes: from a state, and a memory to attend to, to a sequence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn

from elman.errors import ConfigurationError
from elman.layers.build import recurrent_layer
from elman.layers.states import State
from elman.models.attention import Attention, Memory
from elman.models.description import DecoderDescription
from elman.sequences import Ragged


@dataclass(frozen=True)
class Reading:
    """Where a decoder stands in R sequences, and what it reads.

    Attributes:
        state: the parts of the recurrent state, [L, R, H] each.
        memory: what is attended to; None without attention. Of B sequences, of which each serves
            R / B neighbouring rows, so that the beams of a sentence share one memory.
        fed: [R, H] the attentional vector of the step before, for input feeding; None before the
            first step.
    """

    state: State
    memory: Memory | None = None
    fed: Tensor | None = None

    def select(self, rows: Tensor, sequences: Tensor | None = None) -> Self:
        """Some of the rows, and of the memory's sequences, by their numbers; None for all."""
        memory = self.memory
        if memory is not None and sequences is not None:
            memory = memory.select(sequences)
        state = tuple(part.index_select(1, rows) for part in self.state)
        fed = None if self.fed is None else self.fed.index_select(0, rows)
        return type(self)(state, memory, fed)


class Decoder(nn.Module):
    """Embedding → recurrent layers → attention → a score for each token of the vocabulary.

        h_t = cell([y_(t-1)], h_(t-1))            with input feeding: cell([y_(t-1), v_(t-1)], ...)
        v_t = tanh(W_v [c_t, h_t])                c_t: what h_t reads of the memory
        scores_t = W v_t + b                      without attention v_t = h_t

    The attention comes after the recurrent layers, so that in training all steps of a batch are
    one call of theirs. Input feeding, and tokens of the model's own, take step after step.
    Dropout acts on the embedded tokens, between layers, and before the output.

    Args:
        about: sizes and kinds.
        memory_size: M, the width of the memory's steps.
        hidden_size: H, the width of the state.

    Raises:
        ConfigurationError: input feeding without attention.

    Source: Luong, Pham, Manning (2015), arXiv:1508.04025, sections 3.1 and 3.3.
    """

    def __init__(self, about: DecoderDescription, memory_size: int, hidden_size: int) -> None:
        super().__init__()
        if about.input_feeding and about.attention == "none":
            raise ConfigurationError(
                "Without attention input feeding has nothing to feed.",
                where="input_feeding = True, attention = none",
                expected="the attention dot, general or additive, or no input feeding",
                next_step="leave out --input-feeding, or --attention none",
            )
        self.input_feeding = about.input_feeding
        self.embedding = nn.Embedding(about.target_size, about.embedding_size)
        self.recurrent = recurrent_layer(
            about.cell,
            about.embedding_size + (hidden_size if about.input_feeding else 0),
            hidden_size,
            num_layers=about.num_layers,
            dropout=about.dropout,
        )
        self.attention: Attention | None = None
        if about.attention != "none":
            self.attention = Attention(about.attention, hidden_size, memory_size)
            self.combine = nn.Linear(memory_size + hidden_size, hidden_size)
        self.output = nn.Linear(hidden_size, about.target_size)
        self.dropout = nn.Dropout(about.dropout)

    def begin(self, state: State, steps: Ragged | None) -> Reading:
        """Before the first step: the state to start from, and the steps to attend to."""
        if self.attention is None or steps is None:
            return Reading(state)
        return Reading(state, self.attention.memory(steps))

    def forward(
        self, tokens: Ragged, reading: Reading, own: float = 0.0
    ) -> tuple[Tensor, Tensor | None]:
        """Scores [N, V] (before softmax) for the token after each step, and attention weights.

        Args:
            tokens: what is read, one step behind what is to be written; values [N] (int64).
            reading: of B rows.
            own: the share of steps that read a token drawn from the model's own distribution in
                place of the one given (scheduled sampling: Bengio et al., 2015, arXiv:1506.03099).

        Returns:
            The scores, and the weights [N, S]; None without attention.
        """
        if self.input_feeding or own > 0:
            return self._by_steps(tokens, reading, own)
        embedded = tokens.with_values(self.dropout(self.embedding(tokens.values)))
        hidden, _ = self.recurrent.run(embedded, reading.state)
        if self.attention is None or reading.memory is None:
            return self.output(self.dropout(hidden.values)), None
        queries = hidden.to_padded(batch_first=True)
        context, weights = (
            Ragged.from_padded(read, hidden.lengths, batch_first=True).values
            for read in self.attention(queries, reading.memory)
        )
        return self._scores(context, hidden.values)[0], weights

    def step(self, tokens: Tensor, reading: Reading) -> tuple[Tensor, Tensor | None, Reading]:
        """One step of R rows: scores [R, V], weights [R, S], and where the decoder stands then."""
        embedded = self.dropout(self.embedding(tokens))
        if self.input_feeding:
            width = self.recurrent.hidden_size
            fed = embedded.new_zeros(len(tokens), width) if reading.fed is None else reading.fed
            embedded = torch.cat([embedded, fed], 1)
        ones = torch.ones(len(tokens), dtype=torch.int64)
        hidden, state = self.recurrent.run(Ragged(embedded, ones), reading.state)
        if self.attention is None or reading.memory is None:
            return self.output(self.dropout(hidden.values)), None, Reading(state)
        beams = hidden.values.view(len(reading.memory.values), -1, hidden.values.shape[1])
        context, weights = self.attention(beams, reading.memory)
        scores, vector = self._scores(context.flatten(0, 1), hidden.values)
        return scores, weights.flatten(0, 1), Reading(state, reading.memory, vector)

    def _scores(self, context: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Scores [N, V], and the attentional vectors [N, H] that they are made of."""
        vector = torch.tanh(self.combine(torch.cat([context, hidden], 1)))
        return self.output(self.dropout(vector)), vector

    def _by_steps(
        self, tokens: Ragged, reading: Reading, own: float
    ) -> tuple[Tensor, Tensor | None]:
        """The same step after step, the rows that are alive first."""
        index = tokens.index
        reading = reading.select(index.rows, index.rows)
        scores: list[Tensor] = []
        weights: list[Tensor] = []
        for given in tokens.packed_values().split(index.batch_sizes):
            alive = len(given)
            if scores and alive < len(scores[-1]):
                first = torch.arange(alive)
                reading = reading.select(first, first)
            if scores and own > 0:
                drawn = torch.multinomial(scores[-1][:alive].detach().softmax(1), 1).squeeze(1)
                given = torch.where(torch.rand(alive) < own, drawn, given)
            score, weight, reading = self.step(given, reading)
            scores.append(score)
            weights += [] if weight is None else [weight]
        seen = index.unpacked(torch.cat(weights)) if weights else None
        return index.unpacked(torch.cat(scores)), seen
