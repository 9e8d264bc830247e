"""The ragged batch: sequences of unequal length laid end to end, with nothing between them.

Shape letters: B sequences, T steps of the longest, N real steps in the batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Self

import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from elman.errors import ShapeError
from elman.packed_order import PackedIndex


class Ragged:
    """A batch of sequences of unequal length, without padding.

    Args:
        values: [N, ...] the steps of all sequences, sequence after sequence.
        lengths: [B] the number of steps of each sequence; 0 is allowed.

    Raises:
        ShapeError: the lengths are negative, not whole numbers, or do not add up to N.

    Example:
        >>> batch = Ragged.from_list([torch.tensor([1.0, 2.0, 3.0]), torch.tensor([4.0])])
        >>> batch.lengths.tolist(), batch.mean().tolist()
        ([3, 1], [2.0, 4.0])
    """

    def __init__(self, values: Tensor, lengths: Tensor | Sequence[int]) -> None:
        self.values = values
        self.lengths = _checked_lengths(lengths)
        self._index: PackedIndex | None = None
        if values.dim() == 0 or int(self.lengths.sum()) != values.shape[0]:
            raise ShapeError(
                f"The lengths add up to {int(self.lengths.sum())} steps, but the values have"
                f" shape {list(values.shape)}.",
                where="Ragged(values, lengths)",
                expected="values [N, ...] with N = sum of lengths",
                next_step="use Ragged.from_padded(tensor, lengths) for a padded tensor",
            )

    def __len__(self) -> int:
        return len(self.lengths)

    def __repr__(self) -> str:
        steps, sequences = self.values.shape[0], len(self)
        return f"Ragged({sequences} sequences, {steps} steps, each {list(self.values.shape[1:])})"

    # --- from and to other forms

    @classmethod
    def from_list(cls, sequences: Sequence[Tensor]) -> Self:
        """From a list of B tensors [T_b, ...]."""
        if not sequences:
            raise ShapeError(
                "An empty list has no dtype and no step shape.",
                where="Ragged.from_list",
                expected="at least one sequence (a sequence may have length 0)",
            )
        shapes = sorted({tuple(sequence.shape[1:]) for sequence in sequences})
        if len(shapes) > 1 or any(sequence.dim() == 0 for sequence in sequences):
            raise ShapeError(
                "Only sequences with one step shape make a batch; got tensors of shape"
                f" {', '.join(str(list(sequence.shape)) for sequence in sequences)}.",
                where="Ragged.from_list",
                expected="[T_b, ...] each, alike in everything but T_b",
            )
        return cls(torch.cat(list(sequences)), [len(sequence) for sequence in sequences])

    @classmethod
    def from_padded(
        cls, padded: Tensor, lengths: Tensor | Sequence[int], *, batch_first: bool = False
    ) -> Self:
        """From a padded tensor, [T, B, ...] or with batch_first [B, T, ...]; padding is dropped."""
        if padded.dim() < 2:
            raise ShapeError(
                f"A padded batch needs two dimensions or more, not shape {list(padded.shape)}.",
                where="Ragged.from_padded",
                expected="[B, T, ...]" if batch_first else "[T, B, ...]",
            )
        lengths = _checked_lengths(lengths)
        steps, batch = (1, 0) if batch_first else (0, 1)
        if len(lengths) != padded.shape[batch] or bool((lengths > padded.shape[steps]).any()):
            raise ShapeError(
                f"{len(lengths)} lengths up to {int(lengths.max()) if len(lengths) else 0} do not"
                f" fit a padded batch of shape {list(padded.shape)}.",
                where="lengths",
                expected=f"{padded.shape[batch]} lengths between 0 and {padded.shape[steps]}",
            )
        rows = padded if batch_first else padded.transpose(0, 1)
        flat = rows.flatten(0, 1)
        return cls(flat.index_select(0, _padded_positions(lengths, rows).to(flat.device)), lengths)

    def to_padded(self, *, batch_first: bool = False, total_length: int | None = None) -> Tensor:
        """As a tensor [T, B, ...] (or [B, T, ...]), 0 where there is no step.

        Args:
            batch_first: which of the two orders.
            total_length: T, at least the longest length; the longest length by default.
        """
        longest = int(self.lengths.max()) if len(self) else 0
        total = longest if total_length is None else total_length
        if total < longest:
            raise ShapeError(
                f"A total length of {total} is shorter than the longest sequence ({longest}).",
                where="to_padded(total_length=...)",
                expected=f"{longest} or more",
            )
        padded = self.values.new_zeros(len(self), total, *self.values.shape[1:])
        positions = _padded_positions(self.lengths, padded).to(self.values.device)
        filled = padded.flatten(0, 1).index_copy(0, positions, self.values).view_as(padded)
        return filled if batch_first else filled.transpose(0, 1)

    @classmethod
    def from_masked(cls, padded: Tensor, mask: Tensor, *, batch_first: bool = False) -> Self:
        """From a padded tensor and a mask of its real steps: padding on the left, holes, or both.

        What the mask leaves out is not there: a layer's state goes past it unchanged.

        Args:
            padded: [T, B, ...] or with batch_first [B, T, ...].
            mask: [T, B] or [B, T] bool, true where there is a step.
            batch_first: which of the two orders.

        Raises:
            ShapeError: the mask is not bool, or not of the shape of the steps.

        Example:
            >>> left = torch.tensor([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])
            >>> mask = torch.tensor([[False, True, True], [True, False, True]])
            >>> batch = Ragged.from_masked(left, mask, batch_first=True)
            >>> batch.values.tolist(), batch.lengths.tolist()
            ([1.0, 2.0, 3.0, 5.0], [2, 2])
            >>> batch.to_masked(mask, batch_first=True).tolist()
            [[0.0, 1.0, 2.0], [3.0, 0.0, 5.0]]
        """
        if padded.dim() < 2 or mask.dtype != torch.bool or mask.shape != padded.shape[:2]:
            raise ShapeError(
                f"A mask of shape {list(mask.shape)} and {mask.dtype} does not fit a padded tensor"
                f" of shape {list(padded.shape)}.",
                where="Ragged.from_masked",
                expected="a mask of torch.bool with the first two dimensions of the tensor",
            )
        rows, real = (padded, mask) if batch_first else (padded.transpose(0, 1), mask.t())
        return cls(rows.flatten(0, 1).index_select(0, _true_places(real)), real.sum(1))

    def to_masked(self, mask: Tensor, *, batch_first: bool = False) -> Tensor:
        """As a tensor with each step where the mask has its place, and 0 elsewhere.

        Args:
            mask: [T, B] or [B, T] bool, with as many true places in each row as it has steps.
            batch_first: which of the two orders, of the mask and of the tensor.

        Raises:
            ShapeError: the mask has not one place for each step.
        """
        real = mask if batch_first or mask.dim() != 2 else mask.t()
        fits = mask.dim() == 2 and mask.dtype == torch.bool and len(real) == len(self)
        if not fits or not torch.equal(real.sum(1).cpu(), self.lengths):
            raise ShapeError(
                f"A mask of shape {list(mask.shape)} and {mask.dtype} has no place for each step.",
                where="Ragged.to_masked",
                expected=f"torch.bool, [{'B, T' if batch_first else 'T, B'}] with B = {len(self)},"
                " and as many true places in a row as it has steps",
            )
        filled = self.values.new_zeros(real.numel(), *self.values.shape[1:])
        filled = filled.index_copy(0, _true_places(real), self.values)
        rows = filled.view(*real.shape, *self.values.shape[1:])
        return rows if batch_first else rows.transpose(0, 1)

    @classmethod
    def from_packed(cls, packed: PackedSequence) -> Self:
        """From PyTorch's PackedSequence, in the caller's order of rows."""
        alive = packed.batch_sizes.cpu()
        sorted_lengths = (alive[:, None] > torch.arange(int(alive[0]))[None, :]).sum(0)
        in_order = torch.arange(len(sorted_lengths))
        rows = in_order if packed.sorted_indices is None else packed.sorted_indices.cpu()
        lengths = torch.empty_like(sorted_lengths).index_copy(0, rows, sorted_lengths)
        index = PackedIndex.of(lengths, packed.data.device, rows)
        batch = cls(index.unpacked(packed.data), lengths)
        batch._index = index
        return batch

    def to_packed(self) -> PackedSequence:
        """As PyTorch's PackedSequence, which knows no sequence of length 0.

        Raises:
            ShapeError: a sequence has length 0, or there is none.
        """
        if not len(self) or int(self.lengths.min()) == 0:
            raise ShapeError(
                "PyTorch's PackedSequence cannot hold a sequence of length 0.",
                where="Ragged.to_packed",
                expected="every length 1 or more",
                next_step="leave out the empty sequences, or stay with Ragged",
            )
        index = self.index
        return PackedSequence(
            self.packed_values(), torch.tensor(index.batch_sizes), index.rows, index.places
        )

    @classmethod
    def from_nested(cls, nested: Tensor) -> Self:
        """From PyTorch's nested tensor of layout `torch.jagged`, [B, T_b, ...].

        Raises:
            ShapeError: another layout, or a ragged dimension that is not the second.
        """
        jagged = nested.layout == torch.jagged  # a strided nested tensor has no shape to show
        if not jagged or any(type(size) is not int for size in nested.shape[2:]):
            raise ShapeError(
                f"The tensor has the layout {nested.layout}"
                f"{f' and the shape {tuple(nested.shape)}' if jagged else ''}.",
                where="Ragged.from_nested",
                expected="a nested tensor with layout=torch.jagged, of shape [B, T_b, ...]",
                next_step="torch.nested.as_nested_tensor(list(tensor), layout=torch.jagged)",
            )
        compact = nested.contiguous()  # without the holes that torch.nested.narrow leaves
        return cls(compact.values(), compact.offsets().diff())  # type: ignore[attr-defined]

    def to_nested(self) -> Tensor:
        """As PyTorch's nested tensor of layout `torch.jagged`, [B, T_b, ...]; a view of the values.

        PyTorch differentiates most operations on nested tensors once, not twice.
        """
        offsets = torch.cat([self.lengths.new_zeros(1), torch.cumsum(self.lengths, 0)])
        return torch.nested.nested_tensor_from_jagged(self.values, offsets.to(self.values.device))

    def to_list(self) -> list[Tensor]:
        """As B tensors [T_b, ...]."""
        return list(self.values.split(self.lengths.tolist()))

    def with_values(self, values: Tensor) -> Self:
        """Other values [N, ...] for the same lengths; the index is shared."""
        other = type(self)(values, self.lengths)
        if values.device == self.values.device:
            other._index = self._index
        return other

    def to(self, device: torch.device | str) -> Self:
        """The same batch with its values on a device; the lengths stay on the CPU."""
        return type(self)(self.values.to(device), self.lengths)

    # --- packed order

    @property
    def index(self) -> PackedIndex:
        """The way into packed order and back, computed once."""
        if self._index is None:
            with torch.inference_mode(False):  # what is kept may be needed in training later
                self._index = PackedIndex.of(self.lengths, self.values.device)
        return self._index

    def packed_values(self) -> Tensor:
        """The values [N, ...] in packed order."""
        return self.index.packed(self.values)

    # --- over each sequence

    @cached_property
    def row_of_step(self) -> Tensor:
        """[N] which sequence each step belongs to."""
        with torch.inference_mode(False):  # what is kept may be needed in training later
            return torch.repeat_interleave(self.lengths).to(self.values.device)

    def sum(self) -> Tensor:
        """[B, ...] the sum over each sequence; 0 for an empty one."""
        zeros = self.values.new_zeros(len(self), *self.values.shape[1:])
        return zeros.index_add(0, self.row_of_step, self.values)

    def mean(self) -> Tensor:
        """[B, ...] the mean over each sequence; 0 for an empty one."""
        counts = self.lengths.clamp(min=1).to(self.values)
        return self.sum() / counts.view(-1, *[1] * (self.values.dim() - 1))

    def max(self) -> Tensor:
        """[B, ...] the maximum over each sequence; 0 for an empty one.

        Steps that share the maximum share its gradient.
        """
        zeros = self.values.new_zeros(len(self), *self.values.shape[1:])
        rows = self.row_of_step.view(-1, *[1] * (self.values.dim() - 1)).expand_as(self.values)
        return zeros.scatter_reduce(0, rows, self.values, "amax", include_self=False)

    def last(self) -> Tensor:
        """[B, ...] the last step of each sequence; 0 for an empty one."""
        ends = (torch.cumsum(self.lengths, 0) - 1)[self.lengths > 0].to(self.values.device)
        rows = torch.nonzero(self.lengths > 0).squeeze(1).to(self.values.device)
        zeros = self.values.new_zeros(len(self), *self.values.shape[1:])
        return zeros.index_copy(0, rows, self.values.index_select(0, ends))

    def softmax(self) -> Self:
        """The values [N, ...] turned into weights that add up to 1 over each sequence."""
        peaks = self.with_values(self.values.detach()).max()
        powers = torch.exp(self.values - peaks.index_select(0, self.row_of_step))
        totals = self.with_values(powers).sum().index_select(0, self.row_of_step)
        return self.with_values(powers / totals)


def _checked_lengths(lengths: Tensor | Sequence[int]) -> Tensor:
    """A copy of the lengths, which the caller may change later, as int64 on the CPU.

    Raises:
        ShapeError: they are not whole numbers from 0 up, one a sequence.
    """
    try:
        given = torch.as_tensor(lengths if isinstance(lengths, Tensor) else list(lengths)).cpu()
    except (TypeError, ValueError, RuntimeError) as error:
        raise _wrong_lengths(lengths) from error
    if given.numel() == 0:
        given = given.to(torch.int64)
    whole = not (given.is_floating_point() or given.is_complex() or given.dtype == torch.bool)
    if given.dim() != 1 or not whole or bool((given < 0).any()):
        raise _wrong_lengths(lengths)
    return given.to(torch.int64, copy=True)


def _wrong_lengths(lengths: object) -> ShapeError:
    return ShapeError(
        f"Lengths must be whole numbers from 0 up, one a sequence; got {lengths!r}.",
        where="lengths",
        expected="a list or an integer tensor of shape [B]",
    )


def _padded_positions(lengths: Tensor, padded: Tensor) -> Tensor:
    """[N] where each real step lies in `padded` ([B, T, ...]) flattened to [B·T, ...]."""
    return _true_places(torch.arange(padded.shape[1])[None, :] < lengths[:, None])


def _true_places(real: Tensor) -> Tensor:
    """[N] the true places of a mask [B, T], counted along its rows."""
    return torch.nonzero(real.flatten()).squeeze(1)
