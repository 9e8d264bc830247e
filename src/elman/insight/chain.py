"""The chain of a recurrent layer by hand: what a gradient becomes on its way back through time.

A step is products with weight matrices, and functions of single units between them. For each unit
such a function has one slope, so that with the slopes at hand a step of the way back is

    δ_result += slope ⊙ δ_s        for every part s of the state that the step left
    δ_operand = δ_result · R       for every product, from the last one back
    δ_before  = slope ⊙ δ_s + slope ⊙ δ_operand

for many gradients at once, without the graph of autograd. The slopes of all steps are found side by
side: each step is run as a sequence of its own, with every product cut out of the graph, and what
is left is differentiated. So they are those of the cell's equations, whatever its options are.

A cell with layer normalisation mixes its units outside of the products, and goes by autograd.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from elman.cells.spec import CellSpec
from elman.kernels import reference
from elman.kernels.contract import Direction
from elman.kernels.recording import BEFORE, Record
from elman.kernels.reference import Moment, Multiplied

Slopes = dict[int, Tensor]
"""By the number of what a quantity depends on the slopes of its units, [N, k, width]."""


@dataclass(frozen=True)
class Passed:
    """What some gradients become on their way through one direction.

    Attributes:
        products: for each product of a step, that of the input first, the gradients by its result,
            [losses, N, rows].
        states: [losses, N, H] by the hidden state that each step left.
        initial: by each part of the initial state, [losses, B, width].
    """

    products: tuple[Tensor, ...]
    states: Tensor
    initial: tuple[Tensor, ...]


def is_unit_by_unit(record: Record) -> bool:
    """Whether the steps of a call are what this file is about."""
    call = record.call
    return (
        isinstance(call.cell, CellSpec)
        and call.cell.norm == "none"
        and call.precision == "full"
        and len(call.input) > 0
        and all(direction.resets is None for direction in call.directions)
    )


class Chain:
    """One direction of a recorded call.

    Args:
        record: of a call whose steps are unit by unit.
        number: of the direction.
    """

    def __init__(self, record: Record, number: int) -> None:
        self.direction = record.call.directions[number]
        self.sizes = list(record.call.batch_sizes)
        ends = torch.tensor(self.sizes).cumsum(0).tolist()
        self.rows = [slice(end - size, end) for end, size in zip(ends, self.sizes, strict=True)]
        self.widths = [part.shape[1] for part in self.direction.initial]
        self.rooms: dict[int, Tensor] = {}
        self._find_slopes(record, number)

    def _find_slopes(self, record: Record, number: int) -> None:
        """Nodes are numbered: the products of a step, then the parts of the state before it."""
        cut: list[Multiplied] = []

        def note(_: int, product: Multiplied) -> Tensor:
            leaf = product.result.detach().requires_grad_()
            cut.append(product._replace(result=leaf))
            return leaf

        moments: list[Moment] = []
        names = record.call.cell.state_names
        before = [record.directions[number][part + BEFORE].detach() for part in names]
        alone = _side_by_side(
            self.direction, [part.requires_grad_() for part in before], self.sizes
        )
        call = replace(
            record.call,
            input=record.call.input.detach(),
            batch_sizes=(len(before[0]),),
            directions=(alone,),
        )
        with torch.enable_grad():
            reference.run(call, lambda _, t, moment: moments.append(moment), note)
        leaves = [one.result for one in cut] + before
        self.matrices = [one.matrix.detach() for one in cut]
        self.of_state = [_slopes(part, leaves) for part in moments[0].after]
        self.of_operand = [_slopes(one.operand, leaves) for one in cut]
        # W x and R h mostly enter the same sums, so that their gradients are one.
        every = [*self.of_state, *self.of_operand]
        twins = len(cut) > 1 and all(of.get(0) is of.get(1) for of in every)
        self.node = [0, 0, *range(2, len(cut))] if twins else list(range(len(cut)))
        for of in every:
            if twins:
                of.pop(1, None)

    def pass_back(self, output: Tensor, final: Sequence[Tensor]) -> Passed:
        """Take gradients by what the direction returned back to what it read.

        Those by the products are overwritten at the next call.

        Args:
            output: [losses, N, H] by its hidden states.
            final: by each part of its final state, [losses, B, width].
        """
        products = {node: self._room(node, output) for node in dict.fromkeys(self.node)}
        states = torch.zeros_like(output)
        initial = [
            part.clone() for part in final
        ]  # of a sequence without steps it is the final one
        asked = (output != 0).flatten(2).any(2).any(0).tolist()
        moved = any(bool(part.any()) for part in final)
        state = [part[:, :0] for part in final]
        for t in self._steps_back():
            rows = self.rows[t]
            state = self._joined(state, final, initial, t)
            moved = moved or any(asked[rows])
            if not moved:
                continue
            state[0] = state[0] + output[:, rows]
            states[:, rows] = state[0]
            found, state = self._step_back(state, rows)
            for node, kept in products.items():
                if node in found:
                    kept[:, rows] = found[node]
        for part, left in zip(initial, state, strict=True):
            part[:, : left.shape[1]] = left
        results = tuple(products[node] for node in self.node)
        return Passed(results, states, tuple(initial))

    def jacobians(self) -> Tensor:
        """∂s_t/∂s_(t-1) of each step, [N, S, S], the parts of the state side by side."""
        results: dict[int, Tensor] = {}
        for number, matrix in enumerate(self.matrices):
            if number > 0:
                results[self.node[number]] = self._times(matrix, self.of_operand[number], results)
        parts = zip(self.of_state, self.widths, strict=True)
        return torch.cat([self._by_before(slopes, width, results) for slopes, width in parts], 1)

    def _times(self, matrix: Tensor, slopes: Slopes, results: dict[int, Tensor]) -> Tensor:
        """A product by the state before it, [N, rows, S], or [1, rows, S] if all steps have one."""
        part = slopes.get(len(self.matrices))
        if len(slopes) == 1 and part is not None and bool((part == 1).all()):  # of h itself
            return torch.nn.functional.pad(matrix, (0, sum(self.widths[1:])))[None]
        return matrix @ self._by_before(slopes, matrix.shape[1], results)

    def _by_before(self, slopes: Slopes, width: int, results: dict[int, Tensor]) -> Tensor:
        """A quantity by the state before it, [N, width, S]."""
        first, units = len(self.matrices), torch.arange(width)
        found = self.matrices[0].new_zeros(sum(self.sizes), width, sum(self.widths))
        for number, slope in slopes.items():
            if number >= first:
                columns = units + sum(self.widths[: number - first])
                found[:, units, columns] += slope[:, 0]
            elif number in results:
                blocks = results[number].split(width, dim=1)
                for block, of_block in zip(blocks, slope.unbind(1), strict=True):
                    found.addcmul_(of_block.unsqueeze(2), block)
        return found

    def _room(self, node: int, output: Tensor) -> Tensor:
        """Zeros for the gradients by a product, in the memory that the last ones had."""
        shape = (len(output), output.shape[1], len(self.matrices[node]))
        if node not in self.rooms or self.rooms[node].shape != shape:
            self.rooms[node] = output.new_empty(shape)
        return self.rooms[node].zero_()

    def _steps_back(self) -> Iterator[int]:
        """The steps, from the one that the direction read last."""
        steps = range(len(self.sizes))
        return iter(steps) if self.direction.reverse else reversed(steps)

    def _joined(
        self, state: list[Tensor], final: Sequence[Tensor], initial: list[Tensor], t: int
    ) -> list[Tensor]:
        """The gradients by the state that step t left, of the sequences that it belongs to."""
        there, alive = state[0].shape[1], self.sizes[t]
        if there < alive:  # those that end here come from their final states
            pairs = zip(state, final, strict=True)
            return [torch.cat([part, end[:, there:alive]], dim=1) for part, end in pairs]
        for kept, part in zip(initial, state, strict=True):  # those that began here are through
            kept[:, alive:there] = part[:, alive:]
        return [part[:, :alive] for part in state]

    def _step_back(
        self, state: list[Tensor], rows: slice
    ) -> tuple[dict[int, Tensor], list[Tensor]]:
        """From the state that a step left to its products and the state before it."""
        found: dict[int, Tensor] = {}
        for delta, slopes in zip(state, self.of_state, strict=True):
            _add(found, delta, slopes, rows)
        for number in reversed(range(1, len(self.matrices))):
            if self.node[number] in found:
                delta = found[self.node[number]] @ self.matrices[number]
                _add(found, delta, self.of_operand[number], rows)
        first = len(self.matrices)
        before = [
            found[first + part] if first + part in found else torch.zeros_like(delta)
            for part, delta in enumerate(state)
        ]
        return found, before


def _side_by_side(
    direction: Direction, before: Sequence[Tensor], sizes: Sequence[int]
) -> Direction:
    """The direction, for a call in which each step is a sequence, begun at the state before it."""
    mask = direction.recurrent_mask
    return replace(
        direction,
        initial=tuple(before),
        restart=(),
        reverse=False,
        recurrent_mask=None if mask is None else torch.cat([mask[:alive] for alive in sizes]),
    )


def _slopes(quantity: Tensor, leaves: Sequence[Tensor]) -> Slopes:
    """What each unit's change makes of the quantity's unit of the same place in its block."""
    if not quantity.requires_grad:
        return {}
    width = quantity.shape[1]
    found: Sequence[Tensor | None] = torch.autograd.grad(
        quantity.sum(), leaves, retain_graph=True, allow_unused=True
    )
    slopes: Slopes = {}
    for number, slope in enumerate(found):
        if slope is not None:
            same = (one for one in slopes.values() if torch.equal(one.flatten(1), slope))
            slopes[number] = next(same, slope.reshape(len(slope), -1, width))
    return slopes


def _add(found: dict[int, Tensor], delta: Tensor, slopes: Slopes, rows: slice) -> None:
    """Add a gradient, times the slopes, to what has been found by what it depends on."""
    times: dict[int, Tensor] = {}  # W x and R h enter the same sums, and have the same slopes
    for number, slope in slopes.items():
        if id(slope) not in times:
            times[id(slope)] = (delta.unsqueeze(2) * slope[rows]).flatten(2)
        part = times[id(slope)]
        found[number] = found[number] + part if number in found else part
