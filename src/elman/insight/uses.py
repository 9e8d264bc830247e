"""Where a recorded call used its weights: what each step's gradient can be taken by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from elman.cells.custom import CustomCell
from elman.cells.spec import CellSpec, CellWeights, Kind
from elman.insight.place import Place
from elman.insight.vectors import Vector, tapped, vectors_of
from elman.kernels.recording import Graph, Record
from elman.kernels.reference import Multiplied

GATES: dict[Kind, tuple[str, ...]] = {
    "rnn": ("h",),
    "lstm": ("i", "f", "g", "o"),
    "gru": ("r", "z", "n"),
}
"""The blocks of the stacked weights, by the letters of what they are for."""

WORDS = {"ih": "input", "hh": "recurrent", "hr": "projection"}
"""The weight matrices of a cell."""


@dataclass(frozen=True)
class Gate:
    """Some rows of a weight matrix: the letter of their gate, from where to where."""

    name: str
    rows: slice


@dataclass(frozen=True)
class Use:
    """The same product at every step of one direction, or a weight that is a vector.

    Attributes:
        place: layer and direction.
        word: what the weight is: "input", "recurrent", "projection", or what a vector is.
        number: of the product among those of a step, from 1; 0 is that of the input.
        weight: the whole of it.
        bias: the whole bias that the product adds, or None.
        gates: the blocks of rows that the product has, as rows of the whole.
        operand: [N, width] in packed order, outside of the graph; of a vector 1.
        results: for each of the blocks of rows side by side the tensors in the graph, step by step.
        vector: where the weight multiplies no vector, but unit by unit, or is added.
    """

    place: Place
    word: str
    number: int
    weight: Tensor
    bias: Tensor | None
    gates: tuple[Gate, ...]
    operand: Tensor
    results: tuple[tuple[Tensor, ...], ...]
    vector: Vector | None = None

    @property
    def first(self) -> int:
        """The first of the rows."""
        return int(self.gates[0].rows.start)

    @property
    def rows(self) -> int:
        """How many rows of the weight the product has."""
        return sum(block[0].shape[-1] for block in self.results)


def uses_of(records: Sequence[Record]) -> Iterator[Use]:
    """Every use of a weight in recorded calls, the steps of each together."""
    for layer, record in enumerate(records):
        parts = zip(record.call.directions, record.graphs, record.directions, strict=True)
        for direction, graph, quantities in parts:
            for (matrix, first, *_), found in _by_weight(graph, direction.weights).items():
                place = Place(layer, direction.reverse)
                step = [graph.projection, *(graph.products[0] if graph.products else ())]
                number = next(n for n, one in enumerate(step) if one is found[0])
                yield _use(place, record.call.cell, direction.weights, matrix, number, first, found)
            if isinstance(record.call.cell, CellSpec):
                where = Place(layer, direction.reverse)
                for vector in vectors_of(record.call.cell, direction.weights, quantities, graph):
                    yield _of_vector(where, vector, graph)


def _by_weight(
    graph: Graph, weights: CellWeights
) -> dict[tuple[str, int, int, int], list[Multiplied]]:
    """The products of all steps by their weight, its rows, and the how many-th of the step it is.

    Products with other weights, which a cell of the user's own may have, are left out.
    """
    found: dict[tuple[str, int, int, int], list[Multiplied]] = {}
    for step in [(graph.projection,), *graph.products]:
        seen: Counter[tuple[str, int, int]] = Counter()
        for one in step:
            place = _place(one.matrix, weights)
            if place is not None:
                found.setdefault((*place, seen[place]), []).append(one)
                seen[place] += 1
    return found


def _place(matrix: Tensor, weights: CellWeights) -> tuple[str, int, int] | None:
    """Which weight these are rows of, the first of them, and how many."""
    for name in WORDS:
        whole = getattr(weights, name)
        if whole is None or not whole.numel():
            continue
        if matrix.untyped_storage().data_ptr() == whole.untyped_storage().data_ptr():
            first = (matrix.storage_offset() - whole.storage_offset()) // whole.stride(0)
            if 0 <= first < len(whole):
                return name, first, len(matrix)
    return None


def _use(
    place: Place,
    cell: CellSpec | CustomCell,
    weights: CellWeights,
    matrix: str,
    number: int,
    first: int,
    products: Sequence[Multiplied],
) -> Use:
    whole = getattr(weights, matrix)
    biases = {"ih": weights.bias_ih, "hh": weights.bias_hh, "hr": None}
    last = first + products[0].matrix.shape[0]
    return Use(
        place,
        WORDS[matrix],
        number,
        whole,
        None if products[0].bias is None else biases[matrix],
        tuple(
            gate
            for gate in _gates(cell, matrix, len(whole))
            if first <= gate.rows.start and gate.rows.stop <= last
        ),
        torch.cat([one.operand for one in products]).detach(),
        (tuple(one.result for one in products),),
    )


def _of_vector(place: Place, vector: Vector, graph: Graph) -> Use:
    size = len(vector.weight) // len(vector.gates)
    return Use(
        place,
        vector.word,
        1,  # a peephole enters the sums that R h enters, which is all that goes by hand
        vector.weight,
        None,
        tuple(
            Gate(name, slice(start, start + size))
            for name, start in zip(vector.gates, range(0, len(vector.weight), size), strict=True)
        ),
        vector.operand.new_ones(len(vector.operand), 1),
        tapped(vector, graph.named),
        vector,
    )


def gates_of(cell: CellSpec | CustomCell) -> tuple[str, ...]:
    """The letters of the blocks of W, in their order; "h" for what has no gates.

    Example:
        >>> gates_of(CellSpec("gru"))
        ('r', 'z', 'n')
    """
    return tuple(cell.gates) if isinstance(cell, CustomCell) else GATES[cell.kind]


def _gates(cell: CellSpec | CustomCell, matrix: str, rows: int) -> Iterator[Gate]:
    """The blocks of rows of a whole weight."""
    if matrix == "hr":
        sizes = {"h": rows}
    elif isinstance(cell, CustomCell):
        sizes = cell.input_rows if matrix == "ih" else cell.recurrent_rows
    else:
        names = gates_of(cell)
        sizes = dict.fromkeys(names, rows // len(names))
    start = 0
    for name, size in sizes.items():
        yield Gate(name, slice(start, start + size))
        start += size
