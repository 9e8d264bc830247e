"""The GRU whose reset gate acts before the product, worked through.

    a_k,t = W_k x_t + b_k + R_k h_(t-1)                for k = r, z
    r = σ(a_r), z = σ(a_z)                             each of step t
    q_t = r_t ⊙ h_(t-1)
    a_n,t = W_n x_t + b_n + R_n q_t
    n_t = tanh(a_n,t)
    h_t = (1 − z_t) ⊙ n_t + z_t ⊙ h_(t-1)

    ∂a_n = ∂h ⊙ (1 − z) ⊙ (1 − n ⊙ n), ∂a_z = ∂h ⊙ (h_(t-1) − n) ⊙ z ⊙ (1 − z)
    ∂q = R_nᵀ ∂a_n, ∂a_r = ∂q ⊙ h_(t-1) ⊙ r ⊙ (1 − r)
    ∂h_(t-1) = ∂h ⊙ z + ∂q ⊙ r + R_rᵀ ∂a_r + R_zᵀ ∂a_z

∂v stands for ∂L/∂v. The equations forward are those of `elman.cells.gru`.
"""

from __future__ import annotations

from elman.cells.names import NAMES
from elman.insight.unroll.expression import Expression, sigmoid, tanh
from elman.insight.unroll.sheet import Sheet, at, write_terms

WORDS = NAMES["gru"]


def forward(sheet: Sheet, t: int) -> None:
    """Step t, on a sheet where x_t and h_(t-1) stand."""
    x, h_before = sheet[at("x", t)], sheet[at("h", t - 1)]
    for k in "rz":
        formula = sheet[f"W_{k}"] @ x + sheet[f"b_{k}"] + sheet[f"R_{k}"] @ h_before
        sheet.write(at(f"a_{k}", t), WORDS[f"a_{k}"], formula)
    r, z = (sheet.write(at(k, t), WORDS[k], sigmoid(sheet[at(f"a_{k}", t)])) for k in "rz")
    q = sheet.write(at("q", t), "what the reset gate leaves of the state", r * h_before)
    formula = sheet["W_n"] @ x + sheet["b_n"] + sheet["R_n"] @ q
    n = sheet.write(at("n", t), WORDS["n"], tanh(sheet.write(at("a_n", t), WORDS["a_n"], formula)))
    sheet.write(at("h", t), WORDS["h"], (1 - z) * n + z * h_before)


def backward(sheet: Sheet, t: int) -> None:
    """Step t, on a sheet where ∂h_t stands."""
    r, z, n = (sheet[at(k, t)] for k in "rzn")
    d_h, h_before = sheet[at("∂h", t)], sheet[at("h", t - 1)]

    def back(k: str, formula: Expression) -> Expression:
        return sheet.write(at(f"∂a_{k}", t), f"back to the {WORDS[f'a_{k}']}", formula)

    d_z = back("z", d_h * (h_before - n) * z * (1 - z))
    d_n = back("n", d_h * (1 - z) * (1 - n * n))
    d_q = sheet.write(at("∂q", t), "to what the reset gate left of the state", sheet["R_n"].T @ d_n)
    d_r = back("r", d_q * h_before * r * (1 - r))
    for k in "rz":
        write_terms(sheet, f"_{k}", t, h_before)
    write_terms(sheet, "_n", t, sheet[at("q", t)])
    if t > 1:
        by_gates = sheet["R_r"].T @ d_r + sheet["R_z"].T @ d_z
        sheet.write(at("∂h", t - 1), f"handed back to step {t - 1}", d_h * z + d_q * r + by_gates)
