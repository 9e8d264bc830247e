"""The built-in source `languages`: which language calls a country, language or script so?

The names are the Unicode consortium's own (CLDR), as the library Babel ships them. A name that two
of the languages share tells nothing about its language, and is left out.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from typing import Final

from elman.data.built_in.canonical import examples_sha256
from elman.data.built_in.cldr import babel_for
from elman.data.examples import Dataset, LabelledText
from elman.data.splits import seeded_split

CODES: Final = (
    *("en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "fi", "hu", "pl", "cs", "ro", "tr"),
    *("vi", "id", "hr", "sk", "lt", "lv", "et", "sl", "is", "sq", "ca", "eu", "ga", "cy", "sw"),
    *("hi", "bn"),
)
"""The languages, as CLDR abbreviates them."""

SPLIT_SEED: Final = 0


def load(seed: int) -> Dataset[LabelledText]:
    """Some 19,000 names, each labelled with the English name of its language.

    Args:
        seed: the run's; the split does not follow it, so that all runs are measured on one test
            part.

    Raises:
        MissingExtra: when Babel is not installed.

    Example:
        >>> dataset = load(seed=0)
        >>> {example.text: example.label for example in dataset.train}["Yr Eidal"]
        'Welsh'
    """
    version, names = _names_and_version()
    found = _unshared(names)
    places = seeded_split(len(found), SPLIT_SEED)
    train, validation, test = (tuple(found[place] for place in part) for part in places)
    return Dataset(
        name="languages",
        shape="many_to_one",
        shape_reason=f"many to one: each name is labelled with its language ({len(CODES)} labels)",
        target="class",
        train=train,
        validation=validation,
        test=test,
        split_reason=f"fixed split 80/10/10 (seed {SPLIT_SEED}, whatever the run's seed)",
        sha256=examples_sha256(train, validation, test),
        notes=(
            f"territory, language and script names of the CLDR data in Babel {version}: "
            f"{len(found):,} names in {len(CODES)} languages",
            "names that several of the languages share are left out",
        ),
    )


def _names_and_version() -> tuple[str, dict[str, set[str]]]:
    """Babel's version, and every name of each language, by the language's English name."""
    babel = babel_for("languages")
    in_english = babel.Locale("en").languages
    names: dict[str, set[str]] = {}
    for code in CODES:
        locale = babel.Locale(code)
        tables = (locale.territories, locale.languages, locale.scripts)
        spelt = (unicodedata.normalize("NFC", name) for table in tables for name in table.values())
        names[in_english[code]] = {name.strip() for name in spelt if name.strip()}
    return babel.__version__, names


def _unshared(names: dict[str, set[str]]) -> list[LabelledText]:
    """The names that one language alone bears, one spelling each, in a fixed order."""
    spellings: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for language, its_names in names.items():
        for name in its_names:
            spellings[unicodedata.normalize("NFC", name.casefold())].add((name, language))
    alone = sorted(
        min(spelt) for spelt in spellings.values() if len({language for _, language in spelt}) == 1
    )
    return [LabelledText(name, language, row) for row, (name, language) in enumerate(alone, 1)]
