"""Which column is the text, which the label, which the split; every choice with its reason."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from elman.data.examples import Shape
from elman.data.files.tables import Table
from elman.data.splits import PART_OF
from elman.data.wording import command, listed, nearest, quoted
from elman.errors import DataError, UsageError

TEXT_NAMES = (
    "text", "review", "sentence", "content", "body", "message", "comment", "tweet", "post",
    "document", "article", "description", "summary", "question", "utterance", "query", "phrase",
    "paragraph", "title", "headline", "subject", "name", "word",
)  # fmt: skip
LABEL_NAMES = (
    "label", "labels", "class", "category", "target", "stars", "star", "rating", "sentiment",
    "polarity", "language", "lang", "topic", "genre", "intent", "emotion", "score",
)  # fmt: skip
SPLIT_NAMES = ("split", "subset", "partition")

MOST_LABELS = 100
LONGEST_LABEL = 40
CLEARLY_LONGER = 1.25
_NUMBER = re.compile(r"[-+]?[\d.,]*\d(?:[eE][-+]?\d+)?")


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that are read.

    Args:
        text: the column of the texts.
        label: the column of the labels; None for running text.
        split: the column that names the part of each row, if there is one.
        reason: how the columns that the user did not name were found; empty if there are none.
    """

    text: str
    label: str | None
    split: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user asked for; None where nothing was asked."""

    shape: Shape | None = None
    text: str | None = None
    label: str | None = None
    split: str | None = None


def choose_columns(table: Table, wishes: Wishes) -> Columns:
    """The columns to read: those asked for, and for the others those that look most like it.

    Raises:
        DataError: a column that was asked for does not exist, or several could be meant.
        UsageError: the wishes contradict each other.
    """
    _check_wishes(table, wishes)
    split = wishes.split or usual_split(table, (wishes.text, wishes.label))
    taken = {wishes.text, wishes.label, split}
    free = [name for name in table.names if name not in taken]
    label, label_reason = wishes.label, ""
    if wishes.shape != "language_model" and label is None and len(free) + bool(wishes.text) > 1:
        label = _by_name(table, free, LABEL_NAMES, "label")
        label_reason = "the label by its name" if label else ""
    free = [name for name in free if name != label]
    text, text_reason = wishes.text, ""
    if text is None:
        text, text_reason = choose_text(table, free)
        free = [name for name in free if name != text]
    if label is None and wishes.shape != "language_model":
        label = _by_few_values(table, free)
        label_reason = "the label because few values recur in it" if label else ""
    if label is None and wishes.shape == "many_to_one":
        raise _unclear(table, "No column looks like labels", list(table.names), "label")
    why = ", ".join(reason for reason in (label_reason, text_reason) if reason)
    _check_header(table, label if label_reason else None)
    return Columns(text, label, split, f"found {why}" if why else "")


def choose_text(table: Table, free: Sequence[str]) -> tuple[str, str]:
    """The column of the texts among those that are free, and why it is that one.

    Raises:
        DataError: none is left, or two are about as long.
    """
    if not free:
        raise _unclear(table, "No column is left for the text", list(table.names), "text")
    if len(free) == 1:
        return free[0], "" if len(table.names) == 1 else "the text as the column that is left"
    if "text" in free:
        return "text", "the text by its name"
    usual = [name for name in free if name.lower() in TEXT_NAMES]
    if len(usual) == 1:
        return usual[0], "the text by its name"
    candidates = usual or [name for name in free if not _numeric(table, name)] or list(free)
    lengths = sorted(((_length(table, name), name) for name in candidates), reverse=True)
    if len(lengths) > 1 and lengths[0][0] < CLEARLY_LONGER * lengths[1][0]:
        close = [name for length, name in lengths if lengths[0][0] < CLEARLY_LONGER * length]
        raise _unclear(table, f"Several columns could be the text: {listed(close)}", close, "text")
    return lengths[0][1], "the text as the longest"


def require_column(table: Table, name: str, option: str, asked_by: str = "") -> None:
    """Refuse a column that the table does not have, and offer the nearest.

    Args:
        table: the table.
        name: of the column.
        option: of the command line that names it.
        asked_by: the beginning of the command; `elman train TABLE` when empty.

    Raises:
        DataError: there is no such column.
    """
    if name in table.names:
        return
    close = nearest(name, table.names)
    words = (f"--{option}", close or table.names[-1])
    raise DataError(
        f"There is no column {name!r}." + (f" Did you mean {close!r}?" if close else ""),
        where=table.path,
        expected=f"one of the columns {listed(table.names)}",
        next_step=" ".join([asked_by, *map(quoted, words)])
        if asked_by
        else command(table.path, *words),
    )


def _check_wishes(table: Table, wishes: Wishes) -> None:
    asked = {"text": wishes.text, "label": wishes.label, "split": wishes.split}
    named = {option: name for option, name in asked.items() if name is not None}
    for option, name in named.items():
        require_column(table, name, option)
    if len(set(named.values())) < len(named):
        raise DataError(
            "One column is asked for in two roles.",
            where=table.path,
            expected=f"different columns for text, label and split, out of {listed(table.names)}",
            next_step=command(table.path, "--text", "COLUMN", "--label", "OTHER_COLUMN"),
        )
    if wishes.shape == "language_model" and wishes.label is not None:
        raise UsageError(
            "A language model reads no labels.",
            where=f"--label {wishes.label}",
            expected="either a label column or the shape language_model",
            next_step=command(table.path, "--label", wishes.label),
        )


def usual_split(table: Table, taken: Sequence[str | None] = ()) -> str | None:
    """A column that is called a split, and in whose rows more than half name a part.

    Args:
        table: the table.
        taken: columns that have another role.
    """
    for name in table.names:
        if name.lower() in SPLIT_NAMES and name not in taken:
            cells = table.cells(name)
            known = sum(isinstance(cell, str) and cell.strip().lower() in PART_OF for cell in cells)
            if 2 * known > len(cells):
                return name
    return None


def _by_name(table: Table, free: Sequence[str], usual: Sequence[str], role: str) -> str | None:
    found = [name for name in free if name.lower() in usual]
    if len(found) > 1 and usual[0] not in found:
        raise _unclear(table, f"Several columns could be the {role}: {listed(found)}", found, role)
    return usual[0] if usual[0] in found else next(iter(found), None)


def _by_few_values(table: Table, free: Sequence[str]) -> str | None:
    """The column in which few short values recur."""
    found = []
    for name in free:
        values = [cell for cell in table.cells(name) if isinstance(cell, str)]
        different = len(set(values))
        recurring = 2 <= different <= min(MOST_LABELS, len(values) // 2)
        if recurring and _length(table, name) <= LONGEST_LABEL:
            found.append(name)
    if len(found) > 1:
        raise _unclear(
            table, f"Several columns could be the label: {listed(found)}", found, "label"
        )
    return next(iter(found), None)


def _check_header(table: Table, label: str | None) -> None:
    """Refuse a table without a line of names: a label stands where its column's name should."""
    if label is not None and (label in table.cells(label) or _NUMBER.fullmatch(label)):
        raise DataError(
            f"The first line looks like data: the label column would be called {label!r}.",
            where=f"{table.path}:1",
            expected="the names of the columns in the first line, such as text,label",
            next_step=f"add a first line of names, or {command(table.path, '--label', label)}",
        )


def _unclear(table: Table, what: str, candidates: Sequence[str], role: str) -> DataError:
    running = ", or --shape language_model" if role == "label" else ""
    return DataError(
        f"{what}.",
        where=table.path,
        expected=f"the {role} column by name; the columns are {listed(table.names)}",
        next_step=command(table.path, f"--{role}", candidates[0]) + running,
    )


def _length(table: Table, name: str) -> float:
    """Mean length of a column's texts, in characters."""
    cells = table.cells(name)
    return sum(len(cell) for cell in cells if isinstance(cell, str)) / len(cells)


def _numeric(table: Table, name: str) -> bool:
    return all(
        isinstance(cell, str) and (not cell.strip() or _NUMBER.fullmatch(cell.strip()))
        for cell in table.cells(name)
    )
