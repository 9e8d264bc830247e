"""What a model that writes answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from elman.training.shapes.answers import on_one_line
from elman.training.shapes.writing.writer import Writing


@dataclass(frozen=True)
class WrittenAnswer:
    """The texts that a model writes for one input.

    Attributes:
        writings: at least one, the best first.
    """

    writings: Sequence[Writing]

    @property
    def text(self) -> str:
        """The best text."""
        return self.writings[0].text

    def line(self, top: int, item: str | None) -> str:
        """Texts and their probabilities, separated by tabs, and the item at the end."""
        cells = [
            cell
            for one in self.writings[:top]
            for cell in (on_one_line(one.text), f"{one.probability:.3f}")
        ]
        return "\t".join(cells if item is None else [*cells, on_one_line(item)])

    def facts(self, top: int) -> dict[str, Any]:
        """The best text and its probability, and the best few where more are asked for."""
        told: dict[str, Any] = {
            "written": self.text,
            "probability": self.writings[0].probability,
        }
        if top > 1:
            told["top"] = {one.text: one.probability for one in self.writings[:top]}
        return told
