"""Cells by their step, as users write them: the examples that the tests go through."""

from __future__ import annotations

from typing import Any

import torch

import elman


def lstm(Wx: Any, R: Any, state: Any) -> Any:
    """The long short-term memory, as in `elman.cells.lstm`."""
    u = R(state.h)
    i, f, o = torch.sigmoid(Wx.i + u.i), torch.sigmoid(Wx.f + u.f), torch.sigmoid(Wx.o + u.o)
    g = torch.tanh(Wx.g + u.g)
    c = f * state.c + i * g
    return {"i": i, "f": f, "g": g, "o": o, "c": c, "h": o * torch.tanh(c)}


def mgu(Wx: Any, R: Any, state: Any) -> Any:
    """The minimal gated unit of Zhou et al. (2016), arXiv:1603.09420: a GRU with one gate."""
    f = torch.sigmoid(Wx.f + R.f(state.h))
    n = torch.tanh(Wx.n + R.n(f * state.h))
    return {"f": f, "n": n, "h": (1 - f) * state.h + f * n}


def sru(Wx: Any, R: Any, state: Any, *, v_f: Any, v_r: Any) -> Any:
    """The simple recurrent unit of Lei et al. (2018), arXiv:1709.02755, which has no matrix R.

    Its equations 1 to 4, but that the input goes past the cell by way of a block of W.
    """
    f = torch.sigmoid(Wx.f + v_f * state.c)
    r = torch.sigmoid(Wx.r + v_r * state.c)
    c = f * state.c + (1 - f) * Wx.n
    return {"f": f, "r": r, "c": c, "h": r * c + (1 - r) * Wx.x}


def memory(Wx: Any, R: Any, state: Any, *, W_m: Any, W_x: Any) -> Any:
    """A state beside a memory of another width, which one gate keeps all of."""
    s = torch.sigmoid(Wx.s + R.s(state.h))
    m = s * state.m + (1 - s) * torch.tanh(Wx.k + R.k(state.h))
    return {"s": s, "h": torch.tanh(Wx.n + m @ W_m.T) + W_x.mean(), "m": m}


CELLS = {
    "lstm": elman.CustomCell(lstm, gates=("i", "f", "g", "o"), state=("h", "c")),
    "mgu": elman.CustomCell(mgu, gates=("f", "n"), words={"f": "forget gate"}),
    "sru": elman.CustomCell(
        sru,
        gates=("n", "f", "r", "x"),
        state=("h", "c"),
        recurrent=(),
        weights={"v_f": ("H",), "v_r": ("H",)},
    ),
    "memory": elman.CustomCell(
        memory,
        gates={"n": "H", "k": 7, "s": 1},
        state={"h": "H", "m": 7},
        recurrent=("s", "k"),
        weights={"W_m": ("H", 7), "W_x": (2, "I")},
    ),
}
