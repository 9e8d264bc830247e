"""Formulas that know how they are written and what they come to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

SUM, PRODUCT, WHOLE = 0, 1, 2
"""How tightly the parts of an expression are bound: a looser one inside gets parentheses."""

PLUS, MINUS, TIMES, OPEN, CLOSE = " + ", " − ", " ⊙ ", "(", ")"


@dataclass(frozen=True, eq=False)
class Named:
    """A number, vector or matrix that has a name, such as h_1; [rows, columns]."""

    symbol: str
    value: Tensor


Piece = str | Named


@dataclass(frozen=True, eq=False)
class Expression:
    """A formula: what it comes to, and how it is written.

    `@` is the product of matrices, `*` the product of elements (⊙), and `1 - x` is written so.

    Attributes:
        value: [rows, columns] what it comes to.
        pieces: named values and the signs between them, in the order of writing.
        binding: SUM, PRODUCT or WHOLE.

    Example:
        >>> x, y = (leaf(name, torch.tensor([[2.0]])) for name in "xy")
        >>> formula = (1 - x) * (x + y)
        >>> symbols(formula), formula.value.item()
        ('(1 − x) ⊙ (x + y)', -4.0)
    """

    value: Tensor
    pieces: tuple[Piece, ...]
    binding: int = WHOLE

    @property
    def T(self) -> Expression:  # noqa: N802 (as of a tensor)
        """The transpose of a named value: xᵀ."""
        return leaf(f"{symbols(self)}ᵀ", self.value.T)

    def __matmul__(self, other: Expression) -> Expression:
        pieces = (*self._within(PRODUCT), " ", *other._within(PRODUCT))
        return Expression(self.value @ other.value, pieces, PRODUCT)

    def __mul__(self, other: Expression) -> Expression:
        pieces = (*self._within(PRODUCT), TIMES, *other._within(PRODUCT))
        return Expression(self.value * other.value, pieces, PRODUCT)

    def __add__(self, other: Expression) -> Expression:
        return Expression(self.value + other.value, (*self.pieces, PLUS, *other.pieces), SUM)

    def __sub__(self, other: Expression) -> Expression:
        pieces = (*self.pieces, MINUS, *other._within(PRODUCT))
        return Expression(self.value - other.value, pieces, SUM)

    def __rsub__(self, whole: int) -> Expression:
        pieces = (str(whole), MINUS, *self._within(PRODUCT))
        return Expression(whole - self.value, pieces, SUM)

    def _within(self, binding: int) -> tuple[Piece, ...]:
        return self.pieces if self.binding >= binding else (OPEN, *self.pieces, CLOSE)


def leaf(symbol: str, value: Tensor) -> Expression:
    """A named value as an expression."""
    return Expression(value, (Named(symbol, value),))


def tanh(x: Expression) -> Expression:
    """Of each element."""
    return _applied("tanh", torch.tanh, x)


def sigmoid(x: Expression) -> Expression:
    """Of each element: σ(x) = 1 / (1 + e^(-x))."""
    return _applied("σ", torch.sigmoid, x)


def _applied(name: str, function: Callable[[Tensor], Tensor], x: Expression) -> Expression:
    return Expression(function(x.value), (name, OPEN, *x.pieces, CLOSE))


def symbols(expression: Expression) -> str:
    """How the formula is written, in names."""
    return "".join(
        piece.symbol if isinstance(piece, Named) else piece for piece in expression.pieces
    )


def is_copy(expression: Expression) -> bool:
    """Whether the formula is another quantity under a new name, with nothing to compute."""
    return len(expression.pieces) == 1


def breakable(pieces: tuple[Piece, ...]) -> list[tuple[Piece, ...]]:
    """The pieces cut where a line may break: before a +, − or ⊙ that no parenthesis holds.

    Example:
        >>> breakable(("a", PLUS, OPEN, "b", MINUS, "c", CLOSE))
        [('a',), (' + ', '(', 'b', ' − ', 'c', ')')]
    """
    parts: list[list[Piece]] = [[]]
    depth = 0
    for piece in pieces:
        depth += (piece == OPEN) - (piece == CLOSE)
        if depth == 0 and piece in (PLUS, MINUS, TIMES):
            parts.append([])
        parts[-1].append(piece)
    return [tuple(part) for part in parts]
