"""What padding costs: one batch of real lengths, padded and not, computed in four ways."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_sequence, pad_sequence

from elman.data.batches import bucketed, padded_share, permutation
from elman.insight.lab.corpus import paragraphs
from elman.insight.lab.drawing import generator, made
from elman.insight.lab.report import Bars, Chapter, Grid, Report, Say
from elman.insight.padding import waste
from elman.layers.lstm import LSTM
from elman.pages.bars import Bar
from elman.pages.text import number, percentage
from elman.sequences import Ragged

WIDTH, UNITS, BATCH, BATCHES, ROUNDS = 64, 128, 32, 12, 4

Measured = Mapping[str, Mapping[str, Any]]
"""For each kind of batches the share of padding, and the milliseconds of each way."""

OURS = "Elman, no padding"
Way = Callable[[Sequence[Tensor]], Tensor]
"""From sequences [T, I] to the outputs of their real steps [N, H]."""


def run(seed: int, say: Say, rounds: int = ROUNDS) -> Report:
    """Time every way on batches as they are drawn, and on batches of like lengths."""
    lengths = [len(words) for words in paragraphs("train")]
    order = permutation(len(lengths), seed, 0)
    drawn = [order[n : n + BATCH] for n in range(0, BATCH * BATCHES, BATCH)]
    like = bucketed(lengths, BATCH, seed, 0)[:BATCHES]
    measured = {}
    for name, batches in ("drawn at random", drawn), ("of like lengths", like):
        say(f"batches {name}")
        measured[name] = {
            "padding": padded_share(lengths, batches),
            "milliseconds": times(lengths, batches, seed, rounds),
        }
    shares = waste(lengths, BATCH, seed)
    apart = largest_difference([lengths[n] for n in drawn[0]], seed)
    return Report(
        "What padding costs",
        _finding(measured, shares.fixed, apart),
        [_times(measured), _shares(lengths, shares.fixed, shares.shuffled, shares.bucketed)],
        _setting(seed, rounds, lengths),
        {
            "batches": measured,
            "padding": {"fixed": shares.fixed, "shuffled": shares.shuffled,
                        "bucketed": shares.bucketed},
            "largest difference": apart,
        },
    )  # fmt: skip


# --- the ways


def ways(seed: int) -> Mapping[str, Way]:
    """Four ways with the same weights."""
    ours = made(lambda: LSTM(WIDTH, UNITS), seed)
    theirs = nn.LSTM(WIDTH, UNITS)
    theirs.load_state_dict(ours.state_dict())

    def padded(layer: nn.Module) -> Way:
        def run(sequences: Sequence[Tensor]) -> Tensor:
            output = layer(pad_sequence(list(sequences)))[0]
            lengths = torch.tensor([len(one) for one in sequences])
            return Ragged.from_padded(output, lengths).values

        return run

    return {
        OURS: lambda sequences: ours(Ragged.from_list(list(sequences)))[0].values,
        "Elman, padded": padded(ours),
        "torch.nn, padded": padded(theirs),
        "torch.nn, packed": lambda sequences: (
            Ragged.from_packed(
                theirs(pack_sequence(list(sequences), enforce_sorted=False))[0]
            ).values
        ),
    }


def times(
    lengths: Sequence[int], batches: Sequence[Sequence[int]], seed: int, rounds: int
) -> dict[str, float]:
    """Milliseconds of processor time a batch, forward and backward: of each way the median.

    The ways take turns, so that what disturbs the machine disturbs all of them.
    """
    every = ways(seed)
    taken: dict[str, list[float]] = {name: [] for name in every}
    for _ in range(rounds + 1):
        for number_, batch in enumerate(batches):
            sequences = _sequences([lengths[n] for n in batch], seed, number_)
            for name, way in every.items():
                start = time.process_time()
                way(sequences).sum().backward()
                taken[name].append(1000 * (time.process_time() - start))
    first = len(batches)  # the first round warms up
    return {name: statistics.median(each[first:]) for name, each in taken.items()}


def largest_difference(lengths: Sequence[int], seed: int) -> float:
    """Between the outputs of the four ways, on one batch."""
    sequences = _sequences(lengths, seed, 0)
    with torch.no_grad():
        first, *others = (way(sequences) for way in ways(seed).values())
    return max(float((other - first).abs().max()) for other in others)


def _sequences(lengths: Sequence[int], seed: int, batch: int) -> list[Tensor]:
    values = torch.randn(sum(lengths), WIDTH, generator=generator(seed, batch))
    return list(values.split(list(lengths)))


# --- what is told of it


def _finding(measured: Measured, fixed: float, apart: float) -> list[str]:
    drawn, like = measured["drawn at random"], measured["of like lengths"]

    def times_slower(one: Mapping[str, Any], way: str) -> str:
        return number(one["milliseconds"][way] / one["milliseconds"][OURS], 3)

    return [
        f"In batches of {BATCH} paragraphs drawn at random, {percentage(drawn['padding'])} of what"
        f" a padded LSTM computes is padding: it takes {times_slower(drawn, 'Elman, padded')} times"
        " as long as the same LSTM without it.",
        f"Beside Elman without padding, torch.nn takes {times_slower(drawn, 'torch.nn, padded')}"
        f" times as long padded, and {times_slower(drawn, 'torch.nn, packed')} times packed,"
        " which computes no padding either.",
        f"Batches of like lengths leave {percentage(like['padding'])} padding, and padded takes"
        f" {times_slower(like, 'Elman, padded')} times as long as not; at the price of an order"
        " that is less random.",
        f"A feed-forward network whose input is as wide as the longest paragraph would compute"
        f" {percentage(fixed)} padding. The four ways agree to {number(apart, 2)}.",
    ]


def _times(measured: Measured) -> Chapter:
    bars = [
        Bars(
            f"Milliseconds a batch, forward and backward: batches {name}",
            [
                Bar(way, time, number(time, 3), emphasised=way == OURS)
                for way, time in one["milliseconds"].items()
            ],
            f"Look at the first bar beside the second: all that differs is padding,"
            f" {percentage(one['padding'])} of the steps.",
        )
        for name, one in measured.items()
    ]
    return Chapter("Time", [], bars)


def _shares(lengths: Sequence[int], fixed: float, shuffled: float, like: float) -> Chapter:
    rows = [
        ["every sequence as long as the longest", percentage(fixed)],
        [f"batches of {BATCH} drawn at random", percentage(shuffled)],
        [f"batches of {BATCH} of like lengths", percentage(like)],
        ["no padding", "0.0%"],
    ]
    ordered = sorted(lengths)
    quarters = ", ".join(str(ordered[len(ordered) * n // 4]) for n in (1, 2, 3))
    return Chapter(
        "Padding",
        [
            f"{len(lengths):,} paragraphs; a quarter, a half and three quarters have at most"
            f" {quarters} words; the longest has {ordered[-1]:,}. elman counts rnn --data FILE"
            " has these shares for data of your own."
        ],
        [Grid("Share of padding", ["Way of batching", "Padding"], rows)],
    )


def _setting(seed: int, rounds: int, lengths: Sequence[int]) -> dict[str, str]:
    return {
        "Lengths": f"words of {len(lengths):,} paragraphs of Python's help texts (pydocs)",
        "Layer": f"LSTM of {UNITS} units over inputs of {WIDTH} random numbers, float32",
        "Time": f"of the processor, on one thread; the median of {BATCHES} batches, {rounds} times"
        " each, the ways in turns",
        "Seed": str(seed),
    }
