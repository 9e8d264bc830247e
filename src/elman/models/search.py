"""Searching a decoder for its best sequences, and drawing some, many at once."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from elman.models.decoder import Decoder, Reading
from elman.models.decoding import Sampling, draw


@dataclass(frozen=True)
class Limits:
    """What every sequence that is written must keep to.

    Args:
        end: the token that ends a sequence, and stands before its first.
        longest: most tokens of a sequence, its end counted.
        banned: tokens that are never written.
    """

    end: int
    longest: int
    banned: Collection[int] = ()

    def log_probabilities(self, scores: Tensor) -> Tensor:
        """Of the tokens that may be written, [R, V], from scores [R, V]."""
        banned = torch.tensor(list(self.banned), dtype=torch.int64)
        return scores.index_fill(1, banned, -torch.inf).log_softmax(1)


@dataclass(frozen=True)
class Search:
    """How to look for the best sequence.

    Args:
        beams: K, how many hypotheses are followed side by side; 1 takes the likeliest token at
            each step.
        length_penalty: the power of the length that a hypothesis's log-probability is divided by,
            so that short ones are not preferred for being short; 0 for none.

    Source: of the normalisation, with the power 1: Cho et al. (2014), arXiv:1409.1259, section
    3.2; with others: Wu et al. (2016), arXiv:1609.08144, equation 14, in a simpler form.
    """

    beams: int = 1
    length_penalty: float = 1.0

    def score(self, log_probability: float, length: int) -> float:
        """What hypotheses are ranked by: log p / length^penalty; the length is 1 or more."""
        return log_probability / math.pow(length, self.length_penalty)


@dataclass(frozen=True)
class Hypothesis:
    """A sequence that a decoder may write.

    Attributes:
        tokens: without the end.
        log_probability: of the tokens and the end, in nats.
        score: the same, normalised by length.
        ended: whether it came to an end by itself, not by the limit.
    """

    tokens: tuple[int, ...]
    log_probability: float
    score: float
    ended: bool


@torch.no_grad()
def best(
    decoder: Decoder, reading: Reading, search: Search, limits: Limits
) -> list[list[Hypothesis]]:
    """The best hypotheses of each sequence, by falling score; the greedy one is among them.

    Args:
        decoder: in evaluation mode.
        reading: of B rows, before the first step.
        search: how to look.
        limits: what may be written.
    """
    found = beam_search(decoder, reading, Search(1, search.length_penalty), limits)
    if search.beams > 1:
        wide = beam_search(decoder, reading, search, limits)
        for greedy, others in zip(found, wide, strict=True):
            known = {hypothesis.tokens for hypothesis in greedy}
            greedy += [other for other in others if other.tokens not in known]
    return [sorted(one, key=lambda hypothesis: -hypothesis.score) for one in found]


@torch.no_grad()
def beam_search(
    decoder: Decoder, reading: Reading, search: Search, limits: Limits
) -> list[list[Hypothesis]]:
    """K hypotheses of each sequence, in the order in which they ended.

    At each step the likeliest continuations of all live hypotheses stay. One that ends keeps its
    place, so fewer and fewer are followed, until K have ended or the limit is reached.

    Args:
        decoder: in evaluation mode.
        reading: of B rows, before the first step.
        search: how to look.
        limits: what may be written.
    """
    rows, beams = reading.state[0].shape[1], search.beams
    found: list[list[Hypothesis]] = [[] for _ in range(rows)]
    alive = torch.arange(rows)  # the sequences that are still searched
    reading = reading.select(alive.repeat_interleave(beams))
    written = torch.full((rows, beams, 1), limits.end)
    totals = torch.full((rows, beams), -torch.inf, dtype=torch.float64)
    totals[:, 0] = 0.0
    for length in range(1, limits.longest + 1):
        scores, _, reading = decoder.step(written[:, :, -1].flatten(), reading)
        log_p = limits.log_probabilities(scores).unflatten(0, (-1, beams))
        room = [beams - len(found[row]) for row in alive.tolist()]
        totals, origins, tokens = _continued(totals, log_p, room)
        before = written.gather(1, origins.unsqueeze(2).expand_as(written))
        written = torch.cat([before, tokens.unsqueeze(2)], 2)
        done = (totals > -torch.inf) & ((tokens == limits.end) | (length == limits.longest))
        for row, beam in done.nonzero().tolist():
            path, total = written[row, beam, 1:].tolist(), float(totals[row, beam])
            found[int(alive[row])].append(_hypothesis(path, total, search, limits.end))
        totals = totals.masked_fill(done, -torch.inf)
        going = (totals > -torch.inf).any(1).nonzero().squeeze(1)
        if not len(going):
            break
        places = (going.unsqueeze(1) * beams + origins[going]).flatten()
        reading = reading.select(places, going)
        alive, written, totals = alive[going], written[going], totals[going]
    return found


def _continued(totals: Tensor, log_p: Tensor, room: list[int]) -> tuple[Tensor, Tensor, Tensor]:
    """The likeliest continuations of each sequence's hypotheses.

    Args:
        totals: [B, K] log-probabilities of the hypotheses, -inf of those that are not live.
        log_p: [B, K, V] of each next token.
        room: how many continuations each sequence may keep, at most K.

    Returns:
        Log-probabilities [B, K], -inf past the room, the hypothesis that each continues, and its
        token.
    """
    beams = totals.shape[1]
    each = min(beams, log_p.shape[2])
    likeliest, tokens = log_p.topk(each, dim=2)  # K of each hypothesis are enough for K of all
    sums = (totals.unsqueeze(2) + likeliest.double()).flatten(1)
    best_sums, places = sums.topk(beams, dim=1)
    past = torch.arange(beams)[None, :] >= torch.tensor(room)[:, None]
    chosen = tokens.flatten(1).gather(1, places)
    return best_sums.masked_fill(past, -torch.inf), places // each, chosen


@torch.no_grad()
def sample(
    decoder: Decoder, reading: Reading, sampling: Sampling, limits: Limits
) -> list[Hypothesis]:
    """One sequence drawn for each row; the same seed gives a row the same, whatever its mates.

    Args:
        decoder: in evaluation mode.
        reading: of B rows, before the first step.
        sampling: how to draw.
        limits: what may be written.
    """
    rows = reading.state[0].shape[1]
    generators = [torch.Generator().manual_seed(sampling.seed) for _ in range(rows)]
    written: list[list[int]] = [[] for _ in range(rows)]
    totals = [0.0] * rows
    alive = list(range(rows))
    last = [limits.end] * rows
    for _ in range(limits.longest):
        scores, _, reading = decoder.step(torch.tensor(last), reading)
        log_p = limits.log_probabilities(scores)
        last = [draw(log_p[place], sampling, generators[row]) for place, row in enumerate(alive)]
        for place, row in enumerate(alive):
            written[row].append(last[place])
            totals[row] += float(log_p[place, last[place]])
        going = [place for place, token in enumerate(last) if token != limits.end]
        if not going:
            break
        kept = torch.tensor(going)
        reading = reading.select(kept, kept)
        alive, last = [alive[place] for place in going], [last[place] for place in going]
    return [
        _hypothesis(path, total, Search(), limits.end)
        for path, total in zip(written, totals, strict=True)
    ]


def _hypothesis(path: Sequence[int], total: float, search: Search, end: int) -> Hypothesis:
    """What was written, its end included if it came to one."""
    ended = path[-1] == end
    score = search.score(total, len(path))
    return Hypothesis(tuple(path[:-1] if ended else path), total, score, ended)
