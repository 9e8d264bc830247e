"""The built-in source `dates`: a written date in any of many locales, and the same in ISO 8601."""

from __future__ import annotations

from typing import Final

from elman.data.built_in.canonical import examples_sha256
from elman.data.built_in.written_dates import FIRST, LAST, LOCALES, written_dates
from elman.data.examples import Dataset, TextPair
from elman.data.splits import PARTS

EACH: Final = 80
"""Dates to learn from for each form of each locale."""


def load(seed: int) -> Dataset[TextPair]:
    """Some 10,800 written dates to learn from, and an eighth as many in each other part.

    Args:
        seed: the run's; the dates do not follow it, so that all runs are measured on one test part.

    Raises:
        MissingExtra: when Babel is not installed.

    Example:
        >>> dataset = load(seed=0)
        >>> {example.text: example.target for example in dataset.train}["April 15, 1951"]
        '1951-04-15'
    """
    train, validation, test = (
        tuple(TextPair(date.text, date.date.isoformat(), row) for row, date in enumerate(dates, 1))
        for dates in (written_dates(EACH, "dates")[part] for part in PARTS)
    )
    return Dataset(
        name="dates",
        shape="encoder_decoder",
        shape_reason="encoder and decoder: each written date is to be rewritten in ISO 8601",
        target="text",
        train=train,
        validation=validation,
        test=test,
        split_reason="fixed split by day: no day of one part is in another, whatever the seed",
        sha256=examples_sha256(train, validation, test),
        notes=(
            f"days from {FIRST.isoformat()} to {LAST.isoformat()}, in the patterns medium, long "
            f"and full of {len(LOCALES)} locales of CLDR",
        ),
    )
