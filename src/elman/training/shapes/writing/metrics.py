"""What written texts are worth: exact match, character error rate, BLEU and chrF."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType

from elman.data.texts.tokens import detokenise, tokenise
from elman.data.texts.units import Unit
from elman.errors import MissingExtra

Tokens = Sequence[str]


def text_metrics(
    written: Sequence[Tokens], wanted: Sequence[Tokens], unit: Unit
) -> dict[str, float]:
    """The figures of written texts, the one that chooses the best generation first.

    Characters and code points: the error rate, counted in characters as readers know them, and the
    share of texts that are right from end to end. Words: BLEU
    (Papineni et al., 2002) over the tokens as they are, chrF (Popović, 2015) over readable text,
    both from 0 to 100 as sacrebleu counts them (Post, 2018), and the share of texts that are right.

    Args:
        written: the tokens of each text.
        wanted: the tokens of each reference.
        unit: what the tokens are.

    Raises:
        MissingExtra: the tokens are words, and sacrebleu is not installed.
    """
    pairs = list(zip(written, wanted, strict=True))
    exact = sum(list(one) == list(other) for one, other in pairs) / len(pairs)
    if unit != "words":
        spelt = [[tokenise("".join(one), "characters") for one in pair] for pair in pairs]
        wrong = sum(edit_distance(one, other) for one, other in spelt)
        length = sum(len(other) for _, other in spelt)
        return {"character_error_rate": wrong / max(length, 1), "exact_match": exact}
    library = sacrebleu()
    spaced = [[" ".join(tokens) for tokens in texts] for texts in (written, wanted)]
    readable = [[detokenise(tokens, unit) for tokens in texts] for texts in (written, wanted)]
    # By force: it warns of tokens where it expects running text, and tokens are meant here.
    return {
        "bleu": library.corpus_bleu(spaced[0], [spaced[1]], tokenize="none", force=True).score,
        "chrf": library.corpus_chrf(readable[0], [readable[1]]).score,
        "exact_match": exact,
    }


def sacrebleu() -> ModuleType:
    """The library that counts BLEU and chrF.

    Raises:
        MissingExtra: it is not installed.
    """
    try:
        import sacrebleu
    except ImportError as error:
        raise MissingExtra("sacrebleu", "translation", "Measuring BLEU and chrF") from error
    return sacrebleu


def edit_distance(one: Tokens, other: Tokens) -> int:
    """The least number of insertions, deletions and replacements that make one of the other.

    Source: Wagner, Fischer (1974), "The string-to-string correction problem".

    Example:
        >>> edit_distance("kitten", "sitting")
        3
    """
    row = list(range(len(other) + 1))
    for number, token in enumerate(one, start=1):
        corner, row[0] = row[0], number
        for place, wanted in enumerate(other, start=1):
            replaced = corner + (token != wanted)
            corner = row[place]
            row[place] = min(replaced, corner + 1, row[place - 1] + 1)
    return row[-1]
