"""The built-in source `names-en-hi`: what is called so in English is called how in Hindi?

The names of territories and languages are the Unicode consortium's (CLDR), as Babel ships them.
Most are the English sounds in another script; some are translated.
"""

from __future__ import annotations

from typing import Final

from elman.data.built_in.canonical import examples_sha256
from elman.data.built_in.cldr import babel_for
from elman.data.examples import Dataset, TextPair
from elman.data.splits import seeded_split
from elman.data.texts.tokens import normalise

SPLIT_SEED: Final = 0


def load(seed: int) -> Dataset[TextPair]:
    """Some 850 English names, each with the Hindi one; no English name comes twice.

    Args:
        seed: the run's; the split does not follow it, so that all runs are measured on one test
            part.

    Raises:
        MissingExtra: when Babel is not installed.

    Example:
        >>> {example.text: example.target for example in load(seed=0).train}["Canada"]
        'कनाडा'
    """
    babel = babel_for("names-en-hi")
    english, hindi = babel.Locale("en"), babel.Locale("hi")
    names: dict[str, str] = {}
    for ours, theirs in (
        (english.territories, hindi.territories),
        (english.languages, hindi.languages),
    ):
        for code in sorted(set(ours) & set(theirs)):
            names.setdefault(normalise(ours[code]), normalise(theirs[code]))
    pairs = [TextPair(text, names[text], row) for row, text in enumerate(sorted(names), 1)]
    train, validation, test = (
        tuple(pairs[place] for place in part) for part in seeded_split(len(pairs), SPLIT_SEED)
    )
    return Dataset(
        name="names-en-hi",
        shape="encoder_decoder",
        shape_reason="encoder and decoder: each English name is to be written in Hindi",
        target="text",
        train=train,
        validation=validation,
        test=test,
        split_reason=f"fixed split 80/10/10 (seed {SPLIT_SEED}, whatever the run's seed)",
        sha256=examples_sha256(train, validation, test),
        notes=(
            f"territory and language names of the CLDR data in Babel {babel.__version__}: "
            f"{len(pairs):,} pairs",
        ),
    )
