"""The mark of weights that mean something else under the names and shapes of `torch.nn`.

A reset-before GRU has the names and shapes of another cell's weights. So have a coupled LSTM and a
cell with other functions or a clip. Their `state_dict` carries one key more, `_extra_state`, which
says what is different; strict loading then refuses it elsewhere, and refuses others there. Variants
with weights of their own (peepholes, norms) need no mark: their names say it.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from elman.cells.activations import Activation
from elman.cells.spec import CellSpec

KEY = "_extra_state"


def mark_of(cell: CellSpec) -> str:
    """What is different from `torch.nn` and has no weight to show it; "" for nothing.

    Example:
        >>> mark_of(CellSpec("gru", reset_after=False))
        'reset_before'
        >>> mark_of(CellSpec("lstm", coupled=True, clip=3, gate_nonlinearity="hard_sigmoid"))
        'coupled, clip 3.0, gate_nonlinearity hard_sigmoid 0.2 0.5'
    """
    usual = CellSpec(cell.kind)
    parts = ["reset_before"] * (not cell.reset_after) + ["coupled"] * cell.coupled
    if cell.clip is not None:
        parts.append(f"clip {cell.clip!r}")
    for key, function in zip(_FUNCTIONS, cell.activations, strict=True):
        known = getattr(cell, key) == getattr(usual, key)
        if not known and (cell.kind, getattr(cell, key)) != ("rnn", "relu"):
            parts.append(f"{key} {_words(function)}")
    return ", ".join(parts)


def put(mark: str, state_dict: dict[str, Any], prefix: str) -> None:
    """Write the mark, if there is one: bytes in a tensor, so that safetensors can keep it."""
    if mark:
        state_dict[prefix + KEY] = _as_tensor(mark)


def check(
    mark: str,
    state_dict: dict[str, Any],
    prefix: str,
    strict: bool,
    missing_keys: list[str],
    unexpected_keys: list[str],
    error_msgs: list[str],
) -> None:
    """Compare the mark of a `state_dict` that is being loaded, telling the three lists."""
    key = prefix + KEY
    if not mark:
        return  # a mark that is there is an unexpected key
    if key not in state_dict:
        if strict:
            missing_keys.append(key)
        return
    if key in unexpected_keys:
        unexpected_keys.remove(key)
    found = state_dict[key]
    if not isinstance(found, Tensor) or found.tolist() != _as_tensor(mark).tolist():
        error_msgs.append(f"{key} does not say {mark!r}: the weights are of another cell")


_FUNCTIONS = ("gate_nonlinearity", "nonlinearity", "state_nonlinearity")


def _words(function: Activation) -> str:
    numbers = (number for number in (function.alpha, function.beta) if number is not None)
    return " ".join([function.name, *(repr(number) for number in numbers)])


def _as_tensor(mark: str) -> Tensor:
    return torch.tensor(list(mark.encode()), dtype=torch.uint8)
