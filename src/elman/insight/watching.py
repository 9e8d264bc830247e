"""The gradient by every step's state and the saturated gates, sampled while a model is trained.

At every 50th call of a layer in training, one sequence of the batch, the longest, is run again on
the reference kernel, from the layer's own input, and the gradient that the layer's output has just
been given is sent back through it: that is ∂L/∂h_t of that sequence, exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial

import torch
from torch import Tensor

from elman.insight.health import saturated
from elman.insight.place import Place
from elman.insight.recording import DirectionRecording
from elman.insight.sums import norms
from elman.kernels import dispatch, recording
from elman.kernels.contract import Direction, SequenceCall, SequenceResult
from elman.layers.trace import words_of

EVERY = 50


@dataclass(frozen=True)
class Sample:
    """What was seen at one call of a layer in training.

    Attributes:
        call: how many calls of the layer in training came before.
        place: layer and direction.
        norms: [T] of ∂L/∂h_t, of the longest sequence of the batch.
        saturated: for each gate the share of its units, over all steps, at an end of their range.
    """

    call: int
    place: Place
    norms: Tensor
    saturated: Mapping[str, float]


@dataclass
class _Watcher:
    """Sees each call of a layer, and asks for its gradient now and then."""

    every: int
    samples: list[Sample] = field(default_factory=list)
    layers: dict[int, tuple[Tensor, int]] = field(default_factory=dict)
    calls: dict[int, int] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=dict)

    def _due(self, layer: int, number: int) -> bool:
        """Whether a layer's call of that number is to be sampled."""
        return layer not in self.last or number - self.last[layer] >= self.every

    def __call__(self, call: SequenceCall, result: SequenceResult) -> None:
        """Take note of a call; those without a gradient are not training."""
        weight = call.directions[0].weights.ih
        if not result.output.requires_grad or not weight.is_leaf or not call.batch_sizes:
            return
        _, layer = self.layers.setdefault(id(weight), (weight, len(self.layers)))
        number = self.calls.get(layer, 0)
        self.calls[layer] = number + 1
        if not self._due(layer, number):
            return
        gradients: dict[int, Tensor] = {}

        def keep(place: int, gradient: Tensor | None) -> None:
            if gradient is not None:
                gradients[place] = gradient

        for place, one in enumerate(_outputs(result)):
            if one.requires_grad:
                one.register_hook(partial(keep, place))

        def sample(_: Tensor) -> None:
            done.remove()
            # A call that the loss does not depend on has no gradients, and the next one is due.
            if gradients and self._due(layer, number):
                self.last[layer] = number
                self.samples += _sampled(number, layer, call, gradients)

        # When a weight has its gradient, whatever the call returned has had its own.
        done = weight.register_post_accumulate_grad_hook(sample)


@contextmanager
def watch_training(every: int = EVERY) -> Iterator[list[Sample]]:
    """Inside this context, the list that it gives fills with samples of every layer in training.

    Args:
        every: how many calls of a layer lie between two samples.

    Example:
        >>> import elman
        >>> layer = elman.GRU(2, 3)
        >>> with watch_training(every=2) as samples:
        ...     for _ in range(3):
        ...         layer(torch.randn(4, 1, 2))[0].sum().backward()
        >>> [(one.call, one.norms.shape, sorted(one.saturated)) for one in samples]
        [(0, torch.Size([4]), ['r', 'z']), (2, torch.Size([4]), ['r', 'z'])]
    """
    watcher = _Watcher(every)
    with dispatch.watch(watcher):
        yield watcher.samples


def _outputs(result: SequenceResult) -> list[Tensor]:
    """All that a call returned: the output, and the parts of each direction's final state."""
    return [result.output, *(part for final in result.final for part in final)]


def _sampled(
    number: int, layer: int, call: SequenceCall, gradients: Mapping[int, Tensor]
) -> list[Sample]:
    """The samples of each direction, from the gradients by what the call returned."""
    rows = torch.tensor([0, *call.batch_sizes[:-1]]).cumsum(0)  # the longest stands first
    first = torch.tensor([0])
    with torch.enable_grad():
        result, record = recording.run(_alone(call, rows))
        total = torch.zeros(())
        returned = _outputs(result)
        for place, gradient in gradients.items():
            own = gradient[rows if place == 0 else first]
            total = total + (returned[place] * own).sum()
    found = []
    for direction, graph, named in zip(
        record.call.directions, record.graphs, record.directions, strict=True
    ):
        states = [state[0] for state in graph.states]
        asked = torch.autograd.grad(total, states, retain_graph=True, materialize_grads=True)
        where = Place(layer, direction.reverse)
        quantities = {name: values.detach() for name, values in named.items()}
        seen = DirectionRecording(where, call.cell, quantities, words_of(call.cell, quantities))
        shares = {one.gate: one.share for one in saturated(seen)}
        found.append(Sample(number, where, norms(torch.cat(asked)), shares))
    return found


def _alone(call: SequenceCall, rows: Tensor) -> SequenceCall:
    """The call with its longest sequence alone."""
    directions = tuple(_one(direction, rows) for direction in call.directions)
    return replace(
        call, input=call.input.detach()[rows], batch_sizes=(1,) * len(rows), directions=directions
    )


def _one(direction: Direction, rows: Tensor) -> Direction:
    mask, resets = direction.recurrent_mask, direction.resets
    return replace(
        direction,
        initial=tuple(part[:1].detach() for part in direction.initial),
        resets=None if resets is None else resets[rows],
        recurrent_mask=None if mask is None else mask[:1],
        kept=tuple(part if len(part) == 1 else part[rows] for part in direction.kept),
        restart=tuple(part[:1].detach() for part in direction.restart),
    )
