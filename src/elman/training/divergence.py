"""Where a NaN or an infinity began: batch, layer and time step, before the weights are touched."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from elman.errors import DivergedError
from elman.kernels import dispatch
from elman.kernels.contract import SequenceCall, SequenceResult
from elman.training.bptt import Carried
from elman.training.task import Task


@dataclass
class _Recording:
    """The inputs and outputs of every sequence call of one batch, in order."""

    calls: list[tuple[SequenceCall, SequenceResult]] = field(default_factory=list)

    def __call__(self, call: SequenceCall, result: SequenceResult) -> None:
        for tensor in (call.input, result.output):
            if tensor.requires_grad:
                tensor.retain_grad()
        self.calls.append((call, result))


def diagnose(task: Task, epoch: int, batch: int, carried: Carried, seed: int) -> DivergedError:
    """Run a batch again, watching every layer, and say where the first non-finite number is.

    Args:
        task: whose batch diverged.
        epoch: of the batch.
        batch: its number.
        carried: the state it started from.
        seed: of the step, so that dropout draws the same masks.
    """
    recording = _Recording()
    torch.manual_seed(seed)
    task.model.zero_grad(set_to_none=True)
    with dispatch.watch(recording):
        loss = task.loss(epoch, batch, carried).mean
    if torch.isfinite(loss):
        loss.backward()
        what = "The gradient became NaN or infinite."
        place = _gradient_place(task, recording)
    else:
        what = f"The loss became {loss.item()}."
        place = _forward_place(task, recording)
    task.model.zero_grad(set_to_none=True)
    return DivergedError(
        what + " The weights were not touched.",
        where=f"epoch {epoch + 1}, batch {batch + 1} ({task.places(epoch, batch)}); {place}",
        expected="finite numbers",
        next_step="a lower --learning-rate or --clip-at, or --cell lstm; the run folder holds the"
        " last good checkpoint",
    )


def _forward_place(task: Task, recording: _Recording) -> str:
    for name, weight in task.model.named_parameters():
        if not bool(torch.isfinite(weight).all()):
            return f"began in the weights {name}"
    for layer, (call, result) in enumerate(recording.calls):
        for what, tensor in (("input", call.input), ("output", result.output)):
            step = _first_step(tensor, call.batch_sizes, last=False)
            if step is not None:
                return f"began in the {what} of recurrent layer {layer}, time step {step}"
    return "began after the last recurrent layer"


def _gradient_place(task: Task, recording: _Recording) -> str:
    for layer, (call, result) in reversed(list(enumerate(recording.calls))):
        for what, tensor in (("output", result.output), ("input", call.input)):
            if tensor.grad is None:
                continue
            step = _first_step(tensor.grad, call.batch_sizes, last=True)
            if step is not None:
                return (
                    f"began in the gradient of the {what} of recurrent layer {layer},"
                    f" time step {step} (going back in time)"
                )
    names = [
        name
        for name, weight in task.model.named_parameters()
        if weight.grad is not None and not bool(torch.isfinite(weight.grad).all())
    ]
    return f"began in the gradient of {', '.join(names) or 'the weights together'}"


def _first_step(values: Tensor, batch_sizes: Sequence[int], *, last: bool) -> int | None:
    """The first (or last) time step at which packed values [N, ...] are not finite."""
    bad = torch.nonzero(~torch.isfinite(values.detach()).flatten(1).all(1)).flatten()
    if not len(bad):
        return None
    position = int(bad[-1] if last else bad[0])
    ends = itertools.accumulate(batch_sizes)
    return next(step for step, end in enumerate(ends) if position < end)
