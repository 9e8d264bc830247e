"""What the numbers of an answer are: logarithms of probabilities, or plain numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from torch import Tensor

from elman.insight.horizon import total_variation
from elman.pages.text import number, percentage


class Scale(Protocol):
    """How the K numbers that a model answers with are read, told, and compared."""

    @property
    def ranks(self) -> bool:
        """Whether the largest number is the best answer."""

    @property
    def score(self) -> str:
        """What one of the numbers is called."""

    @property
    def unit(self) -> str:
        """Its unit."""

    @property
    def moving(self) -> str:
        """The title of a picture of how far another input moves the answer."""

    @property
    def share(self) -> str:
        """What such a movement is a share of."""

    def values(self, found: Tensor) -> Tensor:
        """[..., K] the answers as they are told."""

    def told(self, value: float) -> str:
        """An answer for people."""

    def headline(self, name: str, value: float) -> tuple[str, str]:
        """An answer in a headline: what stands out, and what stands behind it."""

    def moved(self, found: Tensor, before: Tensor, chosen: int) -> Tensor:
        """[...] how far answers [..., K] are from what they were [K], 0 for not at all."""


@dataclass(frozen=True)
class Probabilities:
    """Log-probabilities of K answers.

    Attributes:
        exclusive: whether one of the answers is true; else each is true or not by itself.
    """

    exclusive: bool = True

    ranks = True
    score = "log-probability"
    unit = "nats"
    moving = "Probability that moves, of 1"
    share = "the answer's probability"

    def values(self, found: Tensor) -> Tensor:
        """[..., K] probabilities."""
        return found.exp()

    def told(self, value: float) -> str:
        """A probability as a percentage."""
        return percentage(value)

    def headline(self, name: str, value: float) -> tuple[str, str]:
        """The answer, and its probability."""
        return name, f"({percentage(value)})"

    def moved(self, found: Tensor, before: Tensor, chosen: int) -> Tensor:
        """[...] ½ Σ |p - q|; of answers by themselves |p - q| of the one that is explained."""
        if self.exclusive:
            return total_variation(found, before)
        return (found[..., chosen].exp() - before[..., chosen].exp()).abs()


@dataclass(frozen=True)
class Numbers:
    """K plain numbers: one that is told, or the forecasts of K steps.

    Attributes:
        deviation: of such numbers in the training part; more than 0.
        score: "number" or "forecast".
    """

    deviation: float
    score: Literal["number", "forecast"]

    ranks = False
    unit = "in the unit of the data"
    moving = "Movement of the answer, in deviations of the training part"
    share = "the training part's deviation"

    def values(self, found: Tensor) -> Tensor:
        """[..., K] the same numbers."""
        return found

    def told(self, value: float) -> str:
        """A number."""
        return number(value)

    def headline(self, name: str, value: float) -> tuple[str, str]:
        """The number, and what it is of."""
        return number(value), f"at {name}" if self.score == "forecast" else ""

    def moved(self, found: Tensor, before: Tensor, chosen: int) -> Tensor:
        """[...] the distance of the number that is explained, in deviations."""
        return (found[..., chosen] - before[..., chosen]).abs() / self.deviation


LABELS = Probabilities()
"""Of answers of which one is true."""
