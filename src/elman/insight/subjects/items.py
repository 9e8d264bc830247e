"""The one item that is explained, of what a user named."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol


class ItemReader(Protocol):
    """A predictor that reads items of files, or typed ones."""

    def read(self, words: Sequence[str], file: Path | None, column: str | None) -> Sequence[Any]:
        """The items."""


def item_of(reader: ItemReader, text: str) -> tuple[Any, str]:
    """The item that is meant by a file or a word, and its name; of several the first.

    Raises:
        DataError: it cannot be read.
    """
    named = Path(text)
    items = reader.read((), named, None) if named.is_file() else reader.read([text], None, None)
    first = items[0]
    return first, str(first) if len(items) == 1 else f"{first}, the first of {len(items):,}"
