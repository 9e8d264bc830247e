"""A traced run: every gate and state of every step, layer and direction, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import Tensor

from elman.cells.custom import CustomCell
from elman.cells.names import NAMES
from elman.cells.spec import CellSpec
from elman.errors import UsageError
from elman.kernels import dispatch
from elman.kernels.recording import BEFORE, NEW
from elman.layers.inputs import Input, Lengths, as_ragged, as_time_major
from elman.layers.resets import Resets
from elman.sequences import Ragged

if TYPE_CHECKING:
    from elman.layers.sequence_layer import SequenceLayer


@dataclass(frozen=True)
class Trace:
    """What a layer computed, all of it.

    Attributes:
        output: as the layer returns it.
        state: likewise, the state after the last step.
        layers: `layers[l][d][name]` is a quantity of layer l from the bottom, direction d (0
            forward, 1 reverse), for every step: [T, B, width], whatever `batch_first` is, 0 at
            padding, B = 1 for a single sequence. The names are the letters of the cell: for an LSTM
            the gates i, f, o, the candidate g, the sums a_i, a_f, a_g, a_o that these are functions
            of, and the state after the step, c and h. `h_before` and `c_before` are the state that
            the step read: that of the step before it (in a reverse direction of the step after it),
            the initial state, or what a reset put in its place. A projected LSTM has m, which is
            projected to h. With zoneout `h_new` and `c_new` are what the cell computed, and h and c
            what became of it.
        words: `words[l][name]` says the same in words, as "input gate" for i.
        lengths: [B] the real steps of each sequence.
    """

    output: Input
    state: Any
    layers: tuple[tuple[Mapping[str, Tensor], ...], ...]
    words: tuple[Mapping[str, str], ...]
    lengths: Tensor


def traced(
    layer: SequenceLayer,
    input: Input,
    hx: Any,
    lengths: Lengths | None,
    resets: Resets | None,
) -> Trace:
    """Run a layer and keep everything; see `SequenceLayer.trace`."""
    with dispatch.record() as records:
        output, state = layer(input, hx, lengths=lengths, resets=resets)
    if not records:
        raise UsageError(
            f"The {type(layer).__name__} ran inside a graph that torch.compile made, where nothing"
            " can be seen.",
            where=f"{type(layer).__name__}.trace",
            expected="a layer that is not compiled",
            next_step="trace it outside of torch.compile",
        )
    batch, steps = _batch(layer, input, lengths)

    def placed(packed: Tensor) -> Tensor:
        """[N, width] in packed order as [T, B, width]."""
        values = batch.index.unpacked(packed)
        return Ragged(values, batch.lengths).to_padded(total_length=steps)

    return Trace(
        output,
        state,
        tuple(
            tuple({name: placed(part) for name, part in one.items()} for one in record.directions)
            for record in records
        ),
        tuple(words_of(record.call.cell, record.directions[0]) for record in records),
        batch.lengths,
    )


def _batch(layer: SequenceLayer, input: Input, lengths: Lengths | None) -> tuple[Ragged, int]:
    """The input as a Ragged, and T."""
    if lengths is None and isinstance(input, Tensor) and not input.is_nested:
        even = as_time_major(input, layer.batch_first, layer.input_size, "trace")
        steps, batch = even.shape[:2]
        return Ragged.from_padded(even, [steps] * batch), steps
    ragged = as_ragged(input, lengths, layer.batch_first)
    if lengths is not None and isinstance(input, Tensor):
        return ragged, input.shape[1 if layer.batch_first else 0]
    return ragged, len(ragged.index.batch_sizes)


def words_of(cell: CellSpec | CustomCell, names: Iterable[str]) -> dict[str, str]:
    """What the names of a recorded call mean, in words."""
    known = cell.words if isinstance(cell, CustomCell) else NAMES[cell.kind]
    words = {name: known.get(name, name) for name in names}
    for part in cell.state_names:
        told = known.get(part, part)
        later = {part + BEFORE: f"{told} before the step", part + NEW: f"{told} before zoneout"}
        words |= {name: text for name, text in later.items() if name in words}
    return words
