"""What keeps a layer from learning by heart, each under its own name.

Dropout between layers is that of `torch.nn`. All of it acts in training only, but zoneout, which in
evaluation moves the state by its expectation.

Sources: variational dropout, on the input and on h: Gal, Ghahramani (2016), arXiv:1512.05287.
DropConnect on the recurrent weights: Merity, Keskar, Socher (2018), arXiv:1708.02182 (AWD-LSTM).
Zoneout: Krueger et al. (2017), arXiv:1606.01305.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import dropout

from elman.cells.spec import CellWeights


def drop_input(packed: Tensor, batch_sizes: Sequence[int], rate: float) -> Tensor:
    """The input without some of its values, the same ones at every step of a sequence.

    Args:
        packed: [N, I] the steps in packed order.
        batch_sizes: for each time step, how many sequences are alive.
        rate: at which values are dropped; the others grow, so that the mean stays.
    """
    if not batch_sizes:
        return packed
    mask = dropout(packed.new_ones(batch_sizes[0], packed.shape[1]), rate)
    return packed * mask.index_select(0, rows_of_steps(batch_sizes).to(packed.device))


def recurrent_mask(h: Tensor, rate: float) -> Tensor:
    """[B, H] what each sequence's h is multiplied by before its product with the weights."""
    return dropout(torch.ones_like(h), rate)


def drop_weights(weights: CellWeights, rate: float) -> CellWeights:
    """The weights with some of the recurrent ones 0."""
    return weights._replace(hh=dropout(weights.hh, rate))


def zoneout_shares(
    state: tuple[Tensor, ...], rates: tuple[float, ...], steps: int, *, training: bool
) -> tuple[Tensor, ...]:
    """For each part of the state, the share of its old value that each step keeps.

    Args:
        state: the parts of the state, [B, H] each.
        rates: of each part.
        steps: N, the real steps of the batch.
        training: whether to draw 0 and 1, [N, H], or to return the rate, [1, H].
    """
    shares = []
    for part, rate in zip(state, rates, strict=True):
        share = part.new_full((steps if training else 1, part.shape[1]), rate)
        shares.append(share.bernoulli() if training else share)
    return tuple(shares)


def rows_of_steps(batch_sizes: Sequence[int]) -> Tensor:
    """[N] for each step in packed order, its sequence's place in the packed order of sequences.

    Example:
        >>> rows_of_steps([3, 3, 1]).tolist()
        [0, 1, 2, 0, 1, 2, 0]
    """
    steps, sizes = sum(batch_sizes), torch.tensor(batch_sizes, dtype=torch.int64)
    starts = torch.cumsum(sizes, 0) - sizes
    return torch.arange(steps) - torch.repeat_interleave(starts, sizes, output_size=steps)
