"""A network worked through, as text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap as fill

from torch import Tensor

from elman.insight.unroll.digits import written
from elman.insight.unroll.expression import Expression, Named, Piece, breakable, is_copy, symbols
from elman.insight.unroll.network import Unrolled
from elman.insight.unroll.sheet import Equation, Part
from elman.insight.unroll.words import (
    SHORT,
    bias_sentence,
    check_sentence,
    network_sentence,
    shape_rows,
)

INDENT = "    "

Block = list[str]
"""Lines of one width."""


def render_text(unrolled: Unrolled, width: int = 100) -> str:
    """Every equation with its numbers, in lines of at most this width where that can be.

    Args:
        unrolled: what is to be shown.
        width: columns of the terminal.
    """
    lines = [*fill(network_sentence(unrolled), width), *fill(bias_sentence(unrolled), width), ""]
    lines += [f"{INDENT}{name:4}{shape:8}{count:>5}" for name, shape, count in shape_rows(unrolled)]
    for heading, parts in ("FORWARD", unrolled.forward), ("BACKWARD", unrolled.backward):
        if heading == "BACKWARD":
            lines += ["", *fill(SHORT, width)]
        for part in parts:
            lines += _part(heading, part, width)
    return "\n".join([*lines, "", *fill(check_sentence(unrolled), width)])


def _part(heading: str, part: Part, width: int) -> list[str]:
    lines = ["", f"{heading} · {part.title} ".ljust(width, "─"), ""]
    for equation in part.equations:
        lines += [*_equation(equation, width), ""]
    return lines[:-1]


def _equation(equation: Equation, width: int) -> list[str]:
    """The formula in names, with its words at the right; below it the same in numbers."""
    names = f"{equation.symbol} = {symbols(equation.formula)}"
    room = width - len(names)
    if len(equation.words) + 3 <= room:
        lines = [names + equation.words.rjust(room)]
    else:
        lines = [*fill(names, width, subsequent_indent=INDENT), equation.words.rjust(width)]
    return lines + [line.rstrip() for line in _filled(equation.formula, width)]


def _filled(formula: Expression, width: int) -> list[str]:
    """The numbers, broken before a sign or the result where a line is full."""
    result = _beside([[" = "], _matrix(formula.value)])
    if is_copy(formula):
        return [INDENT[1:] + line for line in result]
    blocks = [_beside([_block(piece) for piece in part]) for part in breakable(formula.pieces)]
    blocks[0] = _beside([[" = "], blocks[0]])
    rows: list[list[Block]] = [[]]
    for block in [*blocks, result]:
        if rows[-1] and _width([*rows[-1], block]) > width - len(INDENT):
            rows.append([])
        rows[-1].append(block)
    return [INDENT[1:] + line for row in rows for line in _beside(row)]


def _width(blocks: Sequence[Block]) -> int:
    return sum(len(block[0]) for block in blocks)


def _block(piece: Piece) -> Block:
    return _matrix(piece.value) if isinstance(piece, Named) else [piece]


def _matrix(value: Tensor) -> Block:
    rows = written(value)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        " ".join(number.rjust(width) for number, width in zip(row, widths, strict=True))
        for row in rows
    ]
    if len(lines) == 1:
        return [f"[{lines[0]}]"]
    return [f"⎡{lines[0]}⎤", *(f"⎢{line}⎥" for line in lines[1:-1]), f"⎣{lines[-1]}⎦"]


def _beside(blocks: Sequence[Block]) -> Block:
    """Blocks side by side, each in the middle of the tallest one's height."""
    height = max(map(len, blocks))
    return ["".join(parts) for parts in zip(*(_centred(b, height) for b in blocks), strict=True)]


def _centred(block: Block, height: int) -> Block:
    blank = " " * len(block[0])
    above = (height - len(block)) // 2
    return [blank] * above + block + [blank] * (height - len(block) - above)
