"""Piano rolls from the files of MATLAB in which chorales and folk tunes are handed on.

Such a file has the pieces of each part in a variable, "traindata", "validdata" and "testdata", each
piece a matrix with a row a step and a column for each of the 88 keys of a piano.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from elman.data.examples import Roll
from elman.data.files.matlab import Matrix, read_cells
from elman.data.files.source import Digest, read_bytes
from elman.data.splits import Part
from elman.data.wording import listed
from elman.errors import DataError

KEYS: Final = 88
LOWEST_PITCH: Final = 21
"""The number in MIDI of the lowest key, an A."""

VARIABLES: Final[Mapping[str, Part]] = {
    "traindata": "train",
    "validdata": "validation",
    "testdata": "test",
}


def read_matlab_rolls(path: Path, digest: Digest) -> dict[Part, list[Roll]]:
    """The pieces of each part of a file of MATLAB 5.

    Raises:
        DataError: the file is damaged, lacks a part, or holds something else than piano rolls.
    """
    try:
        variables = read_cells(read_bytes(path, digest), VARIABLES)
    except ValueError as error:
        if isinstance(error, DataError):
            raise
        raise _refusal(path, f"The file of MATLAB cannot be read: {error}") from error
    missing = [name for name in VARIABLES if name not in variables]
    if missing:
        raise _refusal(path, f"The file of MATLAB has no variable {listed(missing)}")
    return {part: _rolls(path, name, variables[name]) for name, part in VARIABLES.items()}


def _rolls(path: Path, variable: str, matrices: Sequence[Matrix]) -> list[Roll]:
    if not matrices:
        raise _refusal(path, f"The variable {variable!r} is empty")
    rolls = []
    for row, matrix in enumerate(matrices, 1):
        place, (steps, keys) = f"{variable}[{row}]", matrix.shape
        if keys != KEYS or steps < 2:
            raise _refusal(path, f"{place} has {steps} rows and {keys} columns")
        if not np.isin(matrix, (0, 1)).all():
            raise _refusal(path, f"{place} holds other numbers than 0 and 1")
        rolls.append(Roll(matrix.astype(np.uint8), row, place))
    return rolls


def _refusal(path: Path, what: str) -> DataError:
    return DataError(
        f"{what}.",
        where=str(path),
        expected=f"a file of MATLAB 5 with {listed(list(VARIABLES))}, in each a list of matrices "
        f"of 0 and 1 with {KEYS} columns and two rows or more",
        next_step="copy the file again, or give notes as a .csv with the columns piece, onset, "
        "duration and pitch",
    )
