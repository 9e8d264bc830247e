"""A network of 5 inputs, 3 units and 1 output on one sequence: forward, backward, and checked.

forward     the cell's equations at each step; ŷ = V h_T + c; L = ½ (ŷ − y)²
backward    ∂ŷ = ŷ − y, from there to each step's term of each weight's gradient, and their sum
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType

import torch
from torch import Tensor

from elman.cells.spec import CellSpec, Kind
from elman.errors import UsageError
from elman.insight.unroll import gru, lstm, rnn
from elman.insight.unroll.expression import Expression
from elman.insight.unroll.sheet import Part, Sheet, at
from elman.kernels.recording import BEFORE
from elman.layers.build import recurrent_layer
from elman.layers.recurrent import Recurrent

INPUTS, UNITS = 5, 3
MOST_STEPS = 20
LARGEST = 1000

_EQUATIONS: dict[Kind, ModuleType] = {"rnn": rnn, "lstm": lstm, "gru": gru}
_GATES: dict[Kind, tuple[str, ...]] = {
    "rnn": ("",),
    "lstm": ("_i", "_f", "_g", "_o"),
    "gru": ("_r", "_z", "_n"),
}
_EXACT = 1e-12
_FORM = (
    f"{INPUTS} numbers a step, from -{LARGEST} to {LARGEST}, commas between them, and a blank"
    " between steps"
)
_EXAMPLE = "elman unroll --input '1,0,0,0,0 0,1,0,0,0'"


@dataclass(frozen=True, eq=False)
class Unrolled:
    """A network worked through on one input.

    Attributes:
        kind: of the cell; a GRU resets before the product.
        weights: by name: W, R and b of each gate, and V and c of the output; [rows, columns].
        inputs: x_1 to x_T, [5, 1] each.
        target: y.
        forward: the equations of each step, then those of the output and the loss.
        backward: from the loss to the first step, then the sums over the steps.
        prediction: ŷ.
        loss: L.
        gradients: of each weight, shaped as the weight.
        forward_difference: the largest difference between an equation's value and what the
            reference kernel computed.
        backward_difference: between the gradients of the equations and those of autograd.
    """

    kind: Kind
    weights: dict[str, Tensor]
    inputs: tuple[Tensor, ...]
    target: float
    forward: tuple[Part, ...]
    backward: tuple[Part, ...]
    prediction: float
    loss: float
    gradients: dict[str, Tensor]
    forward_difference: float
    backward_difference: float

    @property
    def parameters(self) -> int:
        """How many numbers the weights are."""
        return sum(weight.numel() for weight in self.weights.values())


def unroll(
    kind: Kind = "rnn",
    *,
    steps: int = 3,
    seed: int = 0,
    inputs: Sequence[Sequence[float]] | None = None,
    target: float = 1.0,
) -> Unrolled:
    """Work a network through on one input, in float64, and check it.

    Weights, and the input if none is given, are drawn as tenths, so that they can be copied onto a
    board.

    Args:
        kind: of the cell.
        steps: T, where no inputs are given; 1 to 20.
        seed: of the draw.
        inputs: x_1 to x_T, five numbers each.
        target: y, which the output is to be.

    Raises:
        UsageError: no step or too many, or one that is not five numbers; a number above 1000.

    Example:
        >>> unroll("rnn").parameters, unroll("lstm").parameters, unroll("gru").parameters
        (31, 112, 85)
    """
    draw = torch.Generator().manual_seed(seed)
    weights = _draw_weights(kind, draw)
    drawn = _tenths((_checked_steps(steps), INPUTS, 1), 9, draw)
    xs = tuple(drawn if inputs is None else _checked_inputs(inputs))
    y = _checked_target(target)
    sheet = Sheet()
    for name, weight in weights.items():
        sheet.given(name, weight)
    _forward(sheet, kind, xs, y)
    count = len(sheet.parts)
    _backward(sheet, kind, len(xs), list(weights))
    gradients = {name: sheet[f"∂{name}"].value for name in weights}
    forward_difference, backward_difference = _differences(sheet, kind, weights, xs, y)
    return Unrolled(
        kind, weights, xs, target, tuple(sheet.parts[:count]), tuple(sheet.parts[count:]),
        sheet["ŷ"].value.item(), sheet["L"].value.item(), gradients,
        forward_difference, backward_difference,
    )  # fmt: skip


# --- what is given


def read_input(words: str) -> list[list[float]]:
    """Steps between blanks, their numbers between commas.

    Raises:
        UsageError: a word that is no number.

    Example:
        >>> read_input("1,0,0,0,0 0,0.5,0,0,0")
        [[1.0, 0.0, 0.0, 0.0, 0.0], [0.0, 0.5, 0.0, 0.0, 0.0]]
    """
    steps: list[list[float]] = []
    for t, step in enumerate(words.split(), start=1):
        steps.append([])
        for word in step.strip(",").split(","):
            try:
                steps[-1].append(float(word))
            except ValueError:
                raise UsageError(
                    f"{word!r} is no number.",
                    where=f"input, step {t}: {step}",
                    expected=_FORM,
                    next_step=_EXAMPLE,
                ) from None
    return steps


def _tenths(shape: tuple[int, ...], most: int, draw: torch.Generator) -> Tensor:
    """Numbers ±0.1 to ±most/10, each of which prints with one decimal."""
    sizes = torch.randint(1, most + 1, shape, generator=draw)
    signs = 2 * torch.randint(0, 2, shape, generator=draw) - 1
    return (sizes * signs).double() / 10


def _draw_weights(kind: Kind, draw: torch.Generator) -> dict[str, Tensor]:
    shapes = {"W": (UNITS, INPUTS), "R": (UNITS, UNITS), "b": (UNITS, 1)}
    weights = {
        letter + gate: _tenths(shape, 5, draw)
        for gate in _GATES[kind]
        for letter, shape in shapes.items()
    }
    return weights | {"V": _tenths((1, UNITS), 9, draw), "c": _tenths((1, 1), 5, draw)}


def _checked_steps(steps: int) -> int:
    if not 1 <= steps <= MOST_STEPS:
        raise UsageError(
            f"A sequence of {steps} steps cannot be worked through.",
            where=f"steps = {steps}",
            expected=f"1 to {MOST_STEPS}",
            next_step="elman unroll --steps 3",
        )
    return steps


def _checked_inputs(inputs: Sequence[Sequence[float]]) -> list[Tensor]:
    _checked_steps(len(inputs))
    for t, step in enumerate(inputs, start=1):
        if len(step) != INPUTS or not all(abs(number) <= LARGEST for number in step):
            raise UsageError(
                f"Step {t} of the input is {', '.join(f'{number:g}' for number in step)}.",
                where=f"input, step {t}",
                expected=_FORM,
                next_step=_EXAMPLE,
            )
    return [torch.tensor(step, dtype=torch.float64).reshape(-1, 1) for step in inputs]


def _checked_target(target: float) -> float:
    if not abs(target) <= LARGEST:
        raise UsageError(
            f"The output cannot be wanted to be {target:g}.",
            where=f"target = {target:g}",
            expected=f"a number from -{LARGEST} to {LARGEST}",
            next_step="elman unroll --target 1",
        )
    return target


# --- the equations


def _forward(sheet: Sheet, kind: Kind, xs: Sequence[Tensor], target: float) -> None:
    zeros = torch.zeros(UNITS, 1, dtype=torch.float64)
    for letter in CellSpec(kind).state_names:
        sheet.given(at(letter, 0), zeros)
    sheet.given("y", torch.tensor([[target]], dtype=torch.float64))
    sheet.given("½", torch.tensor([[0.5]], dtype=torch.float64))
    for t, x in enumerate(xs, start=1):
        sheet.given(at("x", t), x)
        sheet.begin(f"Step {t}")
        _EQUATIONS[kind].forward(sheet, t)
    sheet.begin("Output and loss")
    guess = sheet.write("ŷ", "output", sheet["V"] @ sheet[at("h", len(xs))] + sheet["c"])
    error = sheet.write("e", "error", guess - sheet["y"])
    sheet.write("L", "loss", sheet["½"] @ error @ error)


def _backward(sheet: Sheet, kind: Kind, steps: int, weights: Sequence[str]) -> None:
    h = sheet[at("h", steps)]
    sheet.begin("The loss and the output")
    d_guess = sheet.write("∂ŷ", "the error: the slope of L at ŷ", sheet["e"])
    sheet.write("∂V", "gradient of V", d_guess @ h.T)
    sheet.write("∂c", "gradient of c", d_guess)
    sheet.write(at("∂h", steps), f"handed back to step {steps}", sheet["V"].T @ d_guess)
    for t in range(steps, 0, -1):
        sheet.begin(f"Step {t}")
        _EQUATIONS[kind].backward(sheet, t)
    sheet.begin("The gradients: the terms of all steps together")
    for name in weights[:-2]:
        terms = [sheet[f"∂{name}^({t})"] for t in range(1, steps + 1)]
        sheet.write(f"∂{name}", f"gradient of {name}", _added(terms))


def _added(terms: Sequence[Expression]) -> Expression:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


# --- the check


def _differences(
    sheet: Sheet, kind: Kind, weights: dict[str, Tensor], xs: Sequence[Tensor], target: float
) -> tuple[float, float]:
    """How far the sheet is from the reference kernel, and from autograd.

    Raises:
        RuntimeError: further than rounding; a wrong equation stands in this package.
    """
    gates = _GATES[kind]
    layer = _layer(kind, weights)
    input = torch.cat([*xs], dim=1).T
    output, _ = layer(input)
    seen = {
        at(name, t): value[t - 1, 0]
        for name, value in layer.trace(input).layers[0][0].items()
        if not name.endswith(BEFORE)
        for t in range(1, len(xs) + 1)
    }
    V, c = (weights[name].clone().requires_grad_() for name in ("V", "c"))  # noqa: N806
    loss = (V @ output[-1].unsqueeze(1) + c - target).square().sum() / 2
    slopes = torch.autograd.grad(loss, [*layer.all_weights[0][:3], V, c])
    ours = [torch.cat([sheet[f"∂{letter}{gate}"].value for gate in gates]) for letter in "WRb"]
    ours += [sheet["∂V"].value, sheet["∂c"].value]
    forward = max(_apart(sheet[name].value, value) for name, value in seen.items())
    backward = max(_apart(one, other) for one, other in zip(ours, slopes, strict=True))
    size = max(1.0, *(value.abs().max().item() for value in [*seen.values(), *slopes]))
    if not max(forward, backward) <= _EXACT * size:
        raise RuntimeError(f"the equations are off by {forward} forward, {backward} backward")
    return forward, backward


def _layer(kind: Kind, weights: dict[str, Tensor]) -> Recurrent:
    """The layer that has these weights; b = b_ih + b_hh, of which the second is 0."""
    layer = recurrent_layer(CellSpec(kind, reset_after=kind != "gru"), INPUTS, UNITS).double()
    W, R, b, b_hh = layer.all_weights[0]  # noqa: N806
    with torch.no_grad():
        for parameter, letter in (W, "W"), (R, "R"), (b, "b"):
            stacked = torch.cat([weights[letter + gate] for gate in _GATES[kind]])
            parameter.copy_(stacked.reshape(parameter.shape))
        b_hh.zero_()
    return layer


def _apart(one: Tensor, other: Tensor) -> float:
    return (one.flatten() - other.flatten()).abs().max().item()
