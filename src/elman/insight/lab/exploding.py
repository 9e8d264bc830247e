"""Gradients that explode, and three remedies: clipping, a smaller learning rate, an LSTM.

The network is a relu one whose R begins as the identity: nothing shrinks its state, so that soon
after training has begun, something makes it grow, and over T steps that is a power of T.

Source: Pascanu, Mikolov, Bengio (2013), arXiv:1211.5063.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import fmean

import torch

from elman.insight.lab.drawing import made
from elman.insight.lab.learning import Network, Update, train
from elman.insight.lab.report import Chapter, Grid, Report, Say
from elman.insight.lab.tasks import TASKS, Batch
from elman.insight.pictures.kinds import Lines
from elman.layers.cell_layer import CellLayer
from elman.layers.lstm import LSTM
from elman.layers.rnn import RNN
from elman.pages.charts import Reference, Series
from elman.pages.text import number, percentage

UNITS, BATCH, UPDATES, STEPS = 64, 32, 300, 100
RATE, SMALL_RATE, CLIP = 0.1, 0.001, 1.0
THINNED = 5
"""So many updates become one point of a picture."""
NOTHING = 1 / 6
"""The loss of always answering 1: the variance of the sum of two numbers from 0 to 1."""

TASK = TASKS["adding"]


@dataclass(frozen=True)
class Way:
    """A way to train: what is trained, how fast, and whether its gradients are clipped."""

    make: Callable[[], CellLayer]
    rate: float = RATE
    clip: float | None = None


def _relu() -> RNN:
    return RNN(TASK.width, UNITS, nonlinearity="relu", init="identity")


WAYS: Mapping[str, Way] = {
    "as it is": Way(_relu),
    "clipping": Way(_relu, clip=CLIP),
    "smaller rate": Way(_relu, rate=SMALL_RATE),
    "LSTM": Way(lambda: LSTM(TASK.width, UNITS, forget_bias=1.0)),
}


def run(seed: int, say: Say, updates: int = UPDATES) -> Report:
    """Train in every way from the same beginning, on the same batches."""
    histories = {}
    for name, way in WAYS.items():
        say(name)
        histories[name] = history(way, seed, updates)
    return Report(
        "Exploding gradients",
        _finding(histories, updates),
        [_pictures(histories), _table(histories)],
        _setting(seed, updates),
        {
            name: {"loss": [u.loss for u in each], "gradient norm": [u.norm for u in each]}
            for name, each in histories.items()
        },
    )


def history(way: Way, seed: int, updates: int = UPDATES) -> list[Update]:
    """Loss and gradient norm of each update; shorter where it ended in no finite number."""

    def draw(drawn: torch.Generator) -> Batch:
        return TASK.draw(torch.full((BATCH,), STEPS - 1), drawn)

    network = made(lambda: Network(way.make(), TASK.answers), seed)
    optimizer = partial(torch.optim.SGD, lr=way.rate)
    return train(network, draw, updates, optimizer, seed=seed, clip=way.clip)


# --- what is told of it


def finite(history: Sequence[Update]) -> bool:
    """Whether it came to the end."""
    return math.isfinite(history[-1].loss) and math.isfinite(history[-1].norm)


def largest_norm(history: Sequence[Update]) -> float:
    """Of all gradients that are finite."""
    return max(update.norm for update in history if math.isfinite(update.norm))


def last_loss(history: Sequence[Update]) -> float:
    """The mean over the last twenty updates."""
    last = [update.loss for update in history[-20:]]
    return sum(last) / len(last)


def _finding(histories: Mapping[str, Sequence[Update]], updates: int) -> list[str]:
    plain, clipped, slow, lstm = histories.values()
    end = (
        f"grows to {_rounded(largest_norm(plain))}"
        if finite(plain)
        else f"is no finite number any more at update {len(plain)}"
    )
    return [
        f"At a rate of {RATE} the relu network's gradient {end}; clipped, the same network on the"
        f" same batches learns, to a loss of {_rounded(last_loss(clipped))}.",
        f"Always answering 1, the mean, has a loss of {_rounded(NOTHING)}.",
        f"Clipping at norm {CLIP:g} does not keep the gradient small: its norm still reached"
        f" {_rounded(largest_norm(clipped))}, and {percentage(clipped_share(clipped))} of the"
        " updates were clipped. It keeps one bad batch from throwing the weights away.",
        f"A rate of {SMALL_RATE} survives as well, with norms up to"
        f" {_rounded(largest_norm(slow))}, but after {updates} updates its loss is"
        f" {_rounded(last_loss(slow))}.",
        "The LSTM needs neither: its gradient's norm never exceeds"
        f" {_rounded(largest_norm(lstm))}, and its loss is {_rounded(last_loss(lstm))}.",
    ]


def _rounded(value: float) -> str:
    return number(float(f"{value:.2g}"))


def clipped_share(history: Sequence[Update]) -> float:
    """The share of updates whose gradient is longer than the bound."""
    return sum(update.norm > CLIP for update in history) / len(history)


def _pictures(histories: Mapping[str, Sequence[Update]]) -> Chapter:
    norms = [Series(name, _thinned(each, "norm", max)) for name, each in histories.items()]
    losses = [
        Series(name, _thinned(each, "loss", fmean))
        for name, each in histories.items()
        if finite(each)
    ]
    plain = histories["as it is"]
    return Chapter(
        "The gradient and the loss, update by update",
        [
            f"The sum of the first and the last of {STEPS} random numbers is to be told. Nothing"
            " shrinks the state of a relu network whose R begins as the identity; once training has"
            f" made one eigenvalue of R a little larger than 1, it is raised to the power of"
            f" {STEPS - 1}: 1.1 becomes {number(1.1 ** (STEPS - 1), 2)}."
        ],
        [
            Lines(
                "norm",
                f"Norm of the gradient before clipping, largest of {THINNED} updates",
                f"Look at where the network as it is ends (at update {len(plain)}), and at how many"
                " powers of ten lie between the clipped network's first gradients and the LSTM's.",
                tuple(norms),
                "update",
                (Reference("clipped at", CLIP),),
                logarithmic=True,
            ),
            Lines(
                "loss",
                f"Loss of those that came to the end, mean of {THINNED} updates",
                "Look at which lines fall under the dotted one: to survive is not yet to learn.",
                tuple(losses),
                "update",
                (Reference("always 1", NOTHING),),
                logarithmic=True,
            ),
        ],
    )


def _thinned(
    history: Sequence[Update], what: str, gather: Callable[[list[float]], float]
) -> list[tuple[float, float]]:
    """One point for every few updates, at the last of them."""
    groups = [history[start : start + THINNED] for start in range(0, len(history), THINNED)]
    ends = [min(len(history), (n + 1) * THINNED) for n in range(len(groups))]
    return [
        (end, gather([getattr(update, what) for update in group]))
        for end, group in zip(ends, groups, strict=True)
    ]


def _table(histories: Mapping[str, Sequence[Update]]) -> Chapter:
    rows = [
        [
            name,
            f"{WAYS[name].rate:g}",
            "–" if WAYS[name].clip is None else f"{WAYS[name].clip:g}",
            str(len(each)),
            _rounded(largest_norm(each)),
            _rounded(last_loss(each)) if finite(each) else "not finite",
        ]
        for name, each in histories.items()
    ]
    columns = ["", "Rate", "Clipped at", "Updates", "Largest norm", "Loss at the end"]
    return Chapter("In numbers", [], [Grid("Every way of training", columns, rows)])


def _setting(seed: int, updates: int) -> dict[str, str]:
    return {
        "Task": f"the sum of two numbers from 0 to 1, {STEPS - 1} steps apart; mean squared error",
        "Networks": f"{UNITS} units; relu with R = identity at first, or LSTM with forget bias 1",
        "Training": f"{updates} updates of {BATCH} sequences by SGD without momentum",
        "Seed": str(seed),
    }
