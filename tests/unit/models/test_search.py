"""Beam search and drawing, held to loops over plain lists that read everything anew."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch

from elman.models.decoding import Sampling, draw
from elman.models.encoder_decoder import EncoderDecoder
from elman.models.search import Hypothesis, Limits, Search, beam_search, best, sample
from tests.translation_samples import (
    END,
    LIMITS,
    SOURCES,
    log_probabilities,
    reading_of,
    translator,
)

OPTIONS: list[dict[str, Any]] = [
    {},
    {"attention": "none"},
    {"attention": "additive", "num_layers": 2},
    {"input_feeding": True},
]


def greedily(model: EncoderDecoder, source: list[int]) -> list[int]:
    """The likeliest token at each step, up to the limit."""
    written: list[int] = []
    while len(written) < LIMITS.longest:
        token = int(log_probabilities(model, source, written).argmax())
        if token == END:
            return written
        written.append(token)
    return written


def beamed(model: EncoderDecoder, source: list[int], beams: int) -> dict[tuple[int, ...], float]:
    """Beam search with lists: each hypothesis found and its log-probability."""
    live: list[tuple[float, list[int]]] = [(0.0, [])]
    found: dict[tuple[int, ...], float] = {}
    for length in range(1, LIMITS.longest + 1):
        longer = []
        for total, written in live:
            row = log_probabilities(model, source, written).tolist()
            longer += [(total + p, [*written, token]) for token, p in enumerate(row)]
        longer = sorted(longer, key=lambda pair: -pair[0])[: beams - len(found)]
        live = [pair for pair in longer if pair[1][-1] != END and pair[0] > -torch.inf]
        found |= {tuple(path[:-1]): total for total, path in longer if path[-1] == END}
        if length == LIMITS.longest:
            found |= {tuple(path): total for total, path in live}
    return found


def totals(hypotheses: list[Hypothesis]) -> dict[tuple[int, ...], float]:
    return {one.tokens: one.log_probability for one in hypotheses}


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_one_beam_is_greedy(options: dict[str, Any], seed: int) -> None:
    model = translator(seed, **options)
    found = beam_search(model.decoder, reading_of(model, SOURCES), Search(1), LIMITS)
    assert [list(one.tokens) for (one,) in found] == [greedily(model, s) for s in SOURCES]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("beams", [2, 3, 8])
def test_many_beams_are_those_of_plain_lists(options: dict[str, Any], beams: int) -> None:
    for seed in range(2):
        model = translator(seed, **options)
        found = beam_search(model.decoder, reading_of(model, SOURCES), Search(beams), LIMITS)
        for source, hypotheses in zip(SOURCES, found, strict=True):
            expected = beamed(model, source, beams)
            assert totals(hypotheses) == pytest.approx(expected, rel=1e-9)


def test_as_many_beams_as_there_are_sequences_find_the_best_of_all() -> None:
    model, limits = translator(3), Limits(END, 4, {0})
    search = Search(beams=400, length_penalty=0.7)
    ranked = best(model.decoder, reading_of(model, SOURCES[:1]), search, limits)[0]
    scores = {}
    for size in range(4):
        for path in itertools.product([2, 3, 4, 5], repeat=size):
            rows = [log_probabilities(model, SOURCES[0], list(path[:n])) for n in range(size + 1)]
            log_p = sum(float(row[token]) for row, token in zip(rows, [*path, END], strict=True))
            scores[path] = log_p / (size + 1) ** 0.7
    ended = {one.tokens: one.score for one in ranked if one.ended}
    assert len(ended) == 1 + 4 + 16 + 64
    assert ended == pytest.approx(scores, rel=1e-9)
    assert [one.score for one in ranked] == sorted((one.score for one in ranked), reverse=True)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_greedys_hypothesis_stays_and_what_is_returned_is_no_worse(options: dict[str, Any]) -> None:
    for seed, penalty, beams in itertools.product(range(2), (0.0, 1.0), (1, 2, 5)):
        model = translator(seed, **options)
        found = best(model.decoder, reading_of(model, SOURCES), Search(beams, penalty), LIMITS)
        for source, hypotheses in zip(SOURCES, found, strict=True):
            greedy = tuple(greedily(model, source))
            (kept,) = [one for one in hypotheses if one.tokens == greedy]
            assert hypotheses[0].score >= kept.score


def test_a_beam_search_alone_loses_greedys_hypothesis_now_and_then() -> None:
    lost = 0
    for seed in range(20):
        model = translator(seed)
        reading = reading_of(model, SOURCES)
        greedy = beam_search(model.decoder, reading, Search(1), LIMITS)
        wide = beam_search(model.decoder, reading, Search(2), LIMITS)
        for (one,), others in zip(greedy, wide, strict=True):
            lost += all(other.tokens != one.tokens for other in others)
    assert lost > 0


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_many_are_searched_as_each_is_alone(options: dict[str, Any]) -> None:
    model = translator(1, **options)
    search = Search(4, 0.5)
    together = best(model.decoder, reading_of(model, SOURCES), search, LIMITS)
    for source, hypotheses in zip(SOURCES, together, strict=True):
        (alone,) = best(model.decoder, reading_of(model, [source]), search, LIMITS)
        assert [one.tokens for one in alone] == [one.tokens for one in hypotheses]
        assert totals(alone) == pytest.approx(totals(hypotheses), rel=1e-9)


def test_a_banned_token_is_never_written_and_the_rest_shares_its_probability() -> None:
    model = translator()
    with torch.no_grad():
        model.decoder.output.bias[0] = 3000.0
    (found,) = best(model.decoder, reading_of(model, [[2, 3]]), Search(3), LIMITS)
    assert all(0 not in one.tokens and one.log_probability > -200 for one in found)
    (free,) = best(model.decoder, reading_of(model, [[2, 3]]), Search(3), Limits(END, 5))
    assert free[0].tokens == (0,) * 5
    assert not free[0].ended


def test_the_limit_counts_the_end() -> None:
    model = translator()
    with torch.no_grad():
        model.decoder.output.bias[END] = 3000.0
    (found,) = best(model.decoder, reading_of(model, [[2, 3]]), Search(1), Limits(END, 1))
    assert [(one.tokens, one.ended) for one in found] == [((), True)]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_temperature_0_is_greedy(options: dict[str, Any]) -> None:
    model = translator(2, **options)
    drawn = sample(model.decoder, reading_of(model, SOURCES), Sampling(temperature=0), LIMITS)
    assert [list(one.tokens) for one in drawn] == [greedily(model, source) for source in SOURCES]


@pytest.mark.parametrize("sampling", [Sampling(seed=5), Sampling(0.7, top_k=3)], ids=str)
def test_a_drawn_sequence_is_its_own_whatever_its_mates(sampling: Sampling) -> None:
    model = translator(2, input_feeding=True)
    together = sample(model.decoder, reading_of(model, SOURCES), sampling, LIMITS)
    for source, one in zip(SOURCES, together, strict=True):
        generator = torch.Generator().manual_seed(sampling.seed)
        written: list[int] = []
        for _ in range(LIMITS.longest):
            written.append(draw(log_probabilities(model, source, written), sampling, generator))
            if written[-1] == END:
                break
        assert one.tokens == tuple(token for token in written if token != END)
        assert one.ended == (written[-1] == END)
        rows = [log_probabilities(model, source, written[:n]) for n in range(len(written))]
        log_p = sum(float(row[token]) for row, token in zip(rows, written, strict=True))
        assert one.log_probability == pytest.approx(log_p, rel=1e-9)
