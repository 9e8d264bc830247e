"""The simple recurrent network of Elman.

    h_t = f(W x_t + b + R h_(t-1) + b')        f = tanh or relu

Sources: Elman (1990), "Finding structure in time", Cognitive Science 14, figure 2; in formulas
Goodfellow, Bengio, Courville (2016), "Deep Learning", equations 10.8 and 10.9. The relu form:
Le, Jaitly, Hinton (2015), arXiv:1504.00941.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import linear

from elman.cells.spec import CellSpec, CellWeights


def step(
    Wx: Tensor, state: tuple[Tensor, ...], weights: CellWeights, spec: CellSpec
) -> tuple[Tensor, ...]:
    """One step: the new (h,).

    Args:
        Wx: [B, H] the projected input W x_t + b.
        state: (h,), [B, H] each.
        weights: of which R = hh and b' = bias_hh are used here.
        spec: names the nonlinearity f.
    """
    (h,) = state
    f = torch.tanh if spec.nonlinearity == "tanh" else torch.relu
    h = f(Wx + linear(h, weights.hh, weights.bias_hh))
    return (h,)
