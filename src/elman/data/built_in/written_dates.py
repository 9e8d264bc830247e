"""Dates as people write them: locale, pattern, and what each character tells of the date.

The patterns (medium, long and full; short ones are ambiguous) and the names of months and weekdays
are the Unicode consortium's (CLDR), as the library Babel ships them.
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final, Literal, get_args

from elman.data.built_in.cldr import babel_for
from elman.data.splits import PARTS, Part, seeded_split
from elman.data.texts.tokens import normalise, tokenise

Form = Literal["medium", "long", "full"]
Tag = Literal["day", "month", "year", "weekday", "era", "other"]

LOCALES: Final = (
    *("en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "nb", "fi", "is", "et", "lv", "lt"),
    *("pl", "cs", "sk", "sl", "hr", "sr", "bg", "ru", "uk", "hu", "ro", "sq", "el", "tr", "ca"),
    *("eu", "ga", "cy", "sw", "id", "vi", "th", "hi", "bn", "he", "ka", "hy", "ja", "ko", "zh"),
)
"""The locales, as CLDR abbreviates them."""

FIRST: Final = datetime.date(1900, 1, 1)
LAST: Final = datetime.date(2099, 12, 31)
SEED: Final = 0

_TAG_OF: Final[dict[str, Tag]] = {
    **dict.fromkeys("d", "day"),
    **dict.fromkeys("ML", "month"),
    **dict.fromkeys("y", "year"),
    **dict.fromkeys("Ec", "weekday"),
    **dict.fromkeys("G", "era"),
}
"""What the letters of CLDR's patterns stand for."""


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """A date, written in one of the patterns of a locale.

    Args:
        locale: one of `LOCALES`.
        form: which of the locale's patterns.
        date: the date.
        text: the date as it is written.
        tags: what each character (grapheme cluster) of the text belongs to.
    """

    locale: str
    form: Form
    date: datetime.date
    text: str
    tags: tuple[Tag, ...]


def written_dates(each: int, source: str) -> dict[Part, tuple[WrittenDate, ...]]:
    """Dates of two centuries in every form of every locale; no date is in two parts.

    A pure function of its arguments and of Babel's data, so that all runs are measured on one test
    part.

    Args:
        each: dates of the training part for each form of each locale; the other parts have an
            eighth of them.
        source: the built-in source that they are for, for messages.

    Raises:
        MissingExtra: when Babel is not installed.

    Example:
        >>> written = written_dates(each=8, source="dates")["test"]
        >>> {date.locale: date.text for date in written}["da"]
        'torsdag den 26. september 2058'
    """
    babel = babel_for(source)
    days = dict(zip(PARTS, seeded_split((LAST - FIRST).days + 1, SEED), strict=True))
    draw = random.Random(SEED)  # noqa: S311
    found: dict[Part, list[WrittenDate]] = {part: [] for part in PARTS}
    for locale in LOCALES:
        for form in get_args(Form):
            for part in PARTS:
                count = each if part == "train" else max(1, each // 8)
                for date in _dates(days[part], count, draw):
                    found[part].append(write(babel, locale, form, date))
    return {part: tuple(dates) for part, dates in found.items()}


def _dates(days: Sequence[int], count: int, draw: random.Random) -> Iterator[datetime.date]:
    """One day out of each of `count` stretches of equal length; so none comes twice."""
    for number in range(count):
        place = int((number + draw.random()) * len(days) / count)
        yield FIRST + datetime.timedelta(days[place])


def write(babel: ModuleType, locale: str, form: Form, date: datetime.date) -> WrittenDate:
    """One date in one pattern, and the tag of each of its characters."""
    values: Any = babel.dates.DateTimeFormat(date, locale)
    pattern = babel.dates.get_date_format(form, locale).pattern
    pieces: list[str] = []
    tags: list[Tag] = []
    for kind, value in babel.dates.tokenize_pattern(pattern):
        field = kind == "field"
        piece = normalise(values[value[0] * value[1]] if field else value)
        tag = _TAG_OF[value[0]] if field else "other"
        pieces.append(piece)
        tags += [tag] * len(tokenise(piece, "characters"))
    return WrittenDate(locale, form, date, "".join(pieces), tuple(tags))
