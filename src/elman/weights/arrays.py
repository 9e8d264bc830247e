"""NumPy arrays of another library: checked on the way in, and made from weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from elman.errors import ShapeError

Array = NDArray[Any]

_DTYPES = tuple(np.dtype(name) for name in ("float16", "float32", "float64"))


def as_tensors(arrays: Mapping[str, object], where: str) -> dict[str, Tensor]:
    """Copies of arrays of weights, by name.

    Args:
        arrays: what was given.
        where: whose weights they are.

    Raises:
        ShapeError: something else than an array, a dtype that no layer has, or several dtypes.
    """
    found = {name: _as_tensor(array, name, where) for name, array in arrays.items()}
    first = next(iter(found))
    for name, tensor in found.items():
        if tensor.dtype != found[first].dtype:
            raise ShapeError(
                f"{name} is {tensor.dtype}.",
                where=where,
                expected=f"{found[first].dtype}, as {first} is",
            )
    return found


def _as_tensor(array: object, name: str, where: str) -> Tensor:
    if not isinstance(array, np.ndarray):
        raise ShapeError(
            f"{name} is of type {type(array).__name__}.",
            where=where,
            expected="a numpy.ndarray",
            next_step="numpy.asarray(...)",
        )
    if array.dtype.newbyteorder("=") not in _DTYPES:
        raise ShapeError(
            f"{name} is of dtype {array.dtype}.",
            where=where,
            expected=" or ".join(dtype.name for dtype in _DTYPES),
            next_step=f"{name}.astype('float32')",
        )
    return torch.from_numpy(array.astype(array.dtype.newbyteorder("="), order="C", copy=True))


def check_shape(
    tensors: Mapping[str, Tensor],
    name: str,
    shape: Sequence[int | None],
    letters: str,
    where: str,
) -> None:
    """Refuse weights of another shape.

    Args:
        tensors: weights by name.
        name: of those to look at.
        shape: that they have to have, None where any size will do.
        letters: what the sizes of the shape are.
        where: whose weights they are.

    Raises:
        ShapeError: the shape that they have, and the one that they would have to have.
    """
    found = list(tensors[name].shape)
    fits = len(found) == len(shape) and all(
        wanted in (None, size) for size, wanted in zip(found, shape, strict=True)
    )
    if not fits:
        sizes = ", ".join("any" if wanted is None else str(wanted) for wanted in shape)
        raise ShapeError(
            f"{name} has shape {found}.", where=where, expected=f"[{sizes}] ({letters})"
        )


def as_array(weight: Tensor) -> Array:
    """A copy of weights as an array.

    Raises:
        ShapeError: weights of a dtype that NumPy does not have, or that hold no numbers.
    """
    if weight.is_meta or weight.dtype not in (torch.float16, torch.float32, torch.float64):
        raise ShapeError(
            f"The weights are {weight.dtype} on {weight.device}.",
            where="weights to arrays",
            expected="float16, float32 or float64, on a device that holds numbers",
            next_step="layer.float(), if they are in bfloat16",
        )
    array: Array = weight.detach().cpu().numpy().copy()
    return array


def reordered(rows: Tensor, order: Sequence[int]) -> Tensor:
    """The blocks of rows in another order.

    Args:
        rows: [G·H, ...] as many blocks as the order has.
        order: for each block of the result, its place among the rows.

    Example:
        >>> reordered(torch.arange(6), [2, 0, 1]).tolist()
        [4, 5, 0, 1, 2, 3]
    """
    blocks = rows.chunk(len(order))
    return torch.cat([blocks[place] for place in order])


def inverse(order: Sequence[int]) -> list[int]:
    """The order that undoes an order.

    Example:
        >>> inverse([2, 0, 1])
        [1, 2, 0]
    """
    return sorted(range(len(order)), key=lambda place: order[place])
