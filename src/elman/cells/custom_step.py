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

Weight = tuple[Tensor, Tensor | None]
"""A matrix and its bias."""

_TRACED = ("_before", "_new")
"""Endings that traces put to the names of the parts of the state."""


class Named:
    """Tensors by name: `Wx.f`, `state.h`."""

    def __init__(self, parts: Mapping[str, Any]) -> None:
        self.__dict__.update(parts)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"There is no {name!r} here, but {_listed(vars(self))}.")


class RecurrentWeights:
    """R: the recurrent weights as functions, of all gates together and of each by its name.

    Args:
        whole: R and b', the gates one below the other.
        blocks: the gates, each with its own.
        rows: the gates, each with its number of rows.
        product: how states and weights are multiplied.
        mask: [B, P] what a vector is multiplied by before the product, or None.
    """

    def __init__(
        self,
        whole: Weight,
        blocks: Mapping[str, Weight],
        rows: Mapping[str, int],
        product: Product,
        mask: Tensor | None,
    ) -> None:
        self._whole = whole
        self._blocks = blocks
        self._rows = rows
        self._product = product
        self._mask = mask

    def __call__(self, v: Tensor) -> Named:
        """R v + b', by the names of the gates."""
        return Named(by_gate(self._times(self._whole, v), self._rows, dim=-1))

    def __getattr__(self, gate: str) -> Callable[[Tensor], Tensor]:
        if gate not in self._blocks:
            raise AttributeError(
                f"There is no R.{gate}: recurrent weights have {_listed(self._blocks)}."
            )
        return partial(self._times, self._blocks[gate])

    def _times(self, weight: Weight, v: Tensor) -> Tensor:
        return self._product(v if self._mask is None else v * self._mask, *weight)


def by_gate(tensor: Tensor, rows: Mapping[str, int], dim: int = 0) -> dict[str, Tensor]:
    """A tensor's blocks by the names of their gates."""
    return dict(zip(rows, tensor.split(list(rows.values()), dim), strict=True)) if rows else {}


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
    inputs, recurrent = cell.input_rows, cell.recurrent_rows
    extra = dict(zip(cell.weights, own, strict=True))
    # Split here once, so that the gradient of R is put together once, and not at each step.
    matrices = by_gate(weights.hh, recurrent)
    biases: Mapping[str, Tensor | None] = dict.fromkeys(recurrent)
    if weights.bias_hh is not None:
        biases = by_gate(weights.bias_hh, recurrent)
    blocks = {gate: (matrices[gate], biases[gate]) for gate in recurrent}

    def compute(t: int, Wx: Tensor, state: State, mask: Tensor | None) -> dict[str, Tensor]:
        R = RecurrentWeights((weights.hh, weights.bias_hh), blocks, recurrent, product, mask)
        before = dict(zip(cell.state_names, state, strict=True))
        found = cell.step(Named(by_gate(Wx, inputs, dim=-1)), R, Named(before), **extra)
        _check(found, before, partial(_place, cell, t))
        return dict(found)

    return compute


def _check(found: Any, before: Mapping[str, Tensor], where: Callable[[], str]) -> None:
    """Refuse what a step may not return.

    Raises:
        UsageError: no mapping, a part of the state that is missing, a name that is taken, or a
            value that is no tensor.
        ShapeError: a tensor of another shape, dtype or device than the state's.
    """
    if not isinstance(found, Mapping):
        raise UsageError(
            f"The step returned a value of type {type(found).__name__}.",
            where=where(),
            expected=f"a dict with the new parts of the state: {_listed(before)}",
            next_step=f'return {{"{next(iter(before))}": ...}}',
        )
    missing = [part for part in before if part not in found]
    if missing:
        raise UsageError(
            f"The step returned {_listed(found)}, and no {' and no '.join(missing)}.",
            where=where(),
            expected=f"the new parts of the state among what it returns: {_listed(before)}",
        )
    for name, value in found.items():
        _check_one(name, value, before, where)


def _check_one(
    name: object, value: object, before: Mapping[str, Tensor], where: Callable[[], str]
) -> None:
    if not isinstance(name, str) or any(name == part + end for part in before for end in _TRACED):
        raise UsageError(
            f"The step returned something by the name {name!r}.",
            where=where(),
            expected=f"a text, and none that traces use themselves: {_listed(before)} with"
            f" {' or '.join(_TRACED)}",
        )
    if not isinstance(value, Tensor):
        raise UsageError(
            f"The step returned {name} as a value of type {type(value).__name__}.",
            where=where(),
            expected="a tensor",
        )
    old = before.get(name)
    if old is None:
        rows = len(next(iter(before.values())))
        if value.dim() != 2 or len(value) != rows:
            raise ShapeError(
                f"The step returned {name} of shape {list(value.shape)}.",
                where=where(),
                expected=f"[{rows}, width], a row for each sequence that is alive",
            )
    elif (value.shape, value.dtype, value.device) != (old.shape, old.dtype, old.device):
        raise ShapeError(
            f"The step returned {name} as {_kind(value)}.",
            where=where(),
            expected=f"{_kind(old)}, as {name} was before the step",
        )


def _place(cell: CustomCell, t: int) -> str:
    """The step's name, where it was written, and when it was called."""
    code = getattr(inspect.unwrap(cell.step), "__code__", None)
    written = f" ({code.co_filename}:{code.co_firstlineno})" if code else ""
    return f"{cell.name}{written}, time step {t}"


def _kind(tensor: Tensor) -> str:
    return f"{tensor.dtype} of shape {list(tensor.shape)} on {tensor.device}"


def _listed(names: Mapping[Any, Any]) -> str:
    return ", ".join(map(str, names)) or "none"
