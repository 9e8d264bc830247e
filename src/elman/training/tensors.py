"""Named tensors in safetensors files, held to names, types and shapes before they are made.

A safetensors file is the length of its header (8 bytes), the header as JSON, and the numbers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from elman.errors import CorruptRunError
from elman.training.files import COPY_AGAIN

TENSORS: Final = 10_000
"""Most tensors in a file."""
HEADER_BYTES: Final = 2**21
"""Longest header of a file; so many tensors need about half of it."""
_KINDS = {
    torch.float32: "F32",
    torch.float64: "F64",
    torch.int64: "I64",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
"""What a file of a run may hold, by the names that safetensors has for it."""


def write_tensors(tensors: Mapping[str, Tensor]) -> bytes:
    """The content of a file with these tensors."""
    return save({name: tensor.detach().contiguous() for name, tensor in tensors.items()})


def read_tensors(content: bytes, file: str) -> dict[str, Tensor]:
    """The tensors in a file.

    Args:
        content: of the file.
        file: its name, for the message.

    Raises:
        CorruptRunError: it is damaged, or holds more or other things than a run does.
    """
    _header(content, file)
    try:
        return load(content)
    except SafetensorError as error:
        raise _damaged(file, str(error)) from error


def misfit(content: bytes, file: str, wanted: Mapping[str, Tensor]) -> str:
    """What a file has otherwise than wanted, by its header alone; empty where all is as it should.

    Args:
        content: of the file.
        file: its name, for the message.
        wanted: tensors of the right types and shapes, on any device, by their names.

    Raises:
        CorruptRunError: as `read_tensors`.
    """
    found = _header(content, file)
    for name in sorted(found.keys() ^ wanted.keys()):
        return f"{name[:80]!r} is {'missing' if name in wanted else 'one too many'}"
    for name, tensor in wanted.items():
        kind, shape = found[name]
        if kind != _KINDS[tensor.dtype] or shape != list(tensor.shape):
            return f"{name} is {kind} {shape}, not {_KINDS[tensor.dtype]} {list(tensor.shape)}"
    return ""


def _header(content: bytes, file: str) -> dict[str, tuple[str, list[int]]]:
    """Kind and shape of each tensor by its name, without a look at the numbers."""
    length = int.from_bytes(content[:8], "little")
    text = content[8 : 8 + min(length, HEADER_BYTES)]
    if len(content) < 8 or len(text) < length:
        raise _damaged(file, f"its header is said to have {length:,} bytes")
    count = text.count(b'"data_offsets"')
    if count > TENSORS:
        raise _damaged(file, f"it holds {count:,} tensors")
    try:
        parsed = json.loads(text)
        return {name: _kind_and_shape(entry) for name, entry in parsed.items()}
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError) as error:
        raise _damaged(file, "its header lists no tensors") from error


def _kind_and_shape(entry: Mapping[str, Any]) -> tuple[str, list[int]]:
    kind, shape = entry["dtype"], entry["shape"]
    if kind not in _KINDS.values() or not all(type(size) is int and size >= 0 for size in shape):
        raise ValueError("no tensor of a run")
    return kind, list(shape)


def _damaged(file: str, reason: str) -> CorruptRunError:
    return CorruptRunError(
        f"{file} is damaged: {reason}.",
        where=file,
        expected=f"a safetensors file of at most {TENSORS:,} tensors, as `elman train` wrote it",
        next_step=COPY_AGAIN,
    )
