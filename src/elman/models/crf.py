"""Linear-chain conditional random field: a score for each tag after each other one.

    s(x, y) = start[y₁] + Σ_t emissions[t, y_t] + Σ_t transitions[y_{t-1}, y_t] + end[y_T]
    log p(y | x) = s(x, y) - log Σ_{y'} exp s(x, y')

The sum runs over the sequences of tags that are allowed, and so does decoding. Both step over
packed order, in which the sequences that are alive are always the first rows.

Source: Lafferty, McCallum, Pereira (2001), "Conditional random fields"; Rabiner (1989), "A tutorial
on hidden Markov models", equations 19 and 20 (forward) and 32 to 35 (Viterbi).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from elman.errors import ShapeError
from elman.sequences import Ragged


class Crf(nn.Module):
    """Scores of tags that stand side by side.

    Args:
        allowed: [K + 1, K + 1] bool: whether tag j may follow tag i. The last row says which tags
            may begin a sequence, the last column which may end one.
        learned: whether the scores of transitions are weights; otherwise they are 0, and the module
            only keeps to what is allowed.

    Shapes: N steps of K tags each, B sequences.

    Example:
        >>> crf = Crf(torch.ones(3, 3, dtype=torch.bool))
        >>> emissions = Ragged(torch.tensor([[2.0, 1.0], [0.0, 1.0], [3.0, 0.0]]), [2, 1])
        >>> with torch.no_grad():
        ...     _ = [weight.zero_() for weight in crf.parameters()]
        >>> crf.decode(emissions).values.tolist()
        [0, 1, 0]
    """

    allowed: Tensor

    def __init__(self, allowed: Tensor, learned: bool = True) -> None:
        super().__init__()
        tags = len(allowed) - 1
        if allowed.dtype != torch.bool or allowed.shape != (tags + 1, tags + 1) or tags < 1:
            raise ShapeError(
                f"What is allowed has the shape {list(allowed.shape)} and {allowed.dtype}.",
                where="Crf(allowed)",
                expected="torch.bool, [K + 1, K + 1] for K tags",
            )
        # It follows from the tags' names, so it is no part of the saved weights.
        self.register_buffer("allowed", allowed, persistent=False)
        self.transitions = nn.Parameter(torch.zeros(tags, tags)) if learned else None
        self.start = nn.Parameter(torch.zeros(tags)) if learned else None
        self.end = nn.Parameter(torch.zeros(tags)) if learned else None

    def loss(self, emissions: Ragged, tags: Tensor) -> Tensor:
        """[B] the negative log-likelihood of each sequence of tags, in nats.

        Args:
            emissions: steps [N, K].
            tags: [N] the numbers of the true tags, which must be allowed.
        """
        return self._normaliser(emissions) - self._score(emissions, tags)

    @torch.no_grad()
    def decode(self, emissions: Ragged) -> Ragged:
        """The best allowed tags of each sequence: numbers, values [N]."""
        index = emissions.index
        if not index.batch_sizes:
            return emissions.with_values(index.positions)
        best = self._viterbi(emissions.packed_values(), index.batch_sizes)
        return emissions.with_values(index.unpacked(best))

    def marginals(self, emissions: Ragged) -> Tensor:
        """[N, K] the probability of each tag at each step, summed over all other steps' tags.

        It is the derivative of the normaliser by the emissions, which is how it is computed.
        """
        with torch.enable_grad():
            values = emissions.values.detach().requires_grad_()
            total = self._normaliser(emissions.with_values(values)).sum()
            return torch.autograd.grad(total, values)[0]

    def _scores(self, values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Transitions [K, K], starts [K] and ends [K], minus infinity where not allowed."""
        scores = values.new_zeros(self.allowed.shape)
        if self.transitions is not None and self.start is not None and self.end is not None:
            inner = torch.cat([self.transitions, self.start[None]])
            scores = torch.cat([inner, nn.functional.pad(self.end, (0, 1))[:, None]], dim=1)
        scores = scores.masked_fill(~self.allowed, -math.inf)
        return scores[:-1, :-1], scores[-1, :-1], scores[:-1, -1]

    def _score(self, emissions: Ragged, tags: Tensor) -> Tensor:
        """[B] the score of the given tags; 0 for an empty sequence."""
        transitions, start, end = self._scores(emissions.values)
        rows = emissions.row_of_step
        first = torch.ones_like(rows, dtype=torch.bool)
        first[1:] = rows[1:] != rows[:-1]
        moves = torch.where(first, start[tags], transitions[tags.roll(1), tags])
        at_steps = emissions.values.gather(1, tags[:, None]).squeeze(1)
        steps = emissions.with_values(at_steps + moves)
        return steps.sum() + emissions.with_values(end[tags]).last()

    def _normaliser(self, emissions: Ragged) -> Tensor:
        """[B] log Σ exp of the scores of all allowed sequences; 0 for an empty sequence."""
        index = emissions.index
        transitions, start, end = self._scores(emissions.values)
        forward, ended = emissions.values[:0], []
        for step, scores in enumerate(emissions.packed_values().split(index.batch_sizes)):
            if step == 0:
                forward = start + scores
                continue
            ended.append(forward[len(scores) :])
            paths = forward[: len(scores), :, None] + transitions  # [alive, K before, K now]
            forward = torch.logsumexp(paths, 1) + scores
        totals = torch.logsumexp(torch.cat([forward, *reversed(ended)]) + end, 1)
        empty = totals.new_zeros(len(emissions) - len(totals))
        return torch.cat([totals, empty]).index_select(0, index.places)

    def _viterbi(self, packed: Tensor, batch_sizes: tuple[int, ...]) -> Tensor:
        """[N] the tags of the best allowed sequences, all in packed order."""
        transitions, start, end = self._scores(packed)
        steps = packed.split(batch_sizes)
        best = start + steps[0]
        finished: list[Tensor] = []
        origins: list[Tensor] = []  # for each step but the first, [alive, K]: the best tag before
        for emissions in steps[1:]:
            alive = len(emissions)
            finished.append(best[alive:])
            scores, origin = (best[:alive, :, None] + transitions).max(1)
            origins.append(origin)
            best = scores + emissions
        last = (torch.cat([best, *reversed(finished)]) + end).argmax(1)  # [B]
        chosen = [last[: batch_sizes[-1]]]
        for origin in reversed(origins):
            alive, tags = len(origin), chosen[-1]
            earlier = origin.gather(1, tags[:, None]).squeeze(1)
            joining = last[alive : batch_sizes[len(origins) - len(chosen)]]
            chosen.append(torch.cat([earlier, joining]))
        return torch.cat(chosen[::-1])
