"""Labelled trees in brackets, one a line, read as texts: "(3 (2 A) (4 (3 good) (2 film)))"."""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path

from elman.data.files.source import Digest, read_lines
from elman.data.files.tables import Cell, Table, without_rows
from elman.data.wording import quoted, shown
from elman.errors import DataError

_LOOKED_AT = 5
_BRACKETED = re.compile(r"\([^\s()]+ .+\)")
_NESTED = re.compile(r"\([^\s()]+ \(.+\)\)")
_PIECE = re.compile(r"\(|\)|[^\s()]+")
BRACKETS = {"-LRB-": "(", "-RRB-": ")"}
"""How a treebank writes brackets that belong to the text."""


def begins_with_trees(path: Path) -> bool:
    """Whether the first lines of a file are in brackets, with brackets inside in one of them."""
    lines = (line.strip() for line in read_lines(path, lambda content: None))
    first = list(islice((line for line in lines if line), _LOOKED_AT))
    return all(map(_BRACKETED.fullmatch, first)) and any(map(_NESTED.fullmatch, first))


def read_trees(path: Path, digest: Digest) -> Table:
    """A table of the whole sentences: the words of each tree, and the label of its root.

    Raises:
        DataError: a line is no tree; it is named.
    """
    numbers: list[int] = []
    texts: list[Cell] = []
    labels: list[Cell] = []
    for number, line in enumerate(read_lines(path, digest), 1):
        if line.strip():
            label, words = _sentence(line, f"{path}:{number}")
            numbers.append(number)
            texts.append(" ".join(words))
            labels.append(label)
    if not numbers:
        raise without_rows(str(path))
    columns = {"text": texts, "label": labels}
    note = "of each tree its words and the label of its root are read, not those of its phrases"
    return Table(str(path), tuple(columns), numbers, columns.__getitem__, (note,))


def _sentence(line: str, where: str) -> tuple[str, list[str]]:
    """The root's label, and the words: what stands in a bracket after its label."""
    pieces = _PIECE.findall(line)
    words: list[str] = []
    depth, closed = 0, False
    for before, piece in zip(["", *pieces], pieces, strict=False):
        if closed or (piece not in "()" and depth == 0):
            raise _no_tree(line, where)
        if piece == "(":
            depth += 1
        elif piece == ")":
            depth -= 1
            closed = depth == 0
        elif before != "(":
            words.append(BRACKETS.get(piece, piece))
    if not closed or not words or pieces[1] in "()":
        raise _no_tree(line, where)
    return pieces[1], words


def _no_tree(line: str, where: str) -> DataError:
    return DataError(
        f"The line is no tree in brackets: {shown(line)}.",
        where=where,
        expected="a label and words or further trees in each bracket, such as (3 (2 A) (4 film))",
        next_step=f"correct the line in {quoted(where.rpartition(':')[0])}",
    )
