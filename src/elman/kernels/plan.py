"""A call taken apart: a list of tensors, which autograd and torch operators see, and the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, NamedTuple

from torch import Tensor

from elman.cells.activations import Activation
from elman.cells.spec import CellSpec, CellWeights
from elman.kernels.contract import Direction, Precision, SequenceCall

if TYPE_CHECKING:
    from elman.kernels.native import PackedWeights

Tensors = Sequence[Tensor | None]

WEIGHTS = len(CellWeights._fields)
"""The tensors of a direction begin with its weights, so many, missing ones as None."""

_Option = Activation | str | float | bool | None

_OPTIONS = tuple(field.name for field in fields(CellSpec))
_CONSTANTS: dict[str, bool | None] = {"None": None, "True": True, "False": False}


class Plan(NamedTuple):
    """What in a call is no tensor; the fields are those of `SequenceCall` and of its directions."""

    cell: CellSpec
    batch_sizes: tuple[int, ...]
    reverses: tuple[bool, ...]
    precision: Precision
    packed: tuple[PackedWeights | None, ...]

    @property
    def parts(self) -> int:
        """How many tensors the state is made of."""
        return len(self.cell.state_names)

    @property
    def each(self) -> int:
        """How many places each direction has in the list of tensors, which the input begins."""
        return WEIGHTS + 2 + 3 * self.parts

    @property
    def firsts(self) -> range:
        """Where the places of each direction begin."""
        return range(1, 1 + self.each * len(self.reverses), self.each)

    @property
    def shares(self) -> list[int]:
        """The places of what zoneout keeps."""
        ends = [first + self.each for first in self.firsts]
        return [place for end in ends for place in range(end - self.parts, end)]

    @property
    def masks(self) -> list[int]:
        """The places of the masks of recurrent dropout."""
        return [first + WEIGHTS + 1 for first in self.firsts]

    def finals(self, results: Tensors) -> tuple[tuple[Tensor, ...], ...]:
        """The final states among the results of a forward pass, direction by direction."""
        starts = range(1, 1 + self.parts * len(self.reverses), self.parts)
        return tuple(tuple(results[start : start + self.parts]) for start in starts)  # type: ignore[arg-type]

    def kept(self, results: Tensors) -> Tensors:
        """What a forward pass keeps for the backward pass, among its results."""
        return results[1 + self.parts * len(self.reverses) :]


def flatten(call: SequenceCall) -> tuple[Plan, list[Tensor | None]]:
    """A call as a plan and its tensors: the input, then the places of each direction in turn."""
    reverses = tuple(direction.reverse for direction in call.directions)
    packed = tuple(direction.packed for direction in call.directions)
    plan = Plan(call.spec, call.batch_sizes, reverses, call.precision, packed)
    missing = (None,) * plan.parts
    tensors: list[Tensor | None] = [call.input]
    for direction in call.directions:
        tensors += [*direction.weights, direction.resets, direction.recurrent_mask]
        tensors += direction.initial
        tensors += direction.restart or missing
        tensors += direction.kept or missing
    return plan, tensors


def unflatten(plan: Plan, tensors: Tensors) -> SequenceCall:
    """The call that `flatten` took apart."""
    directions = []
    for first, reverse, packed in zip(plan.firsts, plan.reverses, plan.packed, strict=True):
        resets, mask = first + WEIGHTS, first + WEIGHTS + 1
        initial, restart, kept, end = (mask + 1 + n * plan.parts for n in range(4))
        directions.append(
            Direction(
                CellWeights(*tensors[first:resets]),  # type: ignore[arg-type]
                tuple(tensors[initial:restart]),  # type: ignore[arg-type]
                reverse,
                tensors[resets],
                tensors[mask],
                _all_or_none(tensors[kept:end]),
                _all_or_none(tensors[restart:kept]),
                packed=packed,
            )
        )
    input: Tensor = tensors[0]  # type: ignore[assignment]
    return SequenceCall(plan.cell, input, plan.batch_sizes, tuple(directions), plan.precision)


def _all_or_none(parts: Tensors) -> tuple[Tensor, ...]:
    return () if parts[0] is None else tuple(parts)  # type: ignore[arg-type]


# --- a cell as text, which is what an operator can be given


def text_of(cell: CellSpec) -> str:
    """A cell's options in their order, as words; `torch.compile` can follow how they are made.

    Example:
        >>> text_of(CellSpec("gru", Activation("elu", 0.5), clip=3.0))
        'gru elu:0.5:None True sigmoid tanh False False 3.0 none'
        >>> cell_of(text_of(CellSpec("lstm", clip=0.1))) == CellSpec("lstm", clip=0.1)
        True
    """
    return " ".join([_word(getattr(cell, name)) for name in _OPTIONS])


def cell_of(text: str) -> CellSpec:
    """The cell that `text_of` wrote."""
    return CellSpec(**dict(zip(_OPTIONS, map(_option, text.split()), strict=True)))  # type: ignore[arg-type]


def _word(option: _Option) -> str:
    if isinstance(option, Activation):
        return ":".join([option.name, _word(option.alpha), _word(option.beta)])
    # A graph may keep a number as a symbol; what stands in a set, torch.compile makes a constant.
    (constant,) = {option}
    return str(constant)


def _option(word: str) -> _Option:
    if ":" in word:
        name, alpha, beta = word.split(":")
        return Activation(name, _option(alpha), _option(beta))  # type: ignore[arg-type]
    if word in _CONSTANTS:
        return _CONSTANTS[word]
    return word if word[-1].isalpha() else float(word)
