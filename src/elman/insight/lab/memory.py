"""How far back four networks can remember: accuracy against lag on three tasks.

Sources: Hochreiter, Schmidhuber (1997), "Long short-term memory"; Le, Jaitly, Hinton (2015),
arXiv:1504.00941, for the relu network whose R begins as the identity (IRNN).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import torch

from elman.insight.lab.drawing import made
from elman.insight.lab.learning import Network, share_right, train
from elman.insight.lab.report import Chapter, Grid, Report, Say
from elman.insight.lab.tasks import COPIED, SYMBOLS, TASKS, Batch, Task, mixed_lags
from elman.insight.pictures.kinds import Lines
from elman.layers.cell_layer import CellLayer
from elman.layers.gru import GRU
from elman.layers.lstm import LSTM
from elman.layers.rnn import RNN
from elman.pages.charts import Reference, Series
from elman.pages.text import percentage

UNITS, BATCH, UPDATES, RATE, CLIP = 64, 32, 1000, 0.005, 1.0
LONGEST = 100
LAGS = (1, 2, 5, 10, 20, 30, 50, 70, 100, 150, 200)
SHOWN = (1, 5, 20, 50, 100, 200)
"""The lags that stand in the tables."""

RIGHT = 0.9
"""What counts as remembering: this share of right answers."""

CELLS: Mapping[str, Callable[[int], CellLayer]] = {
    "RNN": lambda width: RNN(width, UNITS),
    "IRNN": lambda width: RNN(width, UNITS, nonlinearity="relu", init="identity"),
    "GRU": lambda width: GRU(width, UNITS),
    "LSTM": lambda width: LSTM(width, UNITS, forget_bias=1.0),
}

LOOK = {
    "recall": "Look at how many of the lines stay at the top: one symbol is a state to stay in.",
    "copy": "Look at which lines fall, and where: the order of several symbols needs more than one"
    " state to stay in.",
    "adding": "Look at which lines lie on the dotted one: to keep a number exactly, the state must"
    " neither shrink nor grow.",
}

Measured = Mapping[str, Mapping[str, list[float]]]
"""For each task and cell the share of right answers at each of `LAGS`."""


def run(seed: int, say: Say, updates: int = UPDATES) -> Report:
    """Train every cell on every task, with lags of all sizes, and measure each lag."""
    measured: dict[str, dict[str, list[float]]] = {name: {} for name in TASKS}
    for name, task in TASKS.items():
        for cell, make in CELLS.items():
            say(f"{name}, {cell}")
            measured[name][cell] = accuracies(task, partial(make, task.width), seed, updates)
    reached = {name: {c: reach(v) for c, v in cells.items()} for name, cells in measured.items()}
    return Report(
        "How long they remember",
        _finding(measured, reached),
        [_curves(measured), _table(measured, reached)],
        _setting(seed, updates),
        {"lags": list(LAGS), "share right": measured, "reach": reached},
    )


def accuracies(
    task: Task, make: Callable[[], CellLayer], seed: int, updates: int = UPDATES
) -> list[float]:
    """Train one network, and measure its share of right answers at each of `LAGS`."""

    def draw(drawn: torch.Generator) -> Batch:
        return task.draw(mixed_lags(BATCH, LONGEST, drawn), drawn)

    network = made(lambda: Network(make(), task.answers), seed)
    train(network, draw, updates, partial(torch.optim.Adam, lr=RATE), seed=seed, clip=CLIP)
    return [share_right(network, task, lag, seed) for lag in LAGS]


def reach(shares: list[float]) -> int:
    """The longest lag up to which 90 % of the answers are right; 0 if there is none.

    Example:
        >>> reach([1.0, 0.95, 0.4, 1.0] + [0.0] * 7)
        2
    """
    held = 0
    for lag, share in zip(LAGS, shares, strict=True):
        if share < RIGHT:
            break
        held = lag
    return held


# --- what is told of it


def _finding(measured: Measured, reached: Mapping[str, Mapping[str, int]]) -> list[str]:
    at = LAGS.index(LONGEST)

    def shares(name: str) -> str:
        return ", ".join(f"{cell} {percentage(v[at])}" for cell, v in measured[name].items())

    adding = measured["adding"]
    return [
        f"Two numbers {LONGEST} steps apart: the LSTM adds them rightly in"
        f" {percentage(adding['LSTM'][at])} of all cases, the GRU in"
        f" {percentage(adding['GRU'][at])}, the plain RNN in {percentage(adding['RNN'][at])}, where"
        f" one who remembers nothing has {percentage(TASKS['adding'].chance)}.",
        f"Copying {COPIED} symbols over {LONGEST} steps, the share of right symbols:"
        f" {shares('copy')}; chance {percentage(TASKS['copy'].chance)}.",
        f"Recalling the first of {LONGEST + 1} symbols: {shares('recall')}; chance"
        f" {percentage(TASKS['recall'].chance)}.",
        f"The longest lag with {RIGHT:.0%} right: "
        + "; ".join(
            f"{name} " + ", ".join(f"{cell} {lag}" for cell, lag in cells.items())
            for name, cells in reached.items()
        )
        + f". Training saw lags up to {LONGEST}.",
    ]


def _curves(measured: Measured) -> Chapter:
    curves = [
        Lines(
            name,
            f"{name.capitalize()}: right answers (%)",
            LOOK[name],
            tuple(
                Series(cell, [(lag, 100 * v) for lag, v in zip(LAGS, shares, strict=True)])
                for cell, shares in measured[name].items()
            ),
            "lag",
            (Reference("chance", 100 * TASKS[name].chance),),
        )
        for name in TASKS
    ]
    return Chapter(
        "Accuracy against lag",
        [
            f"Each network was trained once on each task, on lags of 1 to {LONGEST}, short ones as"
            " often as long ones, and then asked at one lag at a time, up to twice as far as it had"
            " been trained. The legend has the share at the longest."
        ],
        curves,
    )


def _table(measured: Measured, reached: Mapping[str, Mapping[str, int]]) -> Chapter:
    grids = [
        Grid(
            f"{name.capitalize()}: share of right answers",
            ["Network", *(f"Lag {lag}" for lag in SHOWN), f"{RIGHT:.0%} up to"],
            [
                [
                    cell,
                    *(percentage(shares[LAGS.index(lag)]) for lag in SHOWN),
                    str(reached[name][cell] or "–"),
                ]
                for cell, shares in measured[name].items()
            ],
        )
        for name in TASKS
    ]
    return Chapter("In numbers", [], grids)


def _setting(seed: int, updates: int) -> dict[str, str]:
    return {
        "Recall": f"the first of a sequence of random symbols, {SYMBOLS} different ones",
        "Copy": f"{COPIED} of {SYMBOLS} symbols, blanks, a mark, then the symbols again",
        "Adding": "the sum of the first and the last of random numbers from 0 to 1, to within 0.1",
        "Networks": f"{UNITS} units; IRNN: relu, R begins as the identity; LSTM: forget bias 1",
        "Training": f"{updates:,} updates of {BATCH} sequences, Adam at {RATE}, gradients clipped"
        f" at norm {CLIP:g}",
        "Seed": str(seed),
    }
