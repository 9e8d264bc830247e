"""A run of the reference kernel that keeps every quantity of every step by its name."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from elman.kernels import reference
from elman.kernels.contract import SequenceCall, SequenceResult
from elman.kernels.reference import Moment, Multiplied

BEFORE = "_before"
"""The ending of a part of the state that a step read."""

NEW = "_new"
"""The ending of a part of the state before zoneout mixed the old one into it."""


@dataclass(frozen=True)
class Graph:
    """The tensors that one direction's graph went through, which gradients can be taken by.

    Attributes:
        projection: the product of the input with W, all steps at once.
        products: for each step its products with the other weight matrices.
        states: for each step the parts of the state that it left, of the rows alive.
        named: for each step what the cell names.
    """

    projection: Multiplied
    products: tuple[tuple[Multiplied, ...], ...]
    states: tuple[tuple[Tensor, ...], ...]
    named: tuple[dict[str, Tensor], ...]


@dataclass(frozen=True)
class Record:
    """What one call computed.

    Attributes:
        call: the call; of a record apart its input and its initial states are leaves.
        directions: for each direction every quantity by its name, [N, width] in packed order, in
            the order in which a step computes them: the parts of the state that it read (`h_before`
            and so on: after a reset the one that the reset put there), what the cell names, and
            the state that it left. With zoneout that is not what the cell computed, which then
            stands there as `h_new`. They are copies, which nothing later in the graph reads.
        graphs: for each direction the tensors in the graph.
        result: what it computed, in the same graph.
        given: the call as the network made it.
        returned: what the network was given; of a record apart leaves, where its graph goes on.
    """

    call: SequenceCall
    directions: tuple[dict[str, Tensor], ...]
    graphs: tuple[Graph, ...]
    result: SequenceResult
    given: SequenceCall
    returned: SequenceResult


@dataclass
class _Walk:
    """What is kept of one direction while its steps are computed."""

    products: list[Multiplied] = field(default_factory=list)
    moments: dict[int, Moment] = field(default_factory=dict)
    spans: dict[int, slice] = field(default_factory=dict)
    seen: int = 1  # the projection of the input is the first product, and no step's

    def note(self, product: Multiplied) -> Tensor:
        """A product, which stays what it is."""
        self.products.append(product)
        return product.result

    def keep(self, t: int, moment: Moment) -> None:
        """A step, which the products since the step before it belong to."""
        self.spans[t] = slice(self.seen, len(self.products))
        self.seen = len(self.products)
        self.moments[t] = moment

    def graph(self) -> Graph:
        """All steps in the order of time."""
        steps = sorted(self.moments)
        return Graph(
            self.products[0],
            tuple(tuple(self.products[self.spans[t]]) for t in steps),
            tuple(self.moments[t].after for t in steps),
            tuple(self.moments[t].named for t in steps),
        )


def run(given: SequenceCall, *, apart: bool = False) -> tuple[SequenceResult, Record]:
    """Run a call on the reference kernel, whatever kernel it would go to, and keep everything.

    Args:
        given: the call.
        apart: whether its graph is cut off from what comes before and after it.
    """
    call = _cut_off(given) if apart else given
    walks = [_Walk() for _ in call.directions]
    result = reference.run(
        call,
        lambda direction, t, moment: walks[direction].keep(t, moment),
        lambda direction, product: walks[direction].note(product),
    )
    named = tuple(
        _joined(
            {
                t: _named(call.cell.state_names, moment, bool(direction.kept))
                for t, moment in walk.moments.items()
            }
        )
        for walk, direction in zip(walks, call.directions, strict=True)
    )
    returned = result
    if apart:
        returned = SequenceResult(_leaf(result.output), tuple(map(_leaves, result.final)))
    graphs = tuple(walk.graph() for walk in walks)
    return returned, Record(call, named, graphs, result, given, returned)


def _cut_off(call: SequenceCall) -> SequenceCall:
    """The call whose input and states are leaves."""
    directions = tuple(
        replace(one, initial=_leaves(one.initial), restart=_leaves(one.restart))
        for one in call.directions
    )
    return replace(call, input=_leaf(call.input), directions=directions)


def _leaves(tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(map(_leaf, tensors))


def _leaf(tensor: Tensor) -> Tensor:
    """The same numbers at the beginning of a graph, if a gradient can be asked for."""
    return tensor.detach().requires_grad_(tensor.requires_grad)


def _named(parts: tuple[str, ...], moment: Moment, mixed: bool) -> dict[str, Tensor]:
    """What stands in a step of a `Record`."""
    before = {part + BEFORE: old for part, old in zip(parts, moment.before, strict=True)}
    computed = {
        name + NEW if mixed and name in parts else name: value
        for name, value in moment.named.items()
    }
    return before | computed | dict(zip(parts, moment.after, strict=True))


def _joined(steps: dict[int, dict[str, Tensor]]) -> dict[str, Tensor]:
    """The steps in the order of time, [N, width] each."""
    return {name: torch.cat([steps[t][name] for t in sorted(steps)]) for name in steps[0]}
