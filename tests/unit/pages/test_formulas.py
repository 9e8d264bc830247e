from __future__ import annotations

import pytest

from elman.pages.formulas import equation, matrix, symbol
from elman.pages.text import fragment
from tests.markup import parsed, words


@pytest.mark.parametrize(
    ("name", "markup"),
    [
        ("W", "<i>W</i>"),
        ("h_1", "<i>h</i><sub>1</sub>"),
        ("a_f,12", "<i>a</i><sub>f,12</sub>"),
        ("∂W_f^(2)", "∂<i>W</i><sub>f</sub><sup>(2)</sup>"),
        ("x_1ᵀ", "<i>x</i><sub>1</sub><sup>T</sup>"),
        ("½", "½"),
        ("<b>_&", "&lt;b&gt;<sub>&amp;</sub>"),
        ("__", "__"),
    ],
)
def test_symbols(name: str, markup: str) -> None:
    assert symbol(name) == markup


def test_a_matrix_has_its_columns() -> None:
    root = parsed(matrix([["1", "−2"], ["<", "4"]]))
    assert [cell.text for cell in root] == ["1", "−2", "<", "4"]
    assert root.get("style") == "grid-template-columns:repeat(2,auto)"


def test_an_equation_is_spoken_and_breaks_between_its_terms() -> None:
    terms = [matrix([["1"]]), fragment(" + ", matrix([["2"]]))]
    root = parsed(equation("a < b + c", "sum", symbol("a"), terms, matrix([["3"]])))
    assert root.get("aria-label") == "sum: a < b + c"
    assert words(root) == "a sum= 1 + 2= 3"
    assert [part.get("class") for part in root[1]] == ["term", "term", "term result"]
