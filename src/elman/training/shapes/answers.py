"""What several shapes share in answering: labels with their probabilities, told on one line."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from elman.errors import UsageError


@dataclass(frozen=True)
class Prediction:
    """The answer to one text.

    Attributes:
        label: the likeliest label.
        probability: the model's probability of it.
        probabilities: of every label.
    """

    label: str
    probability: float
    probabilities: Mapping[str, float]

    @classmethod
    def likeliest(cls, labels: Sequence[str], probabilities: Sequence[float]) -> Prediction:
        """From the probability of each label, in the order of the labels."""
        best = max(range(len(labels)), key=probabilities.__getitem__)
        named = dict(zip(labels, probabilities, strict=True))
        return cls(labels[best], probabilities[best], named)

    def line(self, top: int, item: str | None) -> str:
        """Labels and probabilities, separated by tabs, and the item at the end."""
        cells = [
            cell
            for label, share in self._ranked(top).items()
            for cell in (on_one_line(label), f"{share:.3f}")
        ]
        return "\t".join(cells if item is None else [*cells, on_one_line(item)])

    def facts(self, top: int) -> dict[str, Any]:
        """Label and probability, and the best few where more than one is asked for."""
        told: dict[str, Any] = {"label": self.label, "probability": self.probability}
        return told if top == 1 else told | {"top": self._ranked(top)}

    def _ranked(self, top: int) -> dict[str, float]:
        return dict(sorted(self.probabilities.items(), key=lambda pair: -pair[1])[:top])


def on_one_line(text: str) -> str:
    r"""A text with line breaks and tabs as they are written in programs.

    Example:
        >>> print(on_one_line("two\nlines"))
        two\nlines
    """
    breaks = ("Cc", "Zl", "Zp")  # control characters, separators of lines and of paragraphs
    return "".join(
        sign.encode("unicode_escape").decode() if unicodedata.category(sign) in breaks else sign
        for sign in text
    )


def refuse_single(items: Sequence[Any]) -> None:
    """Refuse a string, which is a sequence of strings too, and never what was meant.

    Raises:
        UsageError: one text was given for a list of texts.
    """
    if isinstance(items, str):
        raise UsageError(
            "predict was given a single text.",
            expected="a list of texts",
            next_step="predict([text])",
        )
