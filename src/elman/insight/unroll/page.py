"""A network worked through, as a page."""

from __future__ import annotations

from collections.abc import Sequence

from elman.insight.unroll.digits import written
from elman.insight.unroll.expression import Named, Piece, breakable, is_copy, symbols
from elman.insight.unroll.network import Unrolled
from elman.insight.unroll.sheet import Equation, Part
from elman.insight.unroll.words import (
    SHORT,
    bias_sentence,
    check_sentence,
    network_sentence,
    shape_rows,
)
from elman.pages.bars import Bar, bar_chart
from elman.pages.document import Section, document
from elman.pages.formulas import equation, matrix, symbol
from elman.pages.tables import table
from elman.pages.text import Html, element, fragment, number


def render_page(unrolled: Unrolled, command: str, version: str) -> str:
    """The text of an HTML file.

    Args:
        unrolled: what is to be shown.
        command: that gives the same page again.
        version: of Elman.
    """
    sections = [
        Section("network", "The network", _network(unrolled)),
        Section("forward", "Forward", fragment(*map(_part, unrolled.forward))),
        Section("terms", "What each step adds to the gradient", _terms(unrolled)),
        Section(
            "backward",
            "Backward",
            fragment(element("p", SHORT, class_="note"), *map(_part, unrolled.backward)),
        ),
        Section("check", "The check", element("p", check_sentence(unrolled))),
        Section("reproduce", "To reproduce", element("pre", element("code", command))),
    ]
    steps = len(unrolled.inputs)
    headline = element(
        "p",
        f"{unrolled.kind.upper()}, {steps} step{'s' if steps > 1 else ''}: output ",
        element("b", number(unrolled.prediction)),
        f" where {number(unrolled.target)} was wanted, loss ",
        element("b", number(unrolled.loss)),
        ".",
        class_="headline",
    )
    title = f"A network of {unrolled.parameters} parameters, worked through"
    return document(
        title, fragment(element("h1", title), headline), sections, f"Written by Elman {version}."
    )


def _network(unrolled: Unrolled) -> Html:
    rows = [
        [symbol(name), shape, count, matrix(written(unrolled.weights[name]))]
        for name, shape, count in shape_rows(unrolled)[:-1]
    ]
    *_, (_, _, total) = shape_rows(unrolled)
    return fragment(
        element("p", network_sentence(unrolled)),
        element("p", bias_sentence(unrolled)),
        table(
            "Parameters",
            ["Name", "Shape", "Count", "Numbers"],
            [*rows, ["All", "", total, ""]],
            numeric=(2,),
        ),
    )


def _terms(unrolled: Unrolled) -> Html:
    """The norm of each step's term of the gradient of all input weights."""
    squares: dict[str, float] = {}
    for part in unrolled.backward:
        for one in part.equations:
            if one.symbol.startswith("∂W") and "^" in one.symbol:
                square = one.formula.value.square().sum().item()
                squares[part.title] = squares.get(part.title, 0.0) + square
    bars = [
        Bar(title, square**0.5, number(square**0.5, 3))
        for title, square in reversed(squares.items())
    ]
    look = (
        "Look at how the bars change from the last step, where the loss is, to the first: each step"
        " back multiplies by the slopes of the functions and by the weights R, and what that does"
        " over many steps is why gradients vanish or explode."
    )
    return fragment(bar_chart("Norm of each step's term of ∂L/∂W", bars), element("p", look))


def _part(part: Part) -> Html:
    return fragment(element("h3", part.title), *map(_equation, part.equations))


def _equation(one: Equation) -> Html:
    formula, spoken = one.formula, f"{one.symbol} = {symbols(one.formula)}"
    terms = [] if is_copy(formula) else list(map(_numbers, breakable(formula.pieces)))
    names = fragment(symbol(one.symbol), " = ", *map(_name, formula.pieces))
    return equation(spoken, one.words, names, terms, matrix(written(formula.value)))


def _name(piece: Piece) -> Html:
    return symbol(piece.symbol) if isinstance(piece, Named) else fragment(piece)


def _numbers(pieces: Sequence[Piece]) -> Html:
    return fragment(
        *(matrix(written(piece.value)) if isinstance(piece, Named) else piece for piece in pieces)
    )
