"""The texts to predict for: from a file of any kind, or from the lines of standard input."""

from __future__ import annotations

import sys
from pathlib import Path

from elman.data.files.formats import format_of, read_table
from elman.data.files.source import (
    STANDARD_INPUT,
    check_file,
    decoded_lines,
    empty,
    read_lines,
)
from elman.data.texts.extraction import texts_of
from elman.data.texts.inference import LABEL_NAMES, SPLIT_NAMES, choose_text, require_column
from elman.data.wording import quoted
from elman.errors import DataError


def read_items(path: Path | None, text_column: str | None) -> list[str]:
    """The texts to predict for.

    Args:
        path: a table, or plain text with one text a line; None for the lines of standard input.
            Blank lines are passed over.
        text_column: the column of the texts in a table; None to infer it.

    Raises:
        DataError: the file cannot be read, or there is no text in it.
    """
    if path is None:
        lines = decoded_lines(sys.stdin.buffer, STANDARD_INPUT, _undigested)
        return _not_blank(list(lines), STANDARD_INPUT)
    check_file(path)
    if format_of(path) == "plain text":
        if text_column is not None:
            raise DataError(
                "Plain text has no columns.",
                where=str(path),
                expected="one text a line",
                next_step="leave out --text",
            )
        return _not_blank(list(read_lines(path, _undigested)), str(path))
    table = read_table(path, _undigested)
    if text_column is None:
        others = {*LABEL_NAMES, *SPLIT_NAMES}
        free = [name for name in table.names if name.lower() not in others]
        text_column, _ = choose_text(table, free or list(table.names))
    asked_by = f"elman predict RUN --file {quoted(path)}"
    require_column(table, text_column, "text", asked_by)
    return texts_of(table, text_column, "text")


def _undigested(content: bytes) -> None:
    """Predictions leave no record of the bytes they were made from."""


def _not_blank(lines: list[str], name: str) -> list[str]:
    texts = [line for line in lines if line.strip()]
    if not texts:
        raise empty(name)
    return texts
