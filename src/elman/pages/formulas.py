"""Formulas: symbols with their indices, matrices, and equations with their numbers filled in."""

from __future__ import annotations

import re
from collections.abc import Sequence

from elman.pages.text import Html, element, fragment

_SYMBOL = re.compile(r"(∂?)([^_^ᵀ]+)(?:_([^^ᵀ]+))?(?:\^([^ᵀ]+))?(ᵀ?)")


def symbol(name: str) -> Html:
    """A letter with its index below and above; a name of another form stands as it is.

    Example:
        >>> symbol("∂W_f^(2)")
        '∂<i>W</i><sub>f</sub><sup>(2)</sup>'
    """
    found = _SYMBOL.fullmatch(name)
    if not found:
        return fragment(name)
    slope, letter, below, above, turned = found.groups()
    return fragment(
        slope,
        element("i", letter) if letter.isalpha() else letter,
        *([element("sub", below)] if below else []),
        *([element("sup", above)] if above else []),
        *([element("sup", "T")] if turned else []),
    )


def matrix(rows: Sequence[Sequence[str]]) -> Html:
    """Numbers between brackets, in rows and columns."""
    cells = [element("span", number) for row in rows for number in row]
    columns = f"grid-template-columns:repeat({len(rows[0])},auto)"
    return element("span", *cells, class_="matrix", style=columns)


def equation(spoken: str, words: str, formula: Html, terms: Sequence[Html], result: Html) -> Html:
    """A formula in symbols, and below it in numbers, which breaks between its terms.

    Args:
        spoken: the formula as plain text.
        words: what is computed.
        formula: left and right side in symbols.
        terms: the right side in numbers, cut where a line may break; none for a mere copy.
        result: what it comes to.
    """
    filled = [
        element("span", "= " if index == 0 else "", term, class_="term")
        for index, term in enumerate(terms)
    ]
    return element(
        "div",
        element("p", element("span", formula), " ", element("span", words, class_="note")),
        element(
            "div", *filled, element("span", "= ", result, class_="term result"), class_="terms"
        ),
        class_="equation",
        role="group",
        aria_label=f"{words}: {spoken}",
    )
