"""Pre-trained word vectors as text: GloVe's form, and that of word2vec with its first line."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from elman.data.files.source import empty, read_lines
from elman.data.texts.tokens import as_known
from elman.data.wording import counted, in_all, quoted, shown
from elman.errors import DataError

MAX_WIDTH = 4_096

_HEADER = re.compile(r"([0-9]{1,12}) ([0-9]{1,12}) ?")


@dataclass(frozen=True)
class Vectors:
    """Words, each with its vector.

    Args:
        words: in the order of the file.
        rows: [words, width] their vectors.
    """

    words: tuple[str, ...]
    rows: NDArray[np.float32]


def width_of_vectors(path: Path) -> int:
    """How many numbers each vector of a file has, by its first line.

    Raises:
        DataError: the file cannot be read, or does not begin with a word and its vector.
    """
    return _begin(path)[1]


def read_vectors(path: Path, wanted: Container[str], most: int, lowercase: bool) -> Vectors:
    """The vectors of the words that are wanted, and of the first others.

    A line is a word and its numbers, separated by single spaces. A first line of two whole numbers
    says how many words follow, and how many numbers each has. Of a word that comes again, in
    lower case perhaps, the first vector counts.

    Args:
        path: the file.
        wanted: words whose vectors are kept, wherever they stand in the file.
        most: so many other words are kept.
        lowercase: whether words are read in lower case.

    Raises:
        DataError: the file cannot be read, a line has another number of numbers than the first, a
            number is none, or there are fewer lines than the first one says.
    """
    promised, width = _begin(path)
    words: dict[str, None] = {}
    rows: list[NDArray[np.float32]] = []
    odd: list[tuple[int, int]] = []
    others = lines = 0
    for number, line in enumerate(read_lines(path, _undigested), start=1):
        if (number == 1 and promised is not None) or not line.strip():
            continue
        lines += 1
        word, *fields = line.rstrip(" ").rsplit(" ", width)
        if len(fields) != width or not word:
            odd.append((number, line.count(" ") - line.endswith(" ")))
            continue
        word = as_known(word, lowercase)
        if word in words or (word not in wanted and others >= most):
            continue
        others += word not in wanted
        words[word] = None
        rows.append(_numbers(fields, path, number))
    if odd:
        raise _ragged(path, odd, width)
    if promised is not None and lines != promised:
        raise _cut(path, promised, lines)
    return Vectors(tuple(words), np.stack(rows) if rows else np.zeros((0, width), np.float32))


def _undigested(content: bytes) -> None:
    """The digest of the file is taken of its whole."""


def _begin(path: Path) -> tuple[int | None, int]:
    """How many words a file says it has, if it says so, and the width of its vectors."""
    first = next((line for line in read_lines(path, _undigested)), "")
    if not first.strip():
        raise empty(str(path))
    header = _HEADER.fullmatch(first)
    width = int(header[2]) if header else len(first.rstrip(" ").split(" ")) - 1
    if not 1 <= width <= MAX_WIDTH:
        raise DataError(
            f"The vectors have {counted(width, 'number')} each.",
            where=f"{path}:1",
            expected=f"a word and 1 to {MAX_WIDTH:,} numbers, a single space before each",
            next_step=f"head -n 2 {quoted(path)} | cut -c1-200",
        )
    return (int(header[1]) if header else None), width


def _numbers(fields: list[str], path: Path, number: int) -> NDArray[np.float32]:
    try:
        with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused
            row = np.array(fields, dtype=np.float32)
    except ValueError:
        row = np.full(len(fields), np.nan, dtype=np.float32)
    if not np.isfinite(row).all():
        wrong = next(field for field in fields if not _is_number(field))
        raise DataError(
            f"A vector holds {shown(wrong)}, which is no number of single precision.",
            where=f"{path}:{number}",
            expected="finite numbers, such as -0.25",
            next_step=f"sed -n '{number}p' {quoted(path)} | cut -c1-200",
        )
    return row


def _is_number(field: str) -> bool:
    try:
        with np.errstate(over="ignore"):
            return bool(np.isfinite(np.float32(field)))
    except ValueError:
        return False


def _ragged(path: Path, odd: list[tuple[int, int]], width: int) -> DataError:
    number, got = odd[0]
    return DataError(
        f"A line has {counted(got, 'number')}{in_all(len(odd), 'such line')}.",
        where=f"{path}:{number}",
        expected=f"a word and {counted(width, 'number')}, as in the first line",
        next_step=f"sed -n '1p;{number}p' {quoted(path)} | cut -c1-200",
    )


def _cut(path: Path, promised: int, lines: int) -> DataError:
    return DataError(
        f"The first line promises {counted(promised, 'vector')}, and {lines:,} follow.",
        where=f"{path}:1",
        expected="the whole file",
        next_step="download or copy it again, or correct the first line",
    )
