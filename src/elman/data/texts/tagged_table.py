"""Tables with two aligned columns: the tokens of a sentence, and as many tags.

A cell holds a list (JSON Lines, Parquet), or text that is divided at its spaces.
"""

from __future__ import annotations

from elman.data.files.conll import ColumnFile, Line
from elman.data.files.tables import Cell, Table
from elman.data.texts.inference import require_column
from elman.data.wording import command, counted, in_all, listed, quoted
from elman.errors import DataError

TOKEN_NAMES = ("tokens", "words", "text", "sentence")
TAG_NAMES = ("tags", "labels", "ner_tags", "pos_tags", "upos_tags", "ner", "pos", "upos")


def usual_columns(table: Table) -> tuple[str | None, str | None]:
    """The columns whose names are those of tokens and of tags."""
    return _called(table, TOKEN_NAMES), _called(table, TAG_NAMES)


def holds_lists(table: Table, column: str) -> bool:
    """Whether a column's cells are lists of texts, by the first of them."""
    return _items(table.cells(column)[0]) is not None


def column_file(table: Table, word: str | None, tag: str | None) -> ColumnFile:
    """The tokens of a table with their tags, as if each stood on a line of its own.

    Args:
        table: the table.
        word: the column of the tokens; None to find it by its name.
        tag: the column of the tags; None to find it by its name.

    Raises:
        DataError: a column is not there, a cell is empty or no list of texts, or a row has not as
            many tags as tokens.
    """
    usual = usual_columns(table)
    names = (word or usual[0], tag or usual[1])
    for option, name in zip(("text", "label"), names, strict=True):
        if name is None:
            raise DataError(
                f"No column is called as {'tokens' if option == 'text' else 'tags'} usually are.",
                where=table.path,
                expected=f"one of the columns {listed(table.names)} by name",
                next_step=command(table.path, "--shape", "aligned", f"--{option}", "COLUMN"),
            )
        require_column(table, name, option)
    tokens, tags = (_lists(table, str(name)) for name in names)
    _check_counts(table, tokens, tags)
    sentences = [
        [Line(number, [token, one]) for token, one in zip(own, theirs, strict=True)]
        for number, own, theirs in zip(table.numbers, tokens, tags, strict=True)
    ]
    return ColumnFile(table.path, (str(names[0]), str(names[1])), sentences)


def tokens_of(table: Table, column: str) -> list[tuple[str, ...]]:
    """The tokens of each row, for a table without tags.

    Raises:
        DataError: a cell is empty, or no list of texts.
    """
    return [tuple(one) for one in _lists(table, column)]


def _called(table: Table, usual: tuple[str, ...]) -> str | None:
    by_name = {name.lower(): name for name in reversed(table.names)}
    return next((by_name[name] for name in usual if name in by_name), None)


def _items(cell: Cell) -> tuple[str, ...] | None:
    return None if isinstance(cell, str) else cell.items


def _lists(table: Table, column: str) -> list[list[str]]:
    cells = table.cells(column)
    lists = [cell.split() if isinstance(cell, str) else list(_items(cell) or ()) for cell in cells]
    wrong = [place for place, one in enumerate(lists) if not one]
    if wrong:
        cell = cells[wrong[0]]
        empty = isinstance(cell, str) or cell.items is not None
        raise DataError(
            f"A cell {'is empty' if empty else getattr(cell, 'reason', '')}"
            f"{in_all(len(wrong), 'such row')}.",
            where=f"{table.path}:{table.numbers[wrong[0]]}, column {column!r}",
            expected="a list of texts, or texts with spaces between them",
            next_step=f"correct the row in {quoted(table.path)}",
        )
    return lists


def _check_counts(table: Table, tokens: list[list[str]], tags: list[list[str]]) -> None:
    pairs = zip(tokens, tags, strict=True)
    odd = [place for place, (own, theirs) in enumerate(pairs) if len(own) != len(theirs)]
    if odd:
        first = odd[0]
        raise DataError(
            f"A row has {counted(len(tokens[first]), 'token')} and "
            f"{counted(len(tags[first]), 'tag')}{in_all(len(odd), 'such row')}.",
            where=f"{table.path}:{table.numbers[first]}",
            expected="a tag for each token",
            next_step=f"correct the row in {quoted(table.path)}",
        )
