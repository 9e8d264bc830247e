"""Where in a network something is: which layer, read in which direction."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

DECODER: Final = "decoder"


@dataclass(frozen=True)
class Place:
    """One direction of one layer.

    Attributes:
        layer: from the bottom, from 0: the number of the layer's call.
        reverse: whether the direction reads from the end.
        half: `DECODER` for layers of that half of a model; empty for all others.

    Example:
        >>> Place(0, False).name, Place(1, True).name, Place(0, False, "decoder").name
        ('layer 0', 'layer 1, from the end', 'decoder layer 0')
    """

    layer: int
    reverse: bool
    half: str = field(default="", repr=False)

    @property
    def name(self) -> str:
        """The place in words."""
        return f"{self.half} layer {self.layer}".lstrip() + (
            ", from the end" if self.reverse else ""
        )
