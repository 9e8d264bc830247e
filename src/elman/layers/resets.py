"""Resets: where a sequence begins anew, in the kind of the input, brought into packed order.

`resets[t]` is true where the state is to be replaced before step t by the state that the layer
begins with: an episode or a document begins at t. A reverse direction meets a segment at its last
step, and replaces the state there: before step t where `resets[t + 1]` is true.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from elman.errors import ShapeError
from elman.layers.inputs import Input, Lengths
from elman.sequences import Ragged

Resets = Tensor | PackedSequence | Ragged


def even_resets(resets: object, input: Tensor, batch_first: bool, where: str) -> Tensor:
    """Resets of a batch of one length, or of a single sequence, as [N] in packed order.

    Args:
        resets: [T, B] bool ([B, T] with batch_first), or [T] for a single sequence.
        input: [T, B, I] ([B, T, I]), or [T, I].
        batch_first: which of the two orders.
        where: who asks.

    Raises:
        ShapeError: another shape or dtype.
    """
    flat = _checked(resets, input.shape[:-1], where)
    return (flat.t() if batch_first and flat.dim() == 2 else flat).reshape(-1)


def ragged_resets(
    resets: object,
    input: Input,
    lengths: Lengths | None,
    batch: Ragged,
    batch_first: bool,
    where: str,
) -> Tensor:
    """Resets of any other kind of input as [N], in the order of the ragged batch's values.

    Args:
        resets: of the kind of the input; or flat, [N] bool in the order of the values of a Ragged,
            a PackedSequence (its `data`) or a nested tensor.
        input: as the layer was given it.
        lengths: of a padded batch.
        batch: the same input as a Ragged.
        batch_first: of a padded batch.
        where: who asks.

    Raises:
        ShapeError: another kind, shape or dtype, or other lengths than the input's.
    """
    if isinstance(resets, Tensor) and resets.is_nested:
        resets = Ragged.from_nested(resets)
    elif isinstance(resets, PackedSequence):
        resets = Ragged.from_packed(resets)
    if isinstance(resets, Ragged):
        if not torch.equal(resets.lengths, batch.lengths):
            raise ShapeError(
                f"The resets are of sequences of lengths {_few(resets.lengths)}.",
                where=f"{where}, resets",
                expected=f"the input's lengths, {_few(batch.lengths)}",
            )
        return _checked(resets.values, batch.values.shape[:1], where)
    if isinstance(input, Tensor) and not input.is_nested:
        padded = _checked(resets, input.shape[:2], where)
        return Ragged.from_padded(padded, lengths or [], batch_first=batch_first).values
    flat = _checked(resets, batch.values.shape[:1], where)
    if isinstance(input, PackedSequence):
        return batch.index.unpacked(flat)
    return flat


def reverse_resets(resets: Tensor, batch_sizes: Sequence[int]) -> Tensor:
    """[N] in packed order: true at the last step of each segment but a sequence's last.

    Args:
        resets: [N] in packed order: true at the first step of each segment.
        batch_sizes: for each time step, how many sequences are alive.

    Example:
        >>> reverse_resets(torch.tensor([True, False, True, True, False]), [2, 2, 1]).tolist()
        [True, True, False, False, False]
    """
    turned = torch.zeros_like(resets)
    if len(batch_sizes) > 1:
        # The step before step t of a row stands as many places earlier as step t - 1 has rows.
        sizes, first = torch.tensor(batch_sizes), batch_sizes[0]
        later = torch.arange(first, len(resets))
        earlier = torch.repeat_interleave(sizes[:-1], sizes[1:], output_size=len(later))
        turned.index_copy_(0, (later - earlier).to(resets.device), resets[first:])
    return turned


def _checked(resets: object, shape: Sequence[int], where: str) -> Tensor:
    if not isinstance(resets, Tensor) or resets.dtype != torch.bool:
        kind = resets.dtype if isinstance(resets, Tensor) else f"of type {type(resets).__name__}"
        raise ShapeError(
            f"The resets are {kind}.",
            where=f"{where}, resets",
            expected="torch.bool, true where a sequence begins anew",
            next_step="resets.bool()" if isinstance(resets, Tensor) else "torch.as_tensor(resets)",
        )
    if resets.shape != tuple(shape):
        raise ShapeError(
            f"The resets have shape {list(resets.shape)}.",
            where=f"{where}, resets",
            expected=f"{list(shape)}, one for each step of the input",
        )
    return resets


def _few(lengths: Tensor) -> str:
    shown = ", ".join(str(length) for length in lengths[:8].tolist())
    return f"[{shown}{', ...' if len(lengths) > 8 else ''}]"
