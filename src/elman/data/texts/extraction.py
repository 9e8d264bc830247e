"""From the chosen columns of a table to examples; every cell that is used is checked."""

from __future__ import annotations

from collections.abc import Sequence

from elman.data.examples import Document, Example, LabelledText
from elman.data.files.source import MAX_LINE_BYTES
from elman.data.files.tables import Cell, Table, Unusable
from elman.data.splits import PART_OF, Part
from elman.data.wording import in_all, listed, quoted, shown
from elman.errors import DataError


def labelled_texts(table: Table, text: str, label: str) -> list[LabelledText]:
    """One example a row.

    Raises:
        DataError: a text or a label is empty, missing or no text.
    """
    texts, labels = texts_of(table, text, "text"), texts_of(table, label, "label")
    rows = zip(texts, labels, table.numbers, strict=True)
    return [LabelledText(words, mark.strip(), number) for words, mark, number in rows]


def documents_of(table: Table, text: str) -> list[Document]:
    """One document a row.

    Raises:
        DataError: a text is empty, missing or no text.
    """
    texts = texts_of(table, text, "text")
    return [Document(words, number) for words, number in zip(texts, table.numbers, strict=True)]


def texts_of(table: Table, column: str, role: str) -> list[str]:
    """The cells of a column, all of them texts that say something.

    Args:
        table: the table.
        column: one of its columns.
        role: what the column is, for messages: "text" or "label".

    Raises:
        DataError: a cell is empty, missing or no text; the first is named, all are counted.
    """
    cells = table.cells(column)
    texts = [cell for cell in cells if isinstance(cell, str) and not _text_fault(cell)]
    if len(texts) == len(cells):
        return texts
    place = next(index for index, cell in enumerate(cells) if _fault(cell))
    where = f"{table.path}:{table.numbers[place]}, column {column!r}"
    wrong = in_all(len(cells) - len(texts), "such row")
    raise DataError(
        f"The {role} {_fault(cells[place])}{wrong}.",
        where=where,
        expected=f"a {role} in each row" + (", not only white space" if role == "text" else ""),
        next_step=f"fill it in or take the row out of {quoted(table.path)}",
    )


def _fault(cell: Cell) -> str:
    return cell.reason if isinstance(cell, Unusable) else _text_fault(cell)


def _text_fault(text: str) -> str:
    """What makes a text unusable, completing "the text ..."; empty when nothing does."""
    if not text or text.isspace():
        return "is empty"
    if "\0" in text:
        return "holds a NUL character"
    if len(text) > MAX_LINE_BYTES:
        return f"is longer than {MAX_LINE_BYTES:,} characters"
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            return f"holds half a surrogate pair: {text[error.start]!r}"
    return ""


def by_part(table: Table, column: str, examples: Sequence[Example]) -> dict[Part, list[Example]]:
    """The examples sorted into the parts that a split column names.

    Raises:
        DataError: a cell names no part; the first is named, all are counted.
    """
    cells = table.cells(column)
    parts = [PART_OF.get(cell.strip().lower()) if isinstance(cell, str) else None for cell in cells]
    if None in parts:
        place = parts.index(None)
        cell = cells[place]
        said = f"is {shown(cell)}" if isinstance(cell, str) else cell.reason
        raise DataError(
            f"The split {said}, which names no part{in_all(parts.count(None), 'such row')}.",
            where=f"{table.path}:{table.numbers[place]}, column {column!r}",
            expected=f"one of {listed(list(PART_OF))}",
            next_step=f"correct the row in {quoted(table.path)}",
        )
    sorted_examples: dict[Part, list[Example]] = {}
    for part, example in zip(parts, examples, strict=True):
        if part is not None:
            sorted_examples.setdefault(part, []).append(example)
    return sorted_examples
