"""The long short-term memory with forget gate.

    i_t = σ(W_i x_t + b_i + R_i h_(t-1) + b'_i)         input gate
    f_t = σ(W_f x_t + b_f + R_f h_(t-1) + b'_f)         forget gate
    g_t = φ(W_g x_t + b_g + R_g h_(t-1) + b'_g)         candidate
    o_t = σ(W_o x_t + b_o + R_o h_(t-1) + b'_o)         output gate
    c_t = f_t ⊙ c_(t-1) + i_t ⊙ g_t                     cell state
    h_t = o_t ⊙ ψ(c_t)                                  hidden state

    i_t = σ(... + p_i ⊙ c_(t-1))                        with peepholes
    f_t = σ(... + p_f ⊙ c_(t-1))
    o_t = σ(... + p_o ⊙ c_t)
    f_t = 1 - i_t                                       coupled
    h_t = W_hr (o_t ⊙ ψ(c_t))                           with a projection
    γ ⊙ LN(W x_t) + b + γ' ⊙ LN(R h_(t-1)) + b'         joint norm, over i f g o
    h_t = o_t ⊙ ψ(γ_c ⊙ LN(c_t) + β_c)

σ is the logistic function, φ and ψ are tanh, unless the cell names others. The weights are stacked
in the order i f g o. Peepholes are added to the normalised sums, and see c as it is.

Sources: Hochreiter, Schmidhuber (1997), Neural Computation 9(8); the forget gate: Gers,
Schmidhuber, Cummins (2000), Neural Computation 12(10); peepholes: Gers, Schraudolph, Schmidhuber
(2002), JMLR 3; in these formulas Graves (2013), arXiv:1308.0850, equations 7 to 11. The coupled
gate: Greff et al. (2017), arXiv:1503.04069 (CIFG). The projection: Sak, Senior,
Beaufays (2014), arXiv:1402.1128, section 2.2. The joint norm: Ba, Kiros, Hinton (2016),
arXiv:1607.06450, equations 20 to 22. TensorFlow Addons carries the normalised c on to the next
step; the paper, haste and Elman carry c itself.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import layer_norm, linear

from elman.cells.spec import CellSpec, CellWeights
from elman.cells.sums import JOINT_EPSILON, Product, clipped, project


def step(
    Wx: Tensor,
    state: tuple[Tensor, ...],
    weights: CellWeights,
    spec: CellSpec,
    seen: Tensor,
    product: Product = linear,
) -> dict[str, Tensor]:
    """One step: i, f, g, o, their sums, and the new c and h, each by its letter.

    Args:
        Wx: [B, 4·H] the projected input W x_t + b (normalised by the joint norm).
        state: (h, c), [B, H] each (h is [B, P] with a projection).
        weights: of this direction.
        spec: names functions, peepholes, coupling and clip.
        seen: [B, H] what the recurrent weights see: h, or what recurrent dropout leaves of it.
        product: how states and weights are multiplied.
    """
    _, c = state
    σ, φ, ψ = spec.activations
    sums = Wx + project(seen, weights.hh, weights.bias_hh, weights.norm_hh, product)
    a_i, a_f, a_g, a_o = sums.chunk(4, dim=-1)
    if weights.peephole is not None:
        p_i, p_f, p_o = weights.peephole.chunk(3)
        a_i, a_f = a_i + p_i * c, a_f + p_f * c
    a_i, a_f, a_g = (clipped(a, spec.clip) for a in (a_i, a_f, a_g))
    i = σ(a_i)
    f = 1 - i if spec.coupled else σ(a_f)
    g = φ(a_g)
    c = f * c + i * g
    if weights.peephole is not None:
        a_o = a_o + p_o * c
    a_o = clipped(a_o, spec.clip)
    o = σ(a_o)
    named = {"a_i": a_i, "a_f": a_f, "a_g": a_g, "a_o": a_o, "i": i, "f": f, "g": g, "o": o, "c": c}
    if spec.coupled:
        del named["a_f"]  # which nothing reads
    h = o * ψ(_normalised(c, weights))
    if weights.hr is None:
        return named | {"h": h}
    return named | {"m": h, "h": product(h, weights.hr, None)}


def _normalised(c: Tensor, weights: CellWeights) -> Tensor:
    if weights.norm_c is None:
        return c
    return layer_norm(c, c.shape[-1:], weights.norm_c, weights.norm_c_bias, JOINT_EPSILON)
