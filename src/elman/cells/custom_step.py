"""A step of a user's own cell: what it is given, and what it may return."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from torch import Tensor

from elman.cells.custom import CustomCell
from elman.cells.spec import CellWeights
from elman.cells.sums import Product
from elman.errors import ShapeError, UsageError

State = tuple[Tensor, ...]
Equations = Callable[[int, Tensor, State, Tensor | None], dict[str, Tensor]]
"""Of a time step, the projected input, the state, and what h is multiplied by before R, or None."""

_KEPT = ("_before", "_new")
"""Endings of names that a trace uses itself."""


class Named:
    """Tensors by name: `Wx.f`, `state.h`."""

    def __init__(self, parts: Mapping[str, Any]) -> None:
        self.__dict__.update(parts)

    def __getattr__(self, name: str) -> Tensor:
        raise AttributeError(f"There is no {name!r} here; there are: {', '.join(vars(self))}.")


class RecurrentWeights:
    """R: the recurrent weights as functions, of all gates together and of each by its name.

    Args:
        whole: R and b', all blocks one below the other.
        blocks: each gate's own.
        rows: how many rows each gate has.
        product: how states and weights are multiplied.
        mask: [B, P] what a vector is multiplied by before the product, or None.
    """

    def __init__(
        self,
        whole: tuple[Tensor, Tensor | None],
        blocks: Mapping[str, tuple[Tensor, Tensor | None]],
        product: Product,
        mask: Tensor | None,
    ) -> None:
        self._whole = whole
        self._blocks = blocks
        self._product = product
        self._mask = mask

    def __call__(self, v: Tensor) -> Named:
        """R v + b', by the names of the gates."""
        rows = [len(R) for R, _ in self._blocks.values()]
        parts = self._times(self._whole, v).split(rows, dim=-1)
        return Named(dict(zip(self._blocks, parts, strict=True)))

    def __getattr__(self, gate: str) -> Callable[[Tensor], Tensor]:
        """The function R v + b' of one gate."""
        if gate not in self._blocks:
            names = ", ".join(self._blocks) or "none"
            raise AttributeError(
                f"There is no R.{gate}; the gates with recurrent weights: {names}."
            )
        return partial(self._times, self._blocks[gate])

    def _times(self, block: tuple[Tensor, Tensor | None], v: Tensor) -> Tensor:
        return self._product(v if self._mask is None else v * self._mask, *block)


def equations(
    cell: CustomCell, weights: CellWeights, own: tuple[Tensor, ...], product: Product
) -> Equations:
    """What computes a step of a sized cell, with the weights of one layer and direction.

    Args:
        cell: whose step it is.
        weights: of which W is not read, as the input comes projected.
        own: the cell's own weights, in the order of their names.
        product: how states and weights are multiplied.
    """
    recurrent, names = cell.recurrent_rows, cell.state_names
    extra = dict(zip(cell.weights, own, strict=True))
    # Split here once, so that the gradient of R is put together once, and not at each step.
    matrices = by_gate(weights.hh, recurrent)
    biases = (
        dict.fromkeys(recurrent) if weights.bias_hh is None else by_gate(weights.bias_hh, recurrent)
    )
    blocks = {gate: (matrices[gate], biases[gate]) for gate in recurrent}

    def compute(t: int, Wx: Tensor, state: State, mask: Tensor | None) -> dict[str, Tensor]:
        R = RecurrentWeights((weights.hh, weights.bias_hh), blocks, product, mask)
        parts = Named(dict(zip(names, state, strict=True)))
        projected = Named(by_gate(Wx, cell.input_rows, dim=-1))
        return _checked(cell, cell.step(projected, R, parts, **extra), state, t)

    return compute


def by_gate(tensor: Tensor, rows: Mapping[str, int], dim: int = 0) -> dict[str, Tensor]:
    """A tensor's blocks by the names of their gates."""
    return dict(zip(rows, tensor.split(list(rows.values()), dim), strict=True)) if rows else {}


def _checked(cell: CustomCell, found: Any, state: State, t: int) -> dict[str, Tensor]:
    """What a step returned, if it is what a step may return.

    Raises:
        UsageError: no mapping, a part of the state that is missing, a name that is taken, or a
            value that is no tensor.
        ShapeError: a tensor of another shape, dtype or device than the state's.
    """
    parts = dict(zip(cell.state_names, state, strict=True))
    where, needed = f"{_place(cell)}, time step {t}", ", ".join(parts)
    if not isinstance(found, Mapping):
        raise UsageError(
            f"The step returned {_described(found)}.",
            where=where,
            expected=f"a dict with the new parts of the state, {needed}, by their names",
            next_step=f'return {{"{cell.state_names[0]}": ..., ...}}',
        )
    if missing := [part for part in parts if part not in found]:
        raise UsageError(
            f"The step returned no {' and no '.join(missing)}, but {_listed(found)}.",
            where=where,
            expected=f"the new parts of the state among them: {needed}",
        )
    for name, value in found.items():
        _check_one(name, value, parts, where)
    return dict(found)


def _check_one(name: object, value: object, parts: Mapping[str, Tensor], where: str) -> None:
    if not isinstance(name, str) or name in [part + end for part in parts for end in _KEPT]:
        raise UsageError(
            f"The step returned something under the name {name!r}.",
            where=where,
            expected="a text that does not name a part of the state before the step or before"
            " zoneout, as traces do",
        )
    if not isinstance(value, Tensor):
        raise UsageError(
            f"The step returned {name} as {_described(value)}.", where=where, expected="a tensor"
        )
    old = parts.get(name)
    if old is None:
        rows = len(next(iter(parts.values())))
        if value.dim() != 2 or len(value) != rows:
            raise ShapeError(
                f"The step returned {name} of shape {list(value.shape)}.",
                where=where,
                expected=f"[{rows}, width], a row for each sequence that is alive",
            )
    elif (value.shape, value.dtype, value.device) != (old.shape, old.dtype, old.device):
        raise ShapeError(
            f"The step returned {name} of shape {list(value.shape)}, {value.dtype} on"
            f" {value.device}.",
            where=where,
            expected=f"what {name} was before the step: shape {list(old.shape)}, {old.dtype} on"
            f" {old.device}",
        )


def _place(cell: CustomCell) -> str:
    """The step's name, and where it was written."""
    code = getattr(inspect.unwrap(cell.step), "__code__", None)
    return f"{cell.name} ({code.co_filename}:{code.co_firstlineno})" if code else cell.name


def _described(value: object) -> str:
    size = f" of {len(value)}" if isinstance(value, tuple | list) else ""
    return f"a value of type {type(value).__name__}{size}"


def _listed(found: Mapping[Any, Any]) -> str:
    return ", ".join(str(name) for name in found) or "nothing"
