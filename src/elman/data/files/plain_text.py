"""Plain text: paragraphs separated by blank lines, or else one document a line."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from elman.data.examples import Document
from elman.data.files.source import Digest, empty, read_lines
from elman.data.splits import LEAST_ROWS

Piece = Literal["paragraph", "line"]


def read_documents(
    path: Path, digest: Digest, piece: Piece | None = None
) -> tuple[list[Document], Piece]:
    """Read a text file as documents.

    Args:
        path: the file.
        digest: is given every byte.
        piece: what makes a document. None: paragraphs where the file has blank lines and enough
            paragraphs to be divided into three parts, else lines.

    Returns:
        The documents and what they are.

    Raises:
        DataError: the file holds nothing but white space, or its lines cannot be text.
    """
    lines = list(enumerate(read_lines(path, digest), start=1))
    single = [Document(line, number) for number, line in lines if line.strip()]
    if not single:
        raise empty(str(path))
    if piece == "line":
        return single, "line"
    paragraphs = _paragraphs(lines)
    if piece == "paragraph" or LEAST_ROWS <= len(paragraphs) < len(single):
        return paragraphs, "paragraph"
    return single, "line"


def _paragraphs(lines: list[tuple[int, str]]) -> list[Document]:
    found: list[Document] = []
    block: list[str] = []
    start = 0
    for number, line in [*lines, (0, "")]:
        if line.strip():
            start = start if block else number
            block.append(line)
        elif block:
            found.append(Document("\n".join(block), start))
            block = []
    return found
