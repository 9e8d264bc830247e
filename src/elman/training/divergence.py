"""Where a NaN or an infinity began: batch, layer and time step, before the weights are touched."""

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
from elman.training.bptt import Carried
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


def diagnose(task: Task, epoch: int, batch: int, carried: Carried, seed: int) -> DivergedError:
    """Run a batch again, watching every layer, and say where the first non-finite number is.

    Args:
        task: whose batch diverged.
        epoch: of the batch.
        batch: its number.
        carried: the state it started from.
        seed: of the step, so that dropout draws the same masks.
    """
    place = f"epoch {epoch + 1}, batch {batch + 1} ({task.places(epoch, batch)})"
    broken = _broken_weights(task.model)
    if broken:
        return _error(f"The update before this batch made {broken} NaN or infinite.", place)
    layers = [part.num_layers for part in task.model.modules() if isinstance(part, Recurrent)]
    recording = _Recording(sum(layers))
    torch.manual_seed(seed)
    task.model.zero_grad(set_to_none=True)
    with dispatch.watch(recording):
        loss = task.loss(epoch, batch, carried).mean
    origin = _forward_place(recording)
    if torch.isfinite(loss):  # gates may hide an infinity from the loss, not from its gradient
        loss.backward()
        what = "The gradient became NaN or infinite."
        origin = origin or _gradient_place(task, recording)
    else:
        what = f"The loss became {loss.item()}."
        origin = origin or "the layers after the last recurrent one"
    place += f"; began in {origin}"
    task.model.zero_grad(set_to_none=True)
    return _error(what + " The weights were not touched.", place)


def refuse_weights(model: nn.Module, step: int) -> None:
    """Refuse weights that are not finite, so that a run folder never holds any.

    Args:
        model: about to be measured or saved.
        step: updates done so far.

    Raises:
        DivergedError: an update has made a weight NaN or infinite.
    """
    broken = _broken_weights(model)
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


def _broken_weights(model: nn.Module) -> str:
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
        for which, output, reverse in _directions(call, result.output):
            step = _first_step(output, call.batch_sizes, last=reverse)
            if step is not None:
                return f"the {which} of {recording.place(number, step)}"
    return ""


def _gradient_place(task: Task, recording: _Recording) -> str:
    for number, (call, result) in reversed(list(enumerate(recording.calls))):
        if result.output.grad is not None:
            for which, gradient, reverse in _directions(call, result.output.grad):
                step = _first_step(gradient, call.batch_sizes, last=not reverse)
                if step is not None:
                    return f"the gradient of the {which} of {recording.place(number, step)}"
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
