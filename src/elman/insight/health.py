"""Signs of a network that cannot learn well: gates that are stuck, and units that are dead."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from elman.cells.spec import CellSpec
from elman.insight.place import Place
from elman.insight.recording import DirectionRecording, Recording

EDGE = 0.05
"""A unit is saturated within this share of its range from either end: its slope is almost 0."""

_GATES = ("i", "f", "o", "r", "z")
_RANGES = {"sigmoid": (0.0, 1.0), "hard_sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0)}


@dataclass(frozen=True)
class Saturation:
    """How much of a gate, or of a state without gates, is at one of the ends of its range.

    Attributes:
        place: layer and direction.
        gate: its letter; "h" for the state of a simple network.
        low: [T] the share of units in the lowest 5 % of the range: of a gate, shut.
        high: [T] the share of units in the highest 5 %: of a gate, open.
    """

    place: Place
    gate: str
    low: Tensor
    high: Tensor

    @property
    def share(self) -> float:
        """Of all units at all steps, those at either end."""
        return float((self.low + self.high).mean())


@dataclass(frozen=True)
class DeadUnits:
    """Units of a relu network that were 0 at every step, so that no gradient went through them.

    Attributes:
        place: layer and direction.
        dead: how many.
        units: of how many.
    """

    place: Place
    dead: int
    units: int


def saturation(recording: Recording) -> tuple[Saturation, ...]:
    """The saturated share of every gate, and of the states of simple networks.

    Example:
        >>> import elman, torch
        >>> from elman.insight.recording import record
        >>> layer = elman.LSTM(2, 4, forget_bias=9.0)
        >>> _, forget, _ = saturation(record(lambda: layer(torch.zeros(3, 2))))
        >>> forget.gate, forget.high.tolist(), forget.share
        ('f', [1.0, 1.0, 1.0], 1.0)
    """
    return tuple(one for direction in recording.directions for one in saturated(direction))


def saturated(direction: DirectionRecording) -> list[Saturation]:
    """The same for one direction of one layer."""
    cell = direction.cell
    if not isinstance(cell, CellSpec):
        return []
    σ, φ, _ = cell.activations
    letters = ["h"] if cell.kind == "rnn" else [one for one in direction.gates if one in _GATES]
    ends = _RANGES.get((φ if cell.kind == "rnn" else σ).name)
    if ends is None:
        return []
    (least, most), found = ends, []
    margin = EDGE * (most - least)
    for letter in letters:
        values = direction.quantities[letter]
        low = (values < least + margin).double().mean(1)
        high = (values > most - margin).double().mean(1)
        found.append(Saturation(direction.place, letter, low, high))
    return found


def dead_units(recording: Recording) -> tuple[DeadUnits, ...]:
    """The units of each layer of a relu network that were 0 throughout.

    Example:
        >>> import elman, torch
        >>> from elman.insight.recording import record
        >>> layer = elman.RNN(2, 4, nonlinearity="relu")
        >>> _ = torch.nn.init.constant_(layer.bias_ih_l0, -9.0)
        >>> dead_units(record(lambda: layer(torch.zeros(3, 2))))
        (DeadUnits(place=Place(layer=0, reverse=False), dead=4, units=4),)
    """
    found = []
    for one in recording.directions:
        if not isinstance(one.cell, CellSpec) or one.cell.kind != "rnn":
            continue
        if one.cell.activations[1].name == "relu":
            h = one.quantities["h"]
            found.append(DeadUnits(one.place, int((h == 0).all(0).sum()), h.shape[1]))
    return tuple(found)
