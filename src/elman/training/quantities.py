"""Which quantity of a step was the first that is not finite: a gate, a sum, a part of the state."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from elman.kernels import recording, reference
from elman.kernels.contract import SequenceCall
from elman.kernels.reference import Moment

_WORDS = {
    "i": "input gate", "f": "forget gate", "o": "output gate", "r": "reset gate",
    "z": "update gate", "g": "candidate", "n": "candidate", "c": "cell state",
    "h": "hidden state", "m": "hidden state before its projection",
}  # fmt: skip


def first_value(call: SequenceCall, direction: int, step: int) -> str:
    """What a time step computed first that is not finite, in words; empty where all is finite.

    Args:
        call: of the layer.
        direction: its place among the call's directions.
        step: the time step.
    """
    with torch.no_grad():
        _, record = recording.run(call)
    first = sum(call.batch_sizes[:step])
    rows = slice(first, first + call.batch_sizes[step])
    for name, values in record.directions[direction].items():
        if not name.endswith(recording.BEFORE) and not _finite(values[rows]):
            return in_words(name)
    return ""


def first_gradient(call: SequenceCall, d_output: Tensor, direction: int) -> tuple[str, int] | None:
    """Going back through a layer, the first quantity whose gradient is not finite, and its step.

    Args:
        call: of the layer.
        d_output: [N, D·H] the gradient of the loss by its output.
        direction: its place among the call's directions.
    """
    kept: list[tuple[int, str, Tensor]] = []

    def keep(which: int, t: int, moment: Moment) -> None:
        if which == direction:
            kept.extend((t, name, value) for name, value in moment.named.items())

    cut = replace(
        call,
        input=call.input.detach(),
        directions=tuple(
            replace(one, initial=tuple(part.detach() for part in one.initial))
            for one in call.directions
        ),
    )
    with torch.enable_grad():
        result = reference.run(cut, keep)
    values = [value for _, _, value in kept]
    gradients = torch.autograd.grad(result.output, values, d_output, allow_unused=True)
    for (t, name, _), gradient in reversed(list(zip(kept, gradients, strict=True))):
        if gradient is not None and not _finite(gradient):
            return in_words(name), t
    return None


def in_words(name: str) -> str:
    """A letter of the cells, and what it stands for.

    Example:
        >>> in_words("f"), in_words("a_f"), in_words("a")
        ('the forget gate (f)', 'the sum of the forget gate (a_f)', 'the sum (a)')
    """
    letter = name.removesuffix(recording.NEW)
    if letter == "a":
        return f"the sum ({name})"
    what = _WORDS.get(letter.removeprefix("a_"))
    if what is None:  # of a cell that the user has written
        return name
    return f"the sum of the {what} ({name})" if letter.startswith("a_") else f"the {what} ({name})"


def _finite(values: Tensor) -> bool:
    return bool(torch.isfinite(values).all())
