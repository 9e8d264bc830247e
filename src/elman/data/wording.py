"""Names and values as they stand in an error message: quoted, shortened, compared."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Iterable, Sequence

LISTED = 20
SHOWN = 60
ROWS = 5


def shown(value: str) -> str:
    """The value in quotes, with control characters escaped and long values cut.

    Example:
        >>> shown("good")
        "'good'"
    """
    return repr(value) if len(value) <= SHOWN else f"{value[:SHOWN]!r}..."


def listed(values: Sequence[str]) -> str:
    """The values in quotes, separated by commas; past the first twenty only their number.

    Example:
        >>> listed(["text", "stars"])
        "'text', 'stars'"
    """
    rest = len(values) - LISTED
    names = ", ".join(shown(value) for value in values[:LISTED])
    return f"{names} and {rest:,} more" if rest > 0 else names


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The name that resembles the given one most, whatever the case, if any resembles it at all.

    Example:
        >>> nearest("star", ["text", "Stars"])
        'Stars'
    """
    by_lowered = {candidate.lower(): candidate for candidate in reversed(list(names))}
    close = difflib.get_close_matches(name.lower(), by_lowered, n=1, cutoff=0.5)
    return by_lowered[close[0]] if close else None


def quoted(path: object) -> str:
    """The path as a shell reads it.

    Example:
        >>> quoted("my reviews.csv")
        "'my reviews.csv'"
    """
    return shlex.quote(str(path))


def counted(number: int, noun: str) -> str:
    """A number and its noun, in the singular where it is one.

    Example:
        >>> counted(1, "row"), counted(2500, "row")
        ('1 row', '2,500 rows')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def in_all(number: int, noun: str) -> str:
    """An addition for a message that names the first of several faults; empty when it is alone."""
    return f" ({number:,} {noun}s in all)" if number > 1 else ""


def rows_shown(rows: Sequence[int]) -> str:
    """The first rows of a list, and how many there are more.

    Example:
        >>> rows_shown([3]), rows_shown([1, 2, 3, 4, 5, 6, 7])
        ('row 3', 'rows 1, 2, 3, 4, 5 and 2 more')
    """
    rest = len(rows) - ROWS
    names = ", ".join(map(str, rows[:ROWS]))
    return f"row{'s' * (len(rows) > 1)} {names}" + (f" and {rest:,} more" if rest > 0 else "")


def command(path: str, *words: str) -> str:
    """The command that reads the file again with other words.

    Example:
        >>> command("my reviews.csv", "--label", "stars")
        "elman train 'my reviews.csv' --label stars"
    """
    return shlex.join(["elman", "train", path, *words])
