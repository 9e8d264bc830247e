"""CoNLL columns: a token a line with its fields, a blank line between sentences.

In CoNLL-U the ten columns have names. In other files they go by their places, "1", "2" and so on,
and are separated by tabs, or by spaces in lines without a tab.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

from elman.data.files.source import Digest, empty, read_lines
from elman.data.wording import counted, in_all, quoted, shown
from elman.errors import DataError

CONLLU: Final = (
    "id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc",
)  # fmt: skip
"""The columns of CoNLL-U (Universal Dependencies, format page of version 2)."""

CONLLU_ENDING: Final = ".conllu"

_TOKEN_ID = re.compile(r"[1-9][0-9]*")
_OTHER_ID = re.compile(r"[1-9][0-9]*-[1-9][0-9]*|[0-9]+\.[1-9][0-9]*")
_SNIFFED = 1_000


@dataclass(frozen=True, slots=True)
class Line:
    """A token: the number of its line, and its fields."""

    number: int
    fields: list[str]


@dataclass(frozen=True)
class ColumnFile:
    """A file of columns.

    Args:
        path: the file, as the user typed it.
        names: of the columns, in the order of the file.
        sentences: the tokens of each; none is empty.
    """

    path: str
    names: tuple[str, ...]
    sentences: list[list[Line]]


def read_columns(path: Path, digest: Digest) -> ColumnFile:
    """Read a file of columns.

    Left out are comments, `-DOCSTART-` lines, and of CoNLL-U the lines of multi-word tokens and of
    empty nodes.

    Raises:
        DataError: no tokens, a line with missing or extra fields, or an ID of CoNLL-U out of order.
    """
    if path.suffix.lower() == CONLLU_ENDING:
        return _conllu(path, digest)
    numbered = list(enumerate(read_lines(path, digest), start=1))
    width = next((len(_fields(line)) for _, line in numbered if _says(line)), 0)
    lines: list[Line | None] = []
    for number, text in numbered:
        fields = _fields(text)
        comment = text.startswith("# ") and len(fields) != width and not (lines and lines[-1])
        if not comment:
            blank = not fields or fields[0] == "-DOCSTART-"
            lines.append(None if blank else Line(number, fields))
    names = tuple(str(place) for place in range(1, width + 1))
    return _whole(str(path), names, lines)


def looks_like_columns(path: Path) -> bool:
    """Whether blank lines divide a file's lines into blocks, of as many tab-separated fields each.

    Raises:
        DataError: the file cannot be read as text.
    """
    widths: set[int] = set()
    lines = blocks = 0
    inside = False
    for number, text in enumerate(read_lines(path, _undigested)):
        if number == _SNIFFED:
            break
        if text.strip():
            widths.add(text.count("\t"))
            lines, blocks = lines + 1, blocks + (not inside)
        inside = bool(text.strip())
    return len(widths) == 1 and 0 not in widths and blocks >= 2 and 2 * blocks <= lines


def _undigested(content: bytes) -> None:
    """A look at the first lines leaves no record of them."""


def _says(line: str) -> bool:
    return bool(line.strip()) and not line.startswith(("# ", "-DOCSTART-"))


def _fields(line: str) -> list[str]:
    """The fields of a line; none when there is nothing but white space."""
    if "\t" in line:
        fields = [field.strip() for field in line.split("\t")]
        return fields if any(fields) else []
    return [field for field in line.strip().split(" ") if field]


def _whole(path: str, names: tuple[str, ...], lines: list[Line | None]) -> ColumnFile:
    """The sentences that blanks (None) divide, all of their lines as wide as there are names."""
    tokens = [line for line in lines if line is not None]
    if not tokens:
        raise empty(path)
    odd = [line for line in tokens if len(line.fields) != len(names)]
    if odd:
        got = len(odd[0].fields)
        raise DataError(
            f"A line has {counted(got, 'field')}{in_all(len(odd), 'such line')}.",
            where=f"{path}:{odd[0].number}",
            expected=f"{counted(len(names), 'field')}, got {got}",
            next_step=f"sed -n '{tokens[0].number}p;{odd[0].number}p' {quoted(path)}",
        )
    return ColumnFile(path, names, list(_blocks(lines)))


def _blocks(lines: list[Line | None]) -> Iterator[list[Line]]:
    block: list[Line] = []
    for line in [*lines, None]:
        if line is not None:
            block.append(line)
        elif block:
            yield block
            block = []


def _conllu(path: Path, digest: Digest) -> ColumnFile:
    lines: list[Line | None] = []
    comment = 0
    for number, text in enumerate(chain(read_lines(path, digest), [""]), start=1):
        where = f"{path}:{number}"
        if text.startswith("#"):
            comment = number
            continue
        if not text.strip():
            if comment and not (lines and lines[-1]):
                raise _without_tokens(f"{path}:{comment}")
            lines.append(None)
            comment = 0
            continue
        fields = [field.strip() for field in text.split("\t")]
        if not _OTHER_ID.fullmatch(fields[0]):
            _check_id(fields[0], lines[-1] if lines else None, where)
            lines.append(Line(number, fields))
    return _whole(str(path), CONLLU, lines)


def _check_id(found: str, before: Line | None, where: str) -> None:
    expected = int(before.fields[0]) + 1 if before else 1
    if not _TOKEN_ID.fullmatch(found) or int(found) != expected:
        raise DataError(
            f"The ID of a token is {shown(found)}.",
            where=where,
            expected=f"{expected}: the tokens of a sentence count up from 1, and a blank line "
            "ends the sentence",
            next_step="number the tokens of the sentence anew, or put the blank line in",
        )


def _without_tokens(where: str) -> DataError:
    return DataError(
        "A sentence has comments and no tokens.",
        where=where,
        expected="at least one token below the comments",
        next_step="take the comments out, or put the tokens in",
    )
