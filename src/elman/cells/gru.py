"""The gated recurrent unit, in its two forms.

    r_t = σ(W_r x_t + b_r + R_r h_(t-1) + b'_r)                 reset gate
    z_t = σ(W_z x_t + b_z + R_z h_(t-1) + b'_z)                 update gate
    n_t = tanh(W_n x_t + b_n + r_t ⊙ (R_n h_(t-1) + b'_n))      candidate, reset after the product
    n_t = tanh(W_n x_t + b_n + R_n (r_t ⊙ h_(t-1)) + b'_n)      candidate, reset before the product
    h_t = (1 - z_t) ⊙ n_t + z_t ⊙ h_(t-1)                       hidden state

z keeps the old state, as in PyTorch. The weights are stacked in the order r z n.

Source: Cho et al. (2014), arXiv:1406.1078, equations 5 to 8 (reset before, the form of version 3;
reset after is the form of version 1 and of cuDNN).
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
        Wx: [B, 3·H] the projected input W x_t + b.
        state: (h,), [B, H].
        weights: of which R = hh and b' = bias_hh are used here.
        spec: says whether the reset gate acts after the recurrent product or before it.
    """
    (h,) = state
    return (_reset_after(Wx, h, weights) if spec.reset_after else _reset_before(Wx, h, weights),)


def _reset_after(Wx: Tensor, h: Tensor, weights: CellWeights) -> Tensor:
    Wx_r, Wx_z, Wx_n = Wx.chunk(3, dim=-1)
    Rh_r, Rh_z, Rh_n = linear(h, weights.hh, weights.bias_hh).chunk(3, dim=-1)
    r = torch.sigmoid(Wx_r + Rh_r)
    z = torch.sigmoid(Wx_z + Rh_z)
    n = torch.tanh(Wx_n + r * Rh_n)
    return (1 - z) * n + z * h


def _reset_before(Wx: Tensor, h: Tensor, weights: CellWeights) -> Tensor:
    H = h.shape[-1]
    R_rz, R_n = weights.hh.split([2 * H, H])
    b_rz, b_n = (None, None) if weights.bias_hh is None else weights.bias_hh.split([2 * H, H])
    Wx_rz, Wx_n = Wx.split([2 * H, H], dim=-1)
    r, z = torch.sigmoid(Wx_rz + linear(h, R_rz, b_rz)).chunk(2, dim=-1)
    n = torch.tanh(Wx_n + linear(r * h, R_n, b_n))
    return (1 - z) * n + z * h
