"""The simple recurrent network of Elman.

    h_t = φ(W x_t + b + R h_(t-1) + b')                          φ = tanh, relu, ...
    h_t = φ(γ ⊙ LN(W x_t) + b + γ' ⊙ LN(R h_(t-1)) + b')         joint norm

Sources: Elman (1990), "Finding structure in time", Cognitive Science 14, figure 2; in formulas
Goodfellow, Bengio, Courville (2016), "Deep Learning", equations 10.8 and 10.9. The relu form:
Le, Jaitly, Hinton (2015), arXiv:1504.00941. The norm: Ba, Kiros, Hinton (2016), arXiv:1607.06450,
in the form that its equation 20 has for the LSTM.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import linear

from elman.cells.spec import CellSpec, CellWeights
from elman.cells.sums import Product, clipped, project


def step(
    Wx: Tensor,
    state: tuple[Tensor, ...],
    weights: CellWeights,
    spec: CellSpec,
    seen: Tensor,
    product: Product = linear,
) -> dict[str, Tensor]:
    """One step: the sum a and the new h, each by its letter.

    Args:
        Wx: [B, H] the projected input W x_t + b (normalised by the joint norm).
        state: (h,), [B, H]; not read, as all of it goes through the recurrent weights.
        weights: of which R = hh, b' = bias_hh and γ' = norm_hh are used here.
        spec: names the function φ and the clip.
        seen: [B, H] what the recurrent weights see: h, or what recurrent dropout leaves of it.
        product: how states and weights are multiplied.
    """
    _, φ, _ = spec.activations
    a = Wx + project(seen, weights.hh, weights.bias_hh, weights.norm_hh, product)
    a = clipped(a, spec.clip)
    return {"a": a, "h": φ(a)}
