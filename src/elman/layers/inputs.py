"""The kinds of input that a recurrent layer takes, and the output in the kind of the input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

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
    nested = isinstance(input, Tensor) and input.is_nested
    if nested or not isinstance(input, get_args(Input)):
        received = "a nested tensor" if nested else f"of type {type(input).__name__}"
        raise ShapeError(
            f"The input is {received}.",
            where=where,
            expected="a tensor, a PackedSequence or a Ragged",
            next_step="Ragged.from_nested(input)" if nested else "torch.as_tensor(input)",
        )
    if lengths is not None and not (isinstance(input, Tensor) and input.dim() == 3):
        raise ShapeError(
            "Lengths go with a padded batch only.",
            where=f"lengths, with an input of type {type(input).__name__}",
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
    """A padded batch with its lengths, a PackedSequence or a Ragged as a Ragged."""
    if isinstance(input, Ragged):
        return input
    if isinstance(input, PackedSequence):
        return Ragged.from_packed(input)
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
    steps = input.shape[1 if batch_first else 0]
    return output.to_padded(batch_first=batch_first, total_length=steps)
