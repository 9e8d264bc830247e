"""Which two columns of a table are a source and its target."""

from __future__ import annotations

from dataclasses import dataclass

from elman.data.files.tables import Table
from elman.data.texts.inference import require_column
from elman.data.wording import command, listed
from elman.errors import DataError

USUAL_PAIRS = (
    ("source", "target"),
    ("src", "tgt"),
    ("src", "trg"),
    ("input", "output"),
    ("source_text", "target_text"),
)


@dataclass(frozen=True, slots=True)
class PairColumns:
    """The columns of a pair.

    Args:
        source: of the texts that are read.
        target: of the texts that are to be written.
        reason: how they were found; empty where both were named.
    """

    source: str
    target: str
    reason: str = ""


def usual_pair(table: Table) -> PairColumns | None:
    """Two columns that are called as sources and targets usually are, if there are any.

    What is called a target may be a class: where most targets recur, the columns are no pair.
    """
    names = {name.lower(): name for name in table.names}
    for source, target in USUAL_PAIRS:
        if source in names and target in names:
            cells = table.cells(names[target])
            texts = {cell for cell in cells if isinstance(cell, str)}
            if 2 * len(texts) > len(cells):
                return PairColumns(names[source], names[target], "by their names")
    return None


def choose_pair(table: Table, source: str | None, target: str | None) -> PairColumns:
    """The columns of source and target: those asked for, or those that look like it.

    Args:
        table: the table.
        source: the column of the sources; None to find it.
        target: the column of the targets; None to find it.

    Raises:
        DataError: a column that was asked for is not there, or it is unclear which are meant.
    """
    for name, option in ((source, "source"), (target, "target")):
        if name is not None:
            require_column(table, name, option)
    if source is not None and source == target:
        raise _unclear(table, f"One column, {source!r}, is asked for as source and as target.")
    if source is not None and target is not None:
        return PairColumns(source, target)
    found = usual_pair(table)
    rest = [name for name in table.names if name not in (source, target)]
    if found is not None and source in (None, found.source) and target in (None, found.target):
        return found
    if len(rest) == 1 and source is not None:
        return PairColumns(source, rest[0], "the target as the column that is left")
    if len(rest) == 1 and target is not None:
        return PairColumns(rest[0], target, "the source as the column that is left")
    if len(rest) == 2 and source is None and target is None:
        return PairColumns(rest[0], rest[1], "the two columns in their order")
    raise _unclear(table, "It is unclear which columns are source and target.")


def _unclear(table: Table, what: str) -> DataError:
    first, second = (*table.names, "COLUMN", "COLUMN")[:2]
    return DataError(
        what,
        where=table.path,
        expected=f"two different columns out of {listed(table.names)}",
        next_step=command(table.path, "--source", first, "--target", second),
    )
