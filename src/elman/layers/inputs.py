"""The kinds of input that a recurrent layer takes, and the output in the kind of the input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from elman.errors import ShapeError
from elman.sequences import Ragged

Input = Tensor | PackedSequence | Ragged
Lengths = Tensor | Sequence[int]


def check_kind(input: Input, lengths: Lengths | None, where: str) -> None:
    """Refuse what is no input, and lengths where they make no sense.

    Raises:
        ShapeError: neither a tensor, a PackedSequence nor a Ragged; or lengths with another kind
            than a padded batch.
    """
    if not isinstance(input, get_args(Input)):
        raise ShapeError(
            f"The input is of type {type(input).__name__}.",
            where=where,
            expected="a tensor, a PackedSequence or a Ragged",
            next_step="torch.as_tensor(input)",
        )
    if lengths is None:
        return
    nested = isinstance(input, Tensor) and input.is_nested
    if nested or not isinstance(input, Tensor) or input.dim() != 3:
        kind = "a nested tensor" if nested else f"an input of type {type(input).__name__}"
        raise ShapeError(
            "Lengths go with a padded batch only.",
            where=f"lengths, with {kind}",
            expected="a tensor of three dimensions, or no lengths",
        )


def as_time_major(input: Tensor, batch_first: bool, input_size: int, where: str) -> Tensor:
    """A batch of one length, or a single sequence [T, I], as [T, B, I].

    Raises:
        ShapeError: the tensor has neither two nor three dimensions.
    """
    if input.dim() == 2:
        return input.unsqueeze(1)
    if input.dim() != 3:
        batch = f"[B, T, {input_size}]" if batch_first else f"[T, B, {input_size}]"
        raise ShapeError(
            f"The input has shape {list(input.shape)}.",
            where=where,
            expected=f"[T, {input_size}], or {batch}",
        )
    return input.transpose(0, 1) if batch_first else input


def as_ragged(input: Input, lengths: Lengths | None, batch_first: bool) -> Ragged:
    """Any kind of input but a batch of one length as a Ragged."""
    if isinstance(input, Ragged):
        return input
    if isinstance(input, PackedSequence):
        return Ragged.from_packed(input)
    if input.is_nested:
        return Ragged.from_nested(input)
    return Ragged.from_padded(input, [] if lengths is None else lengths, batch_first=batch_first)


def like(input: Input, output: Ragged, batch_first: bool) -> Input:
    """The output in the kind of the input: padded to the same length, or in the same order."""
    if isinstance(input, Ragged):
        return output
    if isinstance(input, PackedSequence):
        return PackedSequence(
            output.packed_values(),
            input.batch_sizes,
            input.sorted_indices,
            input.unsorted_indices,
        )
    if input.is_nested:  # with the offsets of the input, so that torch takes both for one shape
        offsets = input.contiguous().offsets()  # type: ignore[attr-defined]
        return torch.nested.nested_tensor_from_jagged(output.values, offsets)
    steps = input.shape[1 if batch_first else 0]
    return output.to_padded(batch_first=batch_first, total_length=steps)
