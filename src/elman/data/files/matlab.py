"""Lists of matrices from the files of MATLAB 5, as much of the format as piano rolls need.

A file is a header and then elements, each with a type, a size and so many bytes, filled up to a
multiple of eight. A variable is an element of type 14 (or one of type 15, which is another one,
compressed), with elements for its class, its dimensions, its name and its content inside.

The reader of scipy is not used: a single wrong byte can make it read outside of its memory.

Source: The MathWorks, "MAT-file format", version 5.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

HEADER_BYTES: Final = 128
MAX_BYTES: Final = 1 << 28
"""Of a variable once it is decompressed."""

_TYPES: Final = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8",
                 12: "i8", 13: "u8"}  # fmt: skip
_MATRIX, _COMPRESSED = 14, 15
_CELLS, _NUMBERS = 1, range(6, 16)

Matrix = NDArray[np.float64]


def read_cells(content: bytes, names: Collection[str]) -> dict[str, list[Matrix]]:
    """Some variables of a file, each a cell array of matrices of numbers.

    Args:
        content: of the file.
        names: of the variables that are wanted; others are passed over.

    Raises:
        ValueError: the file is damaged or of another format, or a variable is something else; the
            message completes the sentence "the file cannot be read: ...".
    """
    if len(content) < HEADER_BYTES or content[124:128] != b"\0\1IM":
        raise ValueError("its first bytes are not those of MATLAB 5, little-endian")
    found = {}
    for kind, data in _elements(content[HEADER_BYTES:]):
        if kind == _COMPRESSED:
            kind, data = next(_elements(_decompressed(data)), (0, b""))
        if kind != _MATRIX:
            raise ValueError(f"an element of type {kind} stands where a variable should")
        name, cells = _variable(data, names)
        if name in names:
            found[name] = cells
    return found


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The type and the bytes of each element; small ones have both in their first eight bytes."""
    place = 0
    while place < len(data):
        if place + 8 > len(data):
            raise ValueError("it is cut off")
        kind, size = (int(word) for word in np.frombuffer(data, "<u4", 2, place))
        start = place + 8
        if kind >> 16:
            kind, size, start = kind & 0xFFFF, kind >> 16, place + 4
        if start + size > len(data) or (start == place + 4 and size > 4):
            raise ValueError("it is cut off")
        yield kind, data[start : start + size]
        filling = 0 if kind == _COMPRESSED else -size % 8
        place = place + 8 if start == place + 4 else start + size + filling


def _decompressed(data: bytes) -> bytes:
    stream = zlib.decompressobj()
    try:
        whole = stream.decompress(data, MAX_BYTES)
    except zlib.error as error:
        raise ValueError(f"a variable cannot be decompressed: {error}") from error
    if not stream.eof:
        raise ValueError(f"a variable is cut off, or larger than {MAX_BYTES:,} bytes")
    return whole


def _variable(data: bytes, names: Collection[str]) -> tuple[str, list[Matrix]]:
    """The name of a variable, and its matrices if it is wanted."""
    kind, _, name, content = _parts(data)
    if name not in names:
        return name, []
    if kind != _CELLS:
        raise ValueError(f"the variable {name!r} is no list of matrices")
    return name, [_matrix(name, cell) for _, cell in content]


def _matrix(name: str, data: bytes) -> Matrix:
    """One matrix of numbers, which MATLAB keeps column after column."""
    kind, sizes, _, content = _parts(data)
    if kind not in _NUMBERS or len(sizes) != 2 or len(content) != 1 or content[0][0] not in _TYPES:
        raise ValueError(f"the variable {name!r} holds something else than matrices of numbers")
    code, numbers = np.dtype(f"<{_TYPES[content[0][0]]}"), content[0][1]
    if min(sizes) < 0 or len(numbers) != sizes[0] * sizes[1] * code.itemsize:
        raise ValueError(f"a matrix of the variable {name!r} has another size than it says")
    return np.frombuffer(numbers, code).reshape(sizes[1], sizes[0]).T.astype(np.float64)


def _parts(data: bytes) -> tuple[int, list[int], str, list[tuple[int, bytes]]]:
    """Class, sizes and name of a variable or of a cell, and the elements of its content."""
    parts = list(_elements(data))
    if len(parts) < 3 or len(parts[0][1]) != 8 or len(parts[1][1]) % 4:
        raise ValueError("a variable has no class, no sizes or no name")
    (_, flags), (_, sizes), (_, name), *content = parts
    return flags[0], np.frombuffer(sizes, "<i4").tolist(), name.decode("latin-1"), content
