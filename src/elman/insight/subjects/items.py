"""The one item that is explained, of what a user named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from elman.errors import UsageError


class ItemReader(Protocol):
    """A predictor that reads items of files, or typed ones."""

    def read(self, words: Sequence[str], file: Path | None, column: str | None) -> Sequence[Any]:
        """The items."""


def item_of(reader: ItemReader, text: str) -> tuple[Any, str]:
    """The item that is meant by a file or a word, and its name; of several the first.

    Raises:
        UsageError: nothing is named.
        DataError: it cannot be read.
    """
    if not text:
        raise UsageError(
            "There is nothing to explain.",
            where="the input",
            expected="numbers, or a file, as the model reads them",
            next_step="elman explain RUN INPUT",
        )
    items = reader.read((), Path(text), None) if is_file(text) else reader.read([text], None, None)
    first = items[0]
    return first, str(first) if len(items) == 1 else f"{first}, the first of {len(items):,}"


def is_file(text: str) -> bool:
    """Whether there is a file of that name; what is too long for a name is none."""
    try:
        return Path(text).is_file()
    except OSError:
        return False
