"""Where a NaN or an infinity began: batch, layer, time step, gate; before a weight is touched."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from elman.errors import DivergedError
from elman.kernels import dispatch
from elman.kernels.contract import SequenceCall, SequenceResult
from elman.layers.recurrent import Recurrent
from elman.training.gradient import Place, share_loss
from elman.training.optim import gradient_norm
from elman.training.quantities import first_gradient, first_value
from elman.training.share import WHOLE, Share
from elman.training.task import Task


@dataclass
class _Recording:
    """The inputs and outputs of every sequence call of one batch, in order.

    Attributes:
        layers: of the model; with truncated BPTT a batch may run them in two pieces of time.
    """

    layers: int
    calls: list[tuple[SequenceCall, SequenceResult]] = field(default_factory=list)

    def __call__(self, call: SequenceCall, result: SequenceResult) -> None:
        for tensor in (call.input, result.output):
            if tensor.requires_grad:
                tensor.retain_grad()
        self.calls.append((call, result))

    def place(self, number: int, step: int) -> str:
        """The layer and the time step of a step of a call."""
        layer = number % self.layers
        earlier = self.calls[layer : number : self.layers]
        step += sum(len(call.batch_sizes) for call, _ in earlier)
        return f"recurrent layer {layer}, time step {step}"


def diagnose(task: Task, place: Place, pieces: int = 1) -> DivergedError:
    """Run a batch again, watching every layer, and say where the first non-finite number is.

    Args:
        task: whose batch diverged.
        place: the batch.
        pieces: in which it was computed, by however many processes.
    """
    batch = f"epoch {place.epoch + 1}, batch {place.batch + 1}"
    batch += f" ({task.places(place.epoch, place.batch)})"
    broken = broken_weights(task.model)
    if broken:
        return _error(f"The update before this batch made {broken} NaN or infinite.", batch)
    for number in range(pieces):
        found = _search(task, place, Share(number, pieces))
        if found is not None:
            what, origin = found
            return _error(f"{what} The weights were not touched.", f"{batch}; began in {origin}")
    what = "The gradients of the pieces of a batch became NaN or infinite together."
    return _error(f"{what} The weights were not touched.", batch)


def _search(task: Task, place: Place, share: Share) -> tuple[str, str] | None:
    """What is not finite in a share of a batch, and where it began; None where all is finite."""
    layers = [part.num_layers for part in task.model.modules() if isinstance(part, Recurrent)]
    recording = _Recording(sum(layers))
    task.model.zero_grad(set_to_none=True)
    with dispatch.watch(recording):
        loss = share_loss(task, place, share).mean
    origin = _forward_place(recording)
    if not torch.isfinite(loss):
        what = f"The loss became {loss.item()}."
        return what, origin or "the layers after the last recurrent one"
    loss.backward()  # gates may hide an infinity from the loss, not from its gradient
    try:
        norm = gradient_norm(task.model.parameters())
        if share != WHOLE and not origin and bool(torch.isfinite(norm)):
            return None
        what = "The gradient became NaN or infinite."
        return what, origin or _gradient_place(task, recording)
    finally:
        task.model.zero_grad(set_to_none=True)


def refuse_weights(model: nn.Module, step: int) -> None:
    """Refuse weights that are not finite, so that a run folder never holds any.

    Args:
        model: about to be measured or saved.
        step: updates done so far.

    Raises:
        DivergedError: an update has made a weight NaN or infinite.
    """
    broken = broken_weights(model)
    if broken:
        raise _error(f"An update made {broken} NaN or infinite.", f"update {step}, or one before")


def refuse_metrics(measured: Mapping[str, float], part: str, step: int) -> None:
    """Refuse measurements that are not finite: nothing can be chosen by them.

    Args:
        measured: by the name of the metric.
        part: of the data.
        step: updates done so far.

    Raises:
        DivergedError: one is NaN or infinite.
    """
    for name, value in measured.items():
        if not math.isfinite(value):
            shown = name.replace("_", " ")
            raise _error(f"The {shown} of the {part} part became {value}.", f"after update {step}")


def _error(what: str, where: str) -> DivergedError:
    return DivergedError(
        what,
        where=where,
        expected="finite numbers",
        next_step="a lower --learning-rate or --clip-at, or --cell lstm; the run folder holds the"
        " last good checkpoint",
    )


@torch.no_grad()
def has_broken_weights(model: nn.Module) -> bool:
    """Whether a weight is not finite, such as one that no sequence of a batch has used.

    A norm takes one pass over the weights; it may be infinite where large weights are not.
    """
    norm = nn.utils.get_total_norm(model.parameters())
    return not bool(torch.isfinite(norm)) and bool(broken_weights(model))


def broken_weights(model: nn.Module) -> str:
    """The names of the weights that are not finite, in words; empty when all are."""
    names = [
        name for name, weight in model.named_parameters() if not bool(torch.isfinite(weight).all())
    ]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"the weights {', '.join(names[:3])}{more}" if names else ""


def _forward_place(recording: _Recording) -> str:
    """The first place with a value that is not finite; empty when there is none."""
    for number, (call, result) in enumerate(recording.calls):
        step = _first_step(call.input, call.batch_sizes, last=False)
        if step is not None:
            return f"the input of {recording.place(number, step)}"
        for direction, (which, output, reverse) in enumerate(_directions(call, result.output)):
            step = _first_step(output, call.batch_sizes, last=reverse)
            if step is not None:
                quantity = first_value(call, direction, step)
                first = f", first in {quantity}" if quantity else ""
                return f"the {which} of {recording.place(number, step)}{first}"
    return ""


def _gradient_place(task: Task, recording: _Recording) -> str:
    for number, (call, result) in reversed(list(enumerate(recording.calls))):
        if result.output.grad is not None:
            directions = list(enumerate(_directions(call, result.output.grad)))
            for _, (which, gradient, reverse) in directions:
                step = _first_step(gradient, call.batch_sizes, last=not reverse)
                if step is not None:
                    return f"the gradient of the {which} of {recording.place(number, step)}"
            for direction, _ in directions:
                found = first_gradient(call, result.output.grad, direction)
                if found is not None:
                    quantity, step = found
                    return f"the gradient of {quantity} of {recording.place(number, step)}"
        if call.input.grad is not None:
            step = _first_step(call.input.grad, call.batch_sizes, last=True)
            if step is not None:
                return f"the gradient of the input of {recording.place(number, step)}"
    names = [
        name
        for name, weight in task.model.named_parameters()
        if weight.grad is not None and not bool(torch.isfinite(weight.grad).all())
    ]
    return f"the gradient of {', '.join(names) or 'the weights together'}"


def _directions(call: SequenceCall, output: Tensor) -> Iterator[tuple[str, Tensor, bool]]:
    """For each direction its name, its part of the output [N, D·H], and whether it is reverse."""
    for direction, part in zip(call.directions, output.chunk(len(call.directions), 1), strict=True):
        yield "reverse output" if direction.reverse else "output", part, direction.reverse


def _first_step(values: Tensor, batch_sizes: Sequence[int], *, last: bool) -> int | None:
    """The first (or last) time step at which packed values [N, ...] are not finite."""
    bad = torch.nonzero(~torch.isfinite(values.detach()).flatten(1).all(1)).flatten()
    if not len(bad):
        return None
    position = int(bad[-1] if last else bad[0])
    ends = itertools.accumulate(batch_sizes)
    return next(step for step, end in enumerate(ends) if position < end)
