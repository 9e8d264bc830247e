"""The built-in source `dates-tags`: which part of the date does each character belong to?"""

from __future__ import annotations

from elman.data.built_in.canonical import examples_sha256
from elman.data.built_in.cldr import babel_for
from elman.data.built_in.written_dates import FIRST, LAST, LOCALES, SEED, WrittenDate, written_dates
from elman.data.examples import Dataset, TaggedSentence
from elman.data.splits import PARTS
from elman.data.texts.tokens import tokenise

NAME = "dates-tags"
EACH = 48
"""Dates of the training part in each form of each locale."""


def load(seed: int) -> Dataset[TaggedSentence]:
    """Some 8,000 written dates, each character tagged day, month, year, weekday, era or other.

    Args:
        seed: the run's; the split does not follow it, so that all runs are measured on one test
            part.

    Raises:
        MissingExtra: when Babel is not installed.

    Example:
        >>> example = load(seed=0).train[0]
        >>> "".join(example.tokens), example.tags[:5]
        ('Jul 20, 1903', ('month', 'month', 'month', 'other', 'day'))
    """
    version = babel_for(NAME).__version__
    dates = written_dates(EACH, NAME)
    train, validation, test = (_tagged(dates[part]) for part in PARTS)
    return Dataset(
        name=NAME,
        shape="aligned",
        shape_reason="aligned: each character of a written date has a tag",
        target="tags",
        train=train,
        validation=validation,
        test=test,
        split_reason=f"fixed split 80/10/10 of the days (seed {SEED}, whatever the run's seed)",
        sha256=examples_sha256(train, validation, test),
        notes=(
            f"patterns and names of the CLDR data in Babel {version}: medium, long and full "
            f"dates of {FIRST.year} to {LAST.year} in {len(LOCALES)} locales",
            "no day is in two parts",
        ),
    )


def _tagged(dates: tuple[WrittenDate, ...]) -> tuple[TaggedSentence, ...]:
    return tuple(
        TaggedSentence(tuple(tokenise(date.text, "characters")), date.tags, row)
        for row, date in enumerate(dates, start=1)
    )
