"""The sums that enter gates and candidates: products with weights, normalised, within bounds."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import layer_norm, linear

Product = Callable[[Tensor, Tensor, Tensor | None], Tensor]
"""Of x [..., I], W [O, I] and b [O] or None: W x + b, [..., O]."""

JOINT_EPSILON = 1e-5
"""What is added to the variance in the joint norm; that of haste and of `torch.nn.LayerNorm`."""

DREAMER_EPSILON = 1e-3
"""What is added to the variance in Dreamer's norm; that of Keras, in which it was written."""


def in_bfloat16(x: Tensor, W: Tensor, b: Tensor | None) -> Tensor:
    """W x + b with x and W rounded to bfloat16, added up in their own dtype."""
    return linear(rounded(x), rounded(W), b)


def rounded(a: Tensor) -> Tensor:
    """The nearest bfloat16 numbers, in a's dtype; the gradient passes as if nothing were rounded.

    The difference is exact, as a number and its rounding are nearer than a factor of two.
    """
    return a + (a.to(torch.bfloat16).to(a.dtype) - a).detach()


def project(
    x: Tensor, W: Tensor, b: Tensor | None, gain: Tensor | None, product: Product = linear
) -> Tensor:
    """W x + b, or with a gain γ the joint norm: γ ⊙ LN(W x) + b.

    Args:
        x: [..., I] the input, or a hidden state.
        W: [G·H, I] the weights of all gates.
        b: [G·H] or None.
        gain: [G·H] of the norm over all gates jointly; None normalises nothing.
        product: how the two are multiplied.

    Source: Ba, Kiros, Hinton (2016), arXiv:1607.06450, equation 20, whose two shifts and bias add
    up to b + b' here.
    """
    if gain is None:
        return product(x, W, b)
    return layer_norm(product(x, W, None), W.shape[:1], gain, b, JOINT_EPSILON)


def clipped(a: Tensor, clip: float | None) -> Tensor:
    """The sum, held between -clip and clip; None holds nothing."""
    return a if clip is None else a.clamp(-clip, clip)
