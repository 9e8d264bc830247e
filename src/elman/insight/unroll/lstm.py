"""The LSTM, worked through.

    a_k,t = W_k x_t + b_k + R_k h_(t-1)                     for k = i, f, g, o
    i = σ(a_i), f = σ(a_f), g = tanh(a_g), o = σ(a_o)       each of step t
    c_t = f_t ⊙ c_(t-1) + i_t ⊙ g_t
    s_t = tanh(c_t)
    h_t = o_t ⊙ s_t

    ∂c_t = ∂h_t ⊙ o_t ⊙ (1 − s_t ⊙ s_t) + ∂c_(t+1) ⊙ f_(t+1)
    ∂a_o = ∂h ⊙ s ⊙ o ⊙ (1 − o), ∂a_i = ∂c ⊙ g ⊙ i ⊙ (1 − i),
    ∂a_f = ∂c ⊙ c_(t-1) ⊙ f ⊙ (1 − f), ∂a_g = ∂c ⊙ i ⊙ (1 − g ⊙ g)
    ∂h_(t-1) = R_iᵀ ∂a_i + R_fᵀ ∂a_f + R_gᵀ ∂a_g + R_oᵀ ∂a_o

∂v stands for ∂L/∂v. The equations forward are those of `elman.cells.lstm`.
"""

from __future__ import annotations

from elman.cells.names import NAMES
from elman.insight.unroll.expression import sigmoid, tanh
from elman.insight.unroll.sheet import Sheet, at, write_terms

WORDS = NAMES["lstm"]
GATES = "ifgo"


def forward(sheet: Sheet, t: int) -> None:
    """Step t, on a sheet where x_t, h_(t-1) and c_(t-1) stand."""
    x, h_before, c_before = (sheet[at(*name)] for name in (("x", t), ("h", t - 1), ("c", t - 1)))
    for k in GATES:
        formula = sheet[f"W_{k}"] @ x + sheet[f"b_{k}"] + sheet[f"R_{k}"] @ h_before
        sheet.write(at(f"a_{k}", t), WORDS[f"a_{k}"], formula)
    i, f, g, o = (
        sheet.write(at(k, t), WORDS[k], (tanh if k == "g" else sigmoid)(sheet[at(f"a_{k}", t)]))
        for k in GATES
    )
    c = sheet.write(at("c", t), WORDS["c"], f * c_before + i * g)
    s = sheet.write(at("s", t), "cell state, squashed", tanh(c))
    sheet.write(at("h", t), WORDS["h"], o * s)


def backward(sheet: Sheet, t: int) -> None:
    """Step t, on a sheet where ∂h_t stands, and ∂c_(t+1) if there is a later step."""
    i, f, g, o, s = (sheet[at(k, t)] for k in "ifgos")
    d_h, h_before, c_before = sheet[at("∂h", t)], sheet[at("h", t - 1)], sheet[at("c", t - 1)]
    through_h = d_h * o * (1 - s * s)
    later = at("∂c", t + 1)
    whole = through_h + sheet[later] * sheet[at("f", t + 1)] if later in sheet else through_h
    d_c = sheet.write(at("∂c", t), "to the cell state, by h and by the next cell state", whole)
    for k, formula in {
        "i": d_c * g * i * (1 - i),
        "f": d_c * c_before * f * (1 - f),
        "g": d_c * i * (1 - g * g),
        "o": d_h * s * o * (1 - o),
    }.items():
        sheet.write(at(f"∂a_{k}", t), f"back to the {WORDS[f'a_{k}']}", formula)
    for k in GATES:
        write_terms(sheet, f"_{k}", t, h_before)
    if t > 1:
        d_i, d_f, d_g, d_o = (sheet[f"R_{k}"].T @ sheet[at(f"∂a_{k}", t)] for k in GATES)
        sheet.write(at("∂h", t - 1), f"handed back to step {t - 1}", d_i + d_f + d_g + d_o)
