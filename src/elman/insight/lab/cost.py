"""What a sequence costs, measured against its length and the width of the state.

time      O(T (dh + h²))        one step after the other, and each the same
memory    O(T (d + h))          of full backpropagation through time
O(k (d + h))          truncated to k steps
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch

from elman.insight.counts import LayerCounts, count, memory
from elman.insight.lab.drawing import generator, made
from elman.insight.lab.report import Chapter, Grid, Report, Say
from elman.insight.pictures.kinds import Lines
from elman.layers.gru import GRU
from elman.layers.lstm import LSTM
from elman.layers.recurrent import Recurrent
from elman.layers.rnn import RNN
from elman.pages.charts import Series
from elman.pages.text import number

BATCH, STEPS, UNITS, WINDOW, ROUNDS = 16, 100, 64, 35, 7
LENGTHS = (25, 50, 100, 200, 400, 800)
WIDTHS = (16, 32, 64, 128, 256)

CELLS: Mapping[str, Callable[[int], Recurrent]] = {
    "RNN": lambda width: RNN(width, width),
    "GRU": lambda width: GRU(width, width),
    "LSTM": lambda width: LSTM(width, width),
}

Times = Mapping[str, list[float]]
"""Of each cell, milliseconds of an update's forward and backward pass."""


def run(seed: int, say: Say, rounds: int = ROUNDS) -> Report:
    """Time every cell at every length, and at every width."""
    say("lengths")
    by_length = times([(steps, UNITS) for steps in LENGTHS], seed, rounds)
    say("widths")
    by_width = times([(STEPS, width) for width in WIDTHS], seed, rounds)
    slopes = {
        name: {
            "T": slope(LENGTHS[-3:], by_length[name][-3:]),
            "h": slope(WIDTHS[-2:], by_width[name][-2:]),
        }
        for name in CELLS
    }
    return Report(
        "What a sequence costs",
        _finding(by_length, slopes),
        [_time(by_length, by_width), _memory(), _counts()],
        _setting(seed, rounds),
        {
            "milliseconds by T": {"T": list(LENGTHS), **by_length},
            "milliseconds by h": {"h": list(WIDTHS), **by_width},
            "powers": slopes,
        },
    )


def times(sizes: Sequence[tuple[int, int]], seed: int, rounds: int) -> dict[str, list[float]]:
    """The medians over some rounds, in which cells and sizes take turns.

    Args:
        sizes: T and h of each case; d is h.
        seed: of weights and input.
        rounds: how often each is measured, after a round that warms up.
    """
    cases = {
        (name, size): (made(partial(make, size[1]), seed), _input(size, seed))
        for name, make in CELLS.items()
        for size in sizes
    }
    taken: dict[tuple[str, tuple[int, int]], list[float]] = {case: [] for case in cases}
    for _ in range(rounds + 1):
        for case, (layer, x) in cases.items():
            start = time.process_time()
            layer(x)[0].sum().backward()
            taken[case].append(1000 * (time.process_time() - start))
    return {name: [statistics.median(taken[name, size][1:]) for size in sizes] for name in CELLS}


def _input(size: tuple[int, int], seed: int) -> torch.Tensor:
    steps, width = size
    return torch.randn(steps, BATCH, width, generator=generator(seed, steps))


def slope(sizes: Sequence[int], values: Sequence[float]) -> float:
    """The power of the size that the values grow by: the slope of a line through their logarithms.

    Example:
        >>> slope([1, 2, 4], [3.0, 12.0, 48.0])
        2.0
    """
    xs, ys = ([math.log2(one) for one in each] for each in (sizes, values))
    middle_x, middle_y = statistics.fmean(xs), statistics.fmean(ys)
    above = sum((x - middle_x) * (y - middle_y) for x, y in zip(xs, ys, strict=True))
    return above / sum((x - middle_x) ** 2 for x in xs)


# --- what is told of it


def _finding(by_length: Times, slopes: Mapping[str, Mapping[str, float]]) -> list[str]:
    lstm = by_length["LSTM"]
    powers = "; ".join(
        f"{name} T to the power of {one['T']:.2f}, h to the power of {one['h']:.2f}"
        for name, one in slopes.items()
    )
    kept = memory(count(CELLS["LSTM"](UNITS)), LENGTHS[-1], WINDOW, BATCH)
    return [
        f"Twice the length, {LENGTHS[-1]} steps after {LENGTHS[-2]}, costs the LSTM"
        f" {number(lstm[-1] / lstm[-2], 3)} times the time: what a recurrent network costs grows in"
        " proportion to the sequence.",
        f"Measured powers: {powers}. They are those of the longest three and the widest two sizes,"
        " where little of the time is spent on starting; they tend to 1 and 2.",
        f"Of {LENGTHS[-1]} steps full backpropagation through time keeps {kept.full:,} bytes;"
        f" truncated to {WINDOW} steps, {kept.truncated:,}.",
    ]


def _lines(times: Times, sizes: Sequence[int]) -> tuple[Series, ...]:
    return tuple(
        Series(name, list(zip(map(float, sizes), values, strict=True)))
        for name, values in times.items()
    )


def _time(by_length: Times, by_width: Times) -> Chapter:
    return Chapter(
        "Time",
        [f"Forward and backward pass of {BATCH} sequences, in milliseconds; d is as large as h."],
        [
            Lines(
                "length",
                f"Milliseconds against the length T, h = {UNITS}",
                "Look at how straight the lines are: each step costs the same, O(T).",
                _lines(by_length, LENGTHS),
                "T",
            ),
            Lines(
                "width",
                f"Milliseconds against the width h, T = {STEPS}",
                "Look at how the lines bend upwards: the products with R and W are O(h²) when d"
                " grows with h.",
                _lines(by_width, WIDTHS),
                "h",
            ),
        ],
    )


def _memory() -> Chapter:
    counted = count(CELLS["LSTM"](UNITS))
    kept = [memory(counted, steps, WINDOW, BATCH) for steps in LENGTHS]
    lengths = [float(steps) for steps in LENGTHS]
    lines = (
        Series("full", [(T, one.full / 2**20) for T, one in zip(lengths, kept, strict=True)]),
        Series(
            f"truncated to {WINDOW}",
            [(T, one.truncated / 2**20) for T, one in zip(lengths, kept, strict=True)],
        ),
    )
    return Chapter(
        "Memory",
        [
            f"What the LSTM's backward pass needs of a step: {counted[0].kept} numbers a sequence,"
            " of its input, output, gates and cell state."
        ],
        [
            Lines(
                "memory",
                f"MiB that backpropagation through time keeps, LSTM, h = {UNITS}",
                "Look at the flat line: truncation bounds the memory, whatever the length.",
                lines,
                "T",
            )
        ],
    )


def _counts() -> Chapter:
    both = {
        "RNN": count(RNN(UNITS, UNITS, bidirectional=True)),
        "GRU": count(GRU(UNITS, UNITS, bidirectional=True)),
        "LSTM": count(LSTM(UNITS, UNITS, bidirectional=True)),
    }
    rows = [[name, *_row(counted)] for name, counted in both.items()]
    columns = ["Cell", "Formula", "Parameters", "One bias a unit", "Both directions", "A step"]
    return Chapter(
        "Parameters and multiply-adds",
        [
            f"With d = h = {UNITS}. Two directions double parameters, time and memory of a layer,"
            " and the input of the layer above. A step's multiply-adds are those with weights, of"
            " one direction; the backward pass does twice as many. The command elman counts"
            " has these numbers for any size."
        ],
        [Grid("What the cells cost", columns, rows, 2)],
    )


def _row(counted: tuple[LayerCounts, ...]) -> list[str]:
    forward = counted[0]
    return [
        forward.formula,
        f"{forward.parameters:,}",
        f"{forward.with_one_bias:,}",
        f"{sum(one.parameters for one in counted):,}",
        f"{forward.products:,}",
    ]


def _setting(seed: int, rounds: int) -> dict[str, str]:
    return {
        "Batch": f"{BATCH} sequences of random numbers, float32",
        "Time": f"of the processor, on one thread; the median of {rounds}, all cases in turns",
        "Seed": str(seed),
    }
