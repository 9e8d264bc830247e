"""The gradient of a loss at the last step, at each step before it; and four remedies.

    ∂L/∂x_k = Wᵀ ∂L/∂a_k,    ∂L/∂a_k = ∂L/∂h_T · ∏_(j = k+1..T) ∂h_j/∂h_(j-1) · ∂h_k/∂a_k

Each factor of the product of a simple network is diag(φ'(a_j)) R. Its norm is at most γ ‖R‖, with γ
the largest slope of φ; where it stays under 1, the product falls as a power of the lag.

Sources: Hochreiter (1991), Diplomarbeit, TU München; Bengio, Simard, Frasconi (1994), IEEE
Transactions on Neural Networks 5(2); Pascanu, Mikolov, Bengio (2013), arXiv:1211.5063. Connections
that skip steps: Lin, Horne, Tino, Giles (1996), IEEE Transactions on Neural Networks 7(6).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from elman.cells.custom import CustomCell
from elman.insight.lab.drawing import generator, made
from elman.insight.lab.report import Bars, Chapter, Grid, Report, Say
from elman.insight.pictures.kinds import Lines
from elman.layers.cell_layer import CellLayer
from elman.layers.custom_layer import CustomLayer
from elman.layers.lstm import LSTM
from elman.layers.rnn import RNN
from elman.pages.bars import Bar
from elman.pages.charts import Series
from elman.pages.text import number

STEPS, BATCH, SYMBOLS, UNITS = 100, 32, 8, 64
SKIP = 10
SHOWN_LAGS = (0, 10, 20, 50, STEPS - 1)

PLAIN = "plain RNN"


def run(seed: int, say: Say) -> Report:
    """Measure every network on one batch, before any training."""
    norms = {}
    for name, make in NETWORKS.items():
        say(name)
        norms[name] = gradient_norms(made(make, seed), seed)
    left = {name: float(curve[0] / curve[-1]) for name, curve in norms.items()}
    return Report(
        "Vanishing gradients",
        _finding(left),
        [_pictures(norms), _all_together(norms, left), _why(seed)],
        _setting(seed),
        {
            "left after 99 steps": left,
            "norms from lag 0 on": {name: curve.flip(0).tolist() for name, curve in norms.items()},
        },
    )


# --- the networks


def _over_ten() -> CustomCell:
    """A simple network that also sees its state of ten steps before.

        h_t = tanh(W x_t + b + R h_(t-1) + b' + S h_(t-10))

    The states between are handed on from part to part of the state.
    """
    delays = [f"d{steps}" for steps in range(1, SKIP)]

    def step(Wx: Any, R: Any, state: Any) -> dict[str, Tensor]:  # noqa: N803
        a = Wx.a + R.a(state.h) + R.s(getattr(state, delays[-1]))
        older = [state.h, *(getattr(state, delay) for delay in delays[:-1])]
        return {"a": a, "h": torch.tanh(a), **dict(zip(delays, older, strict=True))}

    return CustomCell(step, gates=("a", "s"), state=("h", *delays))


NETWORKS: Mapping[str, Callable[[], CellLayer]] = {
    PLAIN: lambda: RNN(SYMBOLS, UNITS, dtype=torch.float64),
    "relu": lambda: RNN(SYMBOLS, UNITS, nonlinearity="relu", dtype=torch.float64),
    "orthogonal R": lambda: RNN(SYMBOLS, UNITS, init="keras", dtype=torch.float64),
    "relu, R = identity": lambda: RNN(
        SYMBOLS, UNITS, nonlinearity="relu", init="identity", dtype=torch.float64
    ),
    f"skip over {SKIP}": lambda: CustomLayer(_over_ten(), SYMBOLS, UNITS, dtype=torch.float64),
    "LSTM, forget bias 0": lambda: LSTM(SYMBOLS, UNITS, forget_bias=0.0, dtype=torch.float64),
    "LSTM, forget bias 1": lambda: LSTM(SYMBOLS, UNITS, forget_bias=1.0, dtype=torch.float64),
    "LSTM, chrono": lambda: LSTM(SYMBOLS, UNITS, init="chrono", t_max=STEPS, dtype=torch.float64),
}
"""RNN and LSTM as `torch.nn` draws them, but for what each name says."""

REMEDIES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "Activation": (
        ("relu",),
        "Look at the relu's line, which falls faster: its slope is 1 where it is not 0, but about"
        " half of the units are off, and pass nothing.",
    ),
    "Initialisation": (
        ("orthogonal R", "relu, R = identity"),
        "Look at the two upper lines: a matrix R that keeps lengths takes away one of the two"
        " factors that shrink the gradient, and with relu both.",
    ),
    "Skip connections": (
        (f"skip over {SKIP}",),
        f"Look at the upper line's slope: a path with a tenth of the steps, over connections of"
        f" {SKIP} steps, has a tenth of the shrinking factors.",
    ),
    "LSTM": (
        ("LSTM, forget bias 0", "LSTM, forget bias 1", "LSTM, chrono"),
        "Look at how the three LSTMs part: the gradient passes through the forget gates, and lasts"
        " as long as they stand open.",
    ),
}


# --- the measurement


def gradient_norms(layer: CellLayer, seed: int) -> Tensor:
    """‖∂L/∂x_k‖ over a batch for k = 1 to T, [T]; L is the cross-entropy of one answer at T.

    Args:
        layer: in float64.
        seed: draws symbols, answers, and the output layer.
    """
    draw = generator(seed, 1)
    symbols = torch.randint(SYMBOLS, (STEPS, BATCH), generator=draw)
    answers = torch.randint(SYMBOLS, (BATCH,), generator=draw)
    x = one_hot(symbols, SYMBOLS).double().requires_grad_()
    output = made(lambda: nn.Linear(UNITS, SYMBOLS, dtype=torch.float64), seed)
    states, _ = layer(x)
    (slope,) = torch.autograd.grad(cross_entropy(output(states[-1]), answers), x)
    norms: Tensor = slope.flatten(1).norm(dim=1)
    return norms


# --- what is told of it


def orders(ratio: float) -> str:
    """How many powers of ten a ratio under 1 falls by.

    Example:
        >>> orders(1e-25)
        '25 orders of magnitude'
    """
    return f"{-math.log10(ratio):.0f} orders of magnitude"


def _finding(left: Mapping[str, float]) -> list[str]:
    best, plain = left["LSTM, chrono"], left[PLAIN]
    return [
        f"Over {STEPS - 1} steps the plain RNN's gradient falls by {orders(plain)}; the LSTM's,"
        f" whose forget gates begin open, to {number(best, 2)} of what it was.",
        "Measured against the last step, the first step moves the LSTM's weights"
        f" {number(best / plain, 2)} times as much as the RNN's.",
        f"Being an LSTM is not enough. If its forget bias begins at 0, it loses"
        f" {orders(left['LSTM, forget bias 0'])}; at 1 it loses"
        f" {orders(left['LSTM, forget bias 1'])}. Changing tanh to relu, and nothing else, loses"
        f" {orders(left['relu'])}.",
        f"What is left with the other remedies: {number(left['relu, R = identity'], 2)} for a relu"
        f" network whose R begins as the identity, {number(left['orthogonal R'], 2)} for tanh with"
        f" an orthogonal R, {number(left[f'skip over {SKIP}'], 2)} with connections over"
        f" {SKIP} steps.",
    ]


def _curve(norms: Mapping[str, Tensor], name: str) -> Series:
    shares = (norms[name] / norms[name][-1]).flip(0).tolist()
    return Series(name, list(enumerate(shares)))


def _pictures(norms: Mapping[str, Tensor]) -> Chapter:
    return Chapter(
        "Four remedies, each beside the plain network",
        [
            f"One batch of {BATCH} sequences of {STEPS} random symbols, one answer at the last"
            " step, no training. Each line is the size of the gradient with respect to the input,"
            " as a share of what it is at the last step; the lag counts steps back from there."
        ],
        [
            Lines(
                remedy.lower().replace(" ", "-"),
                remedy,
                look,
                tuple(_curve(norms, name) for name in (PLAIN, *names)),
                "lag",
                logarithmic=True,
            )
            for remedy, (names, look) in REMEDIES.items()
        ],
    )


def _all_together(norms: Mapping[str, Tensor], left: Mapping[str, float]) -> Chapter:
    rows = [
        [name, *(number(float(curve[-1 - lag] / curve[-1]), 2) for lag in SHOWN_LAGS)]
        for name, curve in norms.items()
    ]
    bars = [
        Bar(name, -math.log10(share), number(-math.log10(share), 3))
        for name, share in sorted(left.items(), key=lambda pair: pair[1])
    ]
    return Chapter(
        "All together",
        [],
        [
            Bars(
                f"Orders of magnitude lost over {STEPS - 1} steps",
                bars,
                "Look at the shortest bars: what they have in common is a path back through time"
                " whose factors are near 1.",
            ),
            Grid(
                "What is left of the gradient",
                ["Network", *(f"Lag {lag}" for lag in SHOWN_LAGS)],
                rows,
            ),
        ],
    )


def _why(seed: int) -> Chapter:
    layer = made(NETWORKS[PLAIN], seed)
    size = float(torch.linalg.matrix_norm(layer.all_weights[0][1], ord=2).detach())
    radius = float(torch.linalg.eigvals(layer.all_weights[0][1].detach()).abs().max())
    return Chapter(
        "Why",
        [
            "Going back one step multiplies the gradient by the slopes of tanh, which are 1 at"
            f" most, and by R. Here ‖R‖ = {number(size, 3)}, but over many steps it is the largest"
            f" eigenvalue that counts, of size {number(radius, 3)}: raised to the power of"
            f" {STEPS - 1} that is {number(radius ** (STEPS - 1), 2)} before any slope of tanh.",
            "In the LSTM the cell state goes back over c_t = f_t ⊙ c_(t-1) + i_t ⊙ g_t, that is"
            " over a product of forget gates, without a matrix and without tanh. Chrono"
            " initialisation draws their biases so that they begin between open and nearly shut,"
            f" for times of up to {STEPS} steps.",
        ],
    )


def _setting(seed: int) -> dict[str, str]:
    return {
        "Batch": f"{BATCH} sequences of {STEPS} steps, {SYMBOLS} symbols, one-hot",
        "Networks": f"{UNITS} units, weights drawn as torch.nn draws them but for what is named",
        "Loss": f"cross-entropy of one of {SYMBOLS} answers at the last step",
        "Computed in": "float64, so that nothing is rounded to 0",
        "Seed": str(seed),
    }
