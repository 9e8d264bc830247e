"""Where in a network something is: which layer, read in which direction."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """One direction of one layer.

    Attributes:
        layer: from the bottom, from 0: the number of the layer's call.
        reverse: whether the direction reads from the end.

    Example:
        >>> Place(0, False).name, Place(1, True).name
        ('layer 0', 'layer 1, from the end')
    """

    layer: int
    reverse: bool

    @property
    def name(self) -> str:
        """The place in words."""
        return f"layer {self.layer}" + (", from the end" if self.reverse else "")
