"""Backpropagation through a network of recurrent calls, many losses at a time.

The calls are recorded apart: the graph of the network is cut at what each call reads and returns.
From the last call to the first, a gradient by what a call returned goes back through the call, by
hand where its cell works unit by unit (see `elman.insight.chain`) and by autograd where not, and
from there through what lies between the calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from elman.insight.chain import Chain, Passed, is_unit_by_unit
from elman.insight.uses import Use
from elman.kernels.contract import SequenceCall, SequenceResult
from elman.kernels.recording import Record

CLOSE = 1e-4
"""Relative difference below which two gradients are one, but for rounding."""


@dataclass(frozen=True)
class Through:
    """What some gradients become on their way through a call.

    Attributes:
        results: for each product with a weight [losses, N, rows].
        states: for each direction [losses, N, H] by the hidden state that each step left.
        read: by the input and by each part of the initial states; anything where no gradient can
            be asked for.
    """

    results: list[Tensor]
    states: list[Tensor]
    read: list[Tensor]


Way = Callable[[Sequence[Tensor]], Through]
"""Through one call, from the gradients by its output and by each part of its final states."""


class Network:
    """The calls of a network, and the gradients of its losses.

    Args:
        values: [M] the losses.
        at: [M] the step of each.
        records: of the calls, recorded apart, in their order.
        uses: of weights, whose results the gradients are wanted by.
    """

    def __init__(
        self, values: Tensor, at: Tensor, records: Sequence[Record], uses: Sequence[Use]
    ) -> None:
        self.values, self.records, self.uses = values, records, uses
        self.returned = [_parts(record.returned) for record in records]
        self.taps = [part for parts in self.returned for part in parts]
        self.ways = [
            _way(record, [use for use in uses if use.place.layer == layer])
            for layer, record in enumerate(records)
        ]
        self.owners = [_owners(record, at) for record in records]
        self.alone = self._alone()

    def pass_back(self, first: int, count: int) -> tuple[list[Tensor], list[Tensor]]:
        """The gradients of some losses: by the result of each use, and by the hidden states.

        Args:
            first: the number of the first of the losses.
            count: how many.

        Returns:
            For each use [count, N, rows], and for each direction of each call [count, N, H].
        """
        asked = self._of_losses(first, count)
        found: dict[int, Through] = {}
        for layer in reversed(range(len(self.records))):
            through = found[layer] = self.ways[layer](asked[layer])
            self._pass_on(layer, through.read, asked)
        order = [found[layer] for layer in range(len(self.records))]
        by_use = iter([part for one in order for part in one.results])
        return list(by_use), [state for one in order for state in one.states]

    def _of_losses(self, first: int, count: int) -> list[list[Tensor]]:
        """By what each call returned, over ways that lead through no later call."""
        numbers = torch.arange(first, first + count)
        if self.alone is None:
            seeds = torch.eye(len(self.values), dtype=self.values.dtype)[numbers]
            found = iter(_gradients([self.values], [seeds], self.taps, count))
            return [[next(found) for _ in parts] for parts in self.returned]
        return [
            [(numbers[:, None] == owner)[..., None] * output]
            + [part.expand(count, *part.shape) for part in final]
            for (output, *final), owner in zip(self.alone, self.owners, strict=True)
        ]

    def _alone(self) -> list[list[Tensor]] | None:
        """By what each call returned, where that is of the loss of its step alone; None elsewhere.

        So it is in a language model. One pass with the sum of the losses has all gradients then,
        and one with other weights of the losses shows whether it is so.
        """
        if len(self.values) == 1:
            self.owners = [torch.zeros_like(owner) for owner in self.owners]
            return self._weighted(torch.ones_like(self.values))
        draw = torch.Generator().manual_seed(0)
        weights = 1 + torch.rand(len(self.values), generator=draw).to(self.values.dtype)
        sums, mixed = self._weighted(torch.ones_like(weights)), self._weighted(weights)
        for (output, *final), (other, *_), owner in zip(sums, mixed, self.owners, strict=True):
            share = torch.where(owner < 0, 0, weights[owner])
            gap = (other - share[:, None] * output).norm(dim=1)
            mixed_up = bool((gap > CLOSE * other.norm(dim=1)).any())
            if mixed_up or any(bool(part.any()) for part in final):
                return None
        return sums

    def _weighted(self, weights: Tensor) -> list[list[Tensor]]:
        """The gradient of a sum of the losses."""
        # Of a sum, since torch loads its whole algebra of shapes where it is given seeds.
        total, wanted = (
            (self.values * weights).sum(),
            [tap for tap in self.taps if tap.requires_grad],
        )
        found = iter(torch.autograd.grad(total, wanted, retain_graph=True, materialize_grads=True))
        return [
            [next(found) if part.requires_grad else torch.zeros_like(part) for part in parts]
            for parts in self.returned
        ]

    def _pass_on(self, layer: int, read: Sequence[Tensor], asked: list[list[Tensor]]) -> None:
        """Add what a call's reading asks of what the calls before it returned."""
        taps = [part for parts in self.returned[:layer] for part in parts]
        given, count = _read(self.records[layer].given), len(asked[layer][0])
        found = iter(_gradients(given, read, taps, count))
        for parts in asked[:layer]:
            parts[:] = [part + next(found) for part in parts]


def _parts(result: SequenceResult) -> list[Tensor]:
    """All that a call returned: the output, and the parts of each direction's final state."""
    return [result.output, *(part for final in result.final for part in final)]


def _read(call: SequenceCall) -> list[Tensor]:
    """What a call reads: the input, and the parts of each direction's initial state."""
    return [call.input, *(part for one in call.directions for part in one.initial)]


def _owners(record: Record, at: Tensor) -> Tensor:
    """[N] for each row of a call the number of the loss of its step; -1 where there is none."""
    sizes = torch.tensor(record.call.batch_sizes, dtype=torch.long)
    step_of = torch.repeat_interleave(sizes)
    owner = torch.full((max(len(sizes), int(at.max()) + 1),), -1)
    owner[at] = torch.arange(len(at))
    return owner[step_of]


def _gradients(
    values: Sequence[Tensor],
    seeds: Sequence[Tensor],
    taps: Sequence[Tensor],
    count: int,
) -> list[Tensor]:
    """So many combinations of gradients, [count, ...] for each tap.

    Tensors outside of every graph have gradients of 0, and are let be.
    """
    pairs = [one for one in zip(values, seeds, strict=True) if one[0].requires_grad]
    wanted = [tap for tap in taps if tap.requires_grad]
    found: Iterator[Tensor | None] = iter([None] * len(wanted))
    if pairs and wanted:
        tensors, weights = zip(*pairs, strict=True)
        found = iter(
            torch.autograd.grad(
                tensors, wanted, weights, retain_graph=True, allow_unused=True,
                is_grads_batched=True,
            )
        )  # fmt: skip
    gradients = [next(found) if tap.requires_grad else None for tap in taps]
    return [
        tap.new_zeros(count, *tap.shape) if gradient is None else gradient
        for tap, gradient in zip(taps, gradients, strict=True)
    ]


def _way(record: Record, uses: Sequence[Use]) -> Way:
    """How gradients go through a call."""
    return _by_hand(record, uses) if is_unit_by_unit(record) else _by_autograd(record, uses)


def _by_hand(record: Record, uses: Sequence[Use]) -> Way:
    directions = record.call.directions
    chains = [Chain(record, number) for number in range(len(directions))]

    def way(asked: Sequence[Tensor]) -> Through:
        outputs = asked[0].chunk(len(chains), dim=2)
        finals = iter(asked[1:])
        passed = [
            chain.pass_back(output, [next(finals) for _ in directions[0].initial])
            for chain, output in zip(chains, outputs, strict=True)
        ]
        weights = [direction.weights.ih.detach() for direction in directions]
        read = torch.zeros(())
        if record.given.input.requires_grad:
            parts = [one.products[0] @ W for one, W in zip(passed, weights, strict=True)]
            read = sum(parts, read)
        reverse = [direction.reverse for direction in directions]
        of_use = [passed[reverse.index(use.place.reverse)] for use in uses]
        return Through(
            [_of_products(one, use) for one, use in zip(of_use, uses, strict=True)],
            [one.states for one in passed],
            [read, *(part for one in passed for part in one.initial)],
        )

    return way


def _of_products(passed: Passed, use: Use) -> Tensor:
    """The gradients by the result of a use: of a product, or of a peephole beside one."""
    found = passed.products[use.number]
    if use.vector is None:
        return found
    i, f, _, o = found.chunk(4, dim=2)
    return torch.cat([i, f, o], dim=2) * use.vector.operand


def _by_autograd(record: Record, uses: Sequence[Use]) -> Way:
    groups = [list(block) for use in uses for block in use.results]
    groups += [[state[0] for state in graph.states] for graph in record.graphs]
    taps = [*(tap for group in groups for tap in group), *_read(record.call)]

    def way(asked: Sequence[Tensor]) -> Through:
        found = iter(_gradients(_parts(record.result), asked, taps, len(asked[0])))
        joined = iter([torch.cat([next(found) for _ in group], dim=1) for group in groups])
        results = [torch.cat([next(joined) for _ in use.results], dim=2) for use in uses]
        pairs = [(one, use.vector) for one, use in zip(results, uses, strict=True)]
        results = [one if v is None else one * (v.slope * v.operand) for one, v in pairs]
        return Through(results, list(joined), list(found))

    return way
