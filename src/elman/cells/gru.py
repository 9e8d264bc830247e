"""The gated recurrent unit, in its forms.

    r_t = σ(W_r x_t + b_r + R_r h_(t-1) + b'_r)                 reset gate
    z_t = σ(W_z x_t + b_z + R_z h_(t-1) + b'_z)                 update gate
    n_t = φ(W_n x_t + b_n + r_t ⊙ (R_n h_(t-1) + b'_n))         candidate, reset after the product
    n_t = φ(W_n x_t + b_n + R_n (r_t ⊙ h_(t-1)) + b'_n)         candidate, reset before the product
    h_t = (1 - z_t) ⊙ n_t + z_t ⊙ h_(t-1)                       hidden state

    γ ⊙ LN(W x_t) + b and γ' ⊙ LN(R h_(t-1)) + b'               joint norm, over r z n

    s_t = γ ⊙ LN(W x_t + b + R h_(t-1) + b') + β                Dreamer's norm, over r z n
    r_t = σ(s_r)
    z_t = σ(s_z + 1)
    n_t = φ(r_t ⊙ s_n)

σ is the logistic function, φ is tanh, unless the cell names others. z keeps the old state, as in
PyTorch. The weights are stacked in the order r z n.

Dreamer's update gate u takes the new state, u_t = σ(s_u - 1); z = 1 - u. So the block z of γ and β
here is minus Dreamer's block u (not that of W, R and the biases, whose mean the norm takes away).

Sources: Cho et al. (2014), arXiv:1406.1078, equations 5 to 8 (reset before, the form of version 3;
reset after is the form of version 1 and of cuDNN). The joint norm: Ba, Kiros, Hinton (2016),
arXiv:1607.06450, in the form of the LayerNormGRU of haste. Dreamer's: Hafner et al. (2021),
arXiv:2010.02193, as the GRUCell of its code has it.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import layer_norm, linear

from elman.cells.spec import CellSpec, CellWeights
from elman.cells.sums import DREAMER_EPSILON, Product, clipped, project


def step(
    Wx: Tensor,
    state: tuple[Tensor, ...],
    weights: CellWeights,
    spec: CellSpec,
    seen: Tensor,
    product: Product = linear,
) -> dict[str, Tensor]:
    """One step: r, z, n, their sums, and the new h, each by its letter.

    Args:
        Wx: [B, 3·H] the projected input W x_t + b (normalised by the joint norm).
        state: (h,), [B, H].
        weights: of this direction.
        spec: names the form, the functions and the clip.
        seen: [B, H] what the recurrent weights see: h, or what recurrent dropout leaves of it.
        product: how states and weights are multiplied.
    """
    (h,) = state
    if spec.norm == "dreamer":
        form = _dreamer
    else:
        form = _reset_after if spec.reset_after else _reset_before
    named = form(Wx, seen, weights, spec, product)
    n, z = named["n"], named["z"]
    return named | {"h": (1 - z) * n + z * h}


def _reset_after(
    Wx: Tensor, seen: Tensor, weights: CellWeights, spec: CellSpec, product: Product
) -> dict[str, Tensor]:
    σ, φ, _ = spec.activations
    Rh = project(seen, weights.hh, weights.bias_hh, weights.norm_hh, product)
    Wx_r, Wx_z, Wx_n = Wx.chunk(3, dim=-1)
    Rh_r, Rh_z, Rh_n = Rh.chunk(3, dim=-1)
    a_r = clipped(Wx_r + Rh_r, spec.clip)
    a_z = clipped(Wx_z + Rh_z, spec.clip)
    r, z = σ(a_r), σ(a_z)
    a_n = clipped(Wx_n + r * Rh_n, spec.clip)
    return {"a_r": a_r, "a_z": a_z, "a_n": a_n, "r": r, "z": z, "n": φ(a_n)}


def _reset_before(
    Wx: Tensor, seen: Tensor, weights: CellWeights, spec: CellSpec, product: Product
) -> dict[str, Tensor]:
    σ, φ, _ = spec.activations
    H = seen.shape[-1]
    R_rz, R_n = weights.hh.split([2 * H, H])
    b_rz, b_n = (None, None) if weights.bias_hh is None else weights.bias_hh.split([2 * H, H])
    Wx_rz, Wx_n = Wx.split([2 * H, H], dim=-1)
    a_r, a_z = clipped(Wx_rz + product(seen, R_rz, b_rz), spec.clip).chunk(2, dim=-1)
    r, z = σ(a_r), σ(a_z)
    a_n = clipped(Wx_n + product(r * seen, R_n, b_n), spec.clip)
    return {"a_r": a_r, "a_z": a_z, "a_n": a_n, "r": r, "z": z, "n": φ(a_n)}


def _dreamer(
    Wx: Tensor, seen: Tensor, weights: CellWeights, spec: CellSpec, product: Product
) -> dict[str, Tensor]:
    σ, φ, _ = spec.activations
    a = Wx + product(seen, weights.hh, weights.bias_hh)
    gain, shift = weights.norm_sum, weights.norm_sum_bias
    s_r, s_z, s_n = layer_norm(a, a.shape[-1:], gain, shift, DREAMER_EPSILON).chunk(3, dim=-1)
    a_r = clipped(s_r, spec.clip)
    a_z = clipped(s_z + 1, spec.clip)
    r, z = σ(a_r), σ(a_z)
    a_n = clipped(r * s_n, spec.clip)
    return {"a_r": a_r, "a_z": a_z, "a_n": a_n, "r": r, "z": z, "n": φ(a_n)}
