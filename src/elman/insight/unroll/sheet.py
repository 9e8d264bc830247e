"""The sheet of paper on which a network is worked through, equation by equation."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor

from elman.insight.unroll.expression import Expression, leaf


@dataclass(frozen=True, eq=False)
class Equation:
    """One line: the name of what is computed, what that is in words, and the formula for it."""

    symbol: str
    words: str
    formula: Expression


@dataclass(frozen=True, eq=False)
class Part:
    """Equations that belong together, such as those of one step."""

    title: str
    equations: list[Equation] = field(default_factory=list)


class Sheet:
    """What has been written so far; `sheet["h_1"]` is a quantity that stands there, for use."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self._leaves: dict[str, Expression] = {}

    def __getitem__(self, symbol: str) -> Expression:
        return self._leaves[symbol]

    def __contains__(self, symbol: str) -> bool:
        return symbol in self._leaves

    def begin(self, title: str) -> None:
        """Begin a new part."""
        self.parts.append(Part(title))

    def given(self, symbol: str, value: Tensor) -> None:
        """A value that no equation gives: a weight, an input, the initial state."""
        self._leaves[symbol] = leaf(symbol, value)

    def write(self, symbol: str, words: str, formula: Expression) -> Expression:
        """Write one equation down, and return its left side, for use in later ones."""
        self.parts[-1].equations.append(Equation(symbol, words, formula))
        self.given(symbol, formula.value)
        return self[symbol]


def at(letter: str, t: int) -> str:
    """The name of a quantity of step t.

    Example:
        >>> at("h", 1), at("a_f", 2)
        ('h_1', 'a_f,2')
    """
    return f"{letter},{t}" if "_" in letter else f"{letter}_{t}"


def write_terms(sheet: Sheet, gate: str, t: int, seen: Expression) -> None:
    """What step t adds to the gradients of one gate's weights.

        ∂W^(t) = ∂a_t x_tᵀ,    ∂R^(t) = ∂a_t seenᵀ,    ∂b^(t) = ∂a_t

    Args:
        sheet: on which ∂a_t stands.
        gate: its letter with an underscore before it, or nothing for the simple network.
        t: the step.
        seen: what R is multiplied by: the state before, or in a GRU what its reset gate left of it.
    """
    d_a = sheet[at(f"∂a{gate}", t)]
    for weights, factor in ("W", sheet[at("x", t)]), ("R", seen):
        words = f"step {t}'s term of the gradient of {weights}{gate}"
        sheet.write(f"∂{weights}{gate}^({t})", words, d_a @ factor.T)
    sheet.write(f"∂b{gate}^({t})", f"step {t}'s term of the gradient of b{gate}", d_a)
