"""Gates, candidates, cell and hidden states of every step, for one input."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from elman.cells.custom import CustomCell
from elman.cells.spec import CellSpec
from elman.errors import UsageError
from elman.insight.place import DECODER, Place
from elman.insight.uses import gates_of
from elman.kernels import dispatch
from elman.kernels.recording import Record
from elman.layers.trace import words_of


@dataclass(frozen=True)
class DirectionRecording:
    """What one direction of one layer computed.

    Attributes:
        place: layer and direction.
        cell: what computed it.
        quantities: every quantity by its letter, [T, width], in the order of time.
        words: what the letters mean.
    """

    place: Place
    cell: CellSpec | CustomCell
    quantities: Mapping[str, Tensor]
    words: Mapping[str, str]

    @property
    def gates(self) -> tuple[str, ...]:
        """The letters of the gates and of the candidate, in the order of the cell."""
        return gates_of(self.cell)


@dataclass(frozen=True)
class Recording:
    """What a network computed for one input.

    Attributes:
        steps: the names of the input's steps: tokens, or values.
        directions: layer after layer, direction after direction.
    """

    steps: tuple[str, ...]
    directions: tuple[DirectionRecording, ...]


def record(
    run: Callable[[], object], steps: Sequence[str] | None = None, calls: int | None = None
) -> Recording:
    """Run a network on one input, and keep what each step of its recurrent layers computes.

    Args:
        run: runs the network. Its recurrent layers are found by their calls.
        steps: the names of the input's steps; their numbers when missing.
        calls: how many of the first calls are kept; all when missing.

    Raises:
        UsageError: no recurrent layer ran, or one on several sequences at once.

    Example:
        >>> import elman
        >>> layer = elman.GRU(3, 4, bidirectional=True)
        >>> found = record(lambda: layer(torch.randn(5, 3)), list("hello"))
        >>> [one.place.name for one in found.directions], found.directions[0].quantities["z"].shape
        (['layer 0', 'layer 0, from the end'], torch.Size([5, 4]))
    """
    records = _recorded(run)[:calls]
    _require_one_input(records)
    count = len(records[0].call.batch_sizes)
    names = tuple(steps) if steps is not None else tuple(map(str, range(count)))
    places = enumerate(records)
    return Recording(
        names, tuple(one for layer, found in places for one in _directions(layer, found))
    )


def record_decoder(
    run: Callable[[], object], given: Sequence[str], layers: int, after: int
) -> Recording:
    """Run a model that writes, and keep what each step of its decoder's layers computes.

    A decoder that is fed what it attended to makes a call for each step and layer: the calls of a
    layer are one recording of it.

    Args:
        run: runs the model on one input.
        given: the tokens that the decoder reads.
        layers: how many the decoder has.
        after: how many calls read the input, before the decoder's.

    Raises:
        UsageError: the decoder's layers did not run, or on several sequences at once.
    """
    records = _recorded(run)[after:]
    _require_one_input(records)
    found = []
    for layer in range(layers):
        every = [_directions(layer, one)[0] for one in records[layer::layers]]
        joined = {
            letter: torch.cat([one.quantities[letter] for one in every])
            for letter in every[0].quantities
        }
        found.append(replace(every[0], place=Place(layer, False, DECODER), quantities=joined))
    return Recording(tuple(given), tuple(found))


def _recorded(run: Callable[[], object]) -> Sequence[Record]:
    with torch.no_grad(), dispatch.record() as records:
        run()
    return records


def _require_one_input(records: Sequence[Record]) -> None:
    if not records or any(max(one.call.batch_sizes, default=0) != 1 for one in records):
        raise UsageError(
            "A recording is of one input.",
            where=f"record(run), which called {len(records)} recurrent layers",
            expected="a run of one or more recurrent layers on one sequence of one step or more",
        )


def _directions(layer: int, found: Record) -> list[DirectionRecording]:
    cell = found.call.cell
    return [
        DirectionRecording(
            Place(layer, direction.reverse), cell, quantities, words_of(cell, quantities)
        )
        for direction, quantities in zip(found.call.directions, found.directions, strict=True)
    ]
