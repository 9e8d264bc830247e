"""The simple network, worked through.

    a_t = W x_t + b + R h_(t-1)          h_t = tanh(a_t)
    ∂a_t = ∂h_t ⊙ (1 − h_t ⊙ h_t)        ∂h_(t-1) = Rᵀ ∂a_t

∂v stands for ∂L/∂v. The equations forward are those of `elman.cells.elman`.
"""

from __future__ import annotations

from elman.cells.names import NAMES
from elman.insight.unroll.expression import tanh
from elman.insight.unroll.sheet import Sheet, at, write_terms

WORDS = NAMES["rnn"]


def forward(sheet: Sheet, t: int) -> None:
    """Step t, on a sheet where x_t and h_(t-1) stand."""
    x, h_before = sheet[at("x", t)], sheet[at("h", t - 1)]
    a = sheet.write(at("a", t), WORDS["a"], sheet["W"] @ x + sheet["b"] + sheet["R"] @ h_before)
    sheet.write(at("h", t), WORDS["h"], tanh(a))


def backward(sheet: Sheet, t: int) -> None:
    """Step t, on a sheet where ∂h_t stands."""
    h, h_before = sheet[at("h", t)], sheet[at("h", t - 1)]
    d_a = sheet.write(at("∂a", t), "back through tanh", sheet[at("∂h", t)] * (1 - h * h))
    write_terms(sheet, "", t, h_before)
    if t > 1:
        sheet.write(at("∂h", t - 1), f"handed back to step {t - 1}", sheet["R"].T @ d_a)
