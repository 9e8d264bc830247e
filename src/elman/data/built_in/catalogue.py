"""The sources that need no file: their names, and how each is loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from elman.data.examples import AnyDataset
from elman.data.wording import listed, nearest
from elman.errors import DataError


def _digits_words(seed: int) -> AnyDataset:
    from elman.data.built_in import digits_words

    return digits_words.load(seed)


def _digits(seed: int) -> AnyDataset:
    from elman.data.built_in import digits

    return digits.load(seed)


def _languages(seed: int) -> AnyDataset:
    from elman.data.built_in import languages

    return languages.load(seed)


def _dates_tags(seed: int) -> AnyDataset:
    from elman.data.built_in import dates_tags

    return dates_tags.load(seed)


def _dates(seed: int) -> AnyDataset:
    from elman.data.built_in import dates

    return dates.load(seed)


def _names_en_hi(seed: int) -> AnyDataset:
    from elman.data.built_in import names_en_hi

    return names_en_hi.load(seed)


def _pydocs(seed: int) -> AnyDataset:
    from elman.data.built_in import pydocs

    return pydocs.load(seed)


def _stocks(seed: int) -> AnyDataset:
    from elman.data.built_in import stocks

    return stocks.load(seed)


def _sunspots(seed: int) -> AnyDataset:
    from elman.data.built_in import sunspots

    return sunspots.load(seed)


BUILT_IN: Final[Mapping[str, Callable[[int], AnyDataset]]] = {
    "languages": _languages,
    "digits": _digits,
    "digits-words": _digits_words,
    "dates-tags": _dates_tags,
    "pydocs": _pydocs,
    "dates": _dates,
    "names-en-hi": _names_en_hi,
    "stocks": _stocks,
    "sunspots": _sunspots,
}


def is_built_in(name: str) -> bool:
    """Whether a source of that name comes with Elman.

    Example:
        >>> is_built_in("languages"), is_built_in("reviews.csv")
        (True, False)
    """
    return name in BUILT_IN


def load_built_in(name: str, seed: int) -> AnyDataset:
    """Load a built-in source, divided by the seed.

    Raises:
        DataError: there is no source of that name; the nearest is offered.
        MissingExtra: the library that brings the data is not installed.
    """
    if name not in BUILT_IN:
        close = nearest(name, BUILT_IN)
        raise DataError(
            f"There is no file and no built-in source {name!r}."
            + (f" Did you mean {close!r}?" if close else ""),
            where=name,
            expected=f"the path of a file, or one of the built-in sources {listed(list(BUILT_IN))}",
            next_step=f"elman train {close or next(iter(BUILT_IN))}",
        )
    return BUILT_IN[name](seed)
