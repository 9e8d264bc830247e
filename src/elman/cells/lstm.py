"""The long short-term memory with forget gate.

    i_t = σ(W_i x_t + b_i + R_i h_(t-1) + b'_i)         input gate
    f_t = σ(W_f x_t + b_f + R_f h_(t-1) + b'_f)         forget gate
    g_t = tanh(W_g x_t + b_g + R_g h_(t-1) + b'_g)      candidate
    o_t = σ(W_o x_t + b_o + R_o h_(t-1) + b'_o)         output gate
    c_t = f_t ⊙ c_(t-1) + i_t ⊙ g_t                     cell state
    h_t = o_t ⊙ tanh(c_t)                               hidden state
    h_t = W_hr h_t                                      with a projection

The weights are stacked in the order i f g o.

Sources: Hochreiter, Schmidhuber (1997), Neural Computation 9(8); the forget gate: Gers,
Schmidhuber, Cummins (2000), Neural Computation 12(10); in these formulas (there with peepholes)
Graves (2013), arXiv:1308.0850, equations 7 to 11. The projection: Sak, Senior, Beaufays (2014),
arXiv:1402.1128, section 2.2.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import linear

from elman.cells.spec import CellSpec, CellWeights


def step(
    Wx: Tensor, state: tuple[Tensor, ...], weights: CellWeights, spec: CellSpec
) -> tuple[Tensor, ...]:
    """One step: the new (h, c).

    Args:
        Wx: [B, 4·H] the projected input W x_t + b.
        state: (h, c), [B, H] each (h is [B, P] with a projection).
        weights: of which R = hh, b' = bias_hh and W_hr = hr are used here.
        spec: has no choices for this cell.
    """
    h, c = state
    i, f, g, o = (Wx + linear(h, weights.hh, weights.bias_hh)).chunk(4, dim=-1)
    i = torch.sigmoid(i)
    f = torch.sigmoid(f)
    g = torch.tanh(g)
    o = torch.sigmoid(o)
    c = f * c + i * g
    h = o * torch.tanh(c)
    if weights.hr is not None:
        h = linear(h, weights.hr)
    return h, c
