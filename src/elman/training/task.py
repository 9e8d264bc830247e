"""What the loop must know of a shape: the batches of an epoch, their loss, and how to evaluate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor, nn

from elman.data.splits import Part
from elman.training.bptt import Carried
from elman.training.share import WHOLE, Share

Check = Callable[[], None]
"""Called between the batches of an evaluation; raises where the user asked to stop."""


@dataclass(frozen=True)
class BatchLoss:
    """What one batch gives.

    Attributes:
        mean: the loss to descend, in nats, a scalar.
        count: how many losses it is the mean of.
        steps: real time steps in the batch.
        carried: the state that the next batch of the epoch starts from; empty for most shapes.
    """

    mean: Tensor
    count: int
    steps: int
    carried: Carried = ()


@dataclass(frozen=True)
class Metric:
    """A figure of merit, and which way is up."""

    name: str
    higher_is_better: bool

    def better(self, new: float, old: float | None) -> bool:
        """Whether a new value beats an old one."""
        return old is None or (new > old if self.higher_is_better else new < old)


METRICS = (
    Metric("accuracy", higher_is_better=True),
    Metric("entity_f1", higher_is_better=True),
    Metric("entity_precision", higher_is_better=True),
    Metric("entity_recall", higher_is_better=True),
    Metric("mean_absolute_error", higher_is_better=False),
    Metric("character_error_rate", higher_is_better=False),
    Metric("exact_match", higher_is_better=True),
    Metric("bleu", higher_is_better=True),
    Metric("chrf", higher_is_better=True),
    Metric("mase", higher_is_better=False),
    Metric("mase_first_step", higher_is_better=False),
    Metric("mase_last_step", higher_is_better=False),
    Metric("root_mean_squared_error", higher_is_better=False),
    Metric("scaled_mse", higher_is_better=False),
    Metric("scaled_mae", higher_is_better=False),
    Metric("coverage", higher_is_better=True),
    Metric("r_squared", higher_is_better=True),
    Metric("nll_per_frame", higher_is_better=False),
    Metric("perplexity", higher_is_better=False),
    Metric("bits_per_character", higher_is_better=False),
    Metric("loss", higher_is_better=False),
)
"""Every metric that a shape reports."""


class Task(Protocol):
    """A model, its data, and what to do with both."""

    @property
    def model(self) -> nn.Module:
        """What is trained."""

    @property
    def metric(self) -> Metric:
        """Chooses the best generation, by its value on the validation part."""

    @property
    def summary(self) -> str:
        """The model in a few words, such as "1 x lstm, 192 units"."""

    @property
    def steps(self) -> str:
        """What time steps are, such as "words"."""

    def batches(self, epoch: int) -> int:
        """How many batches an epoch has."""

    def carried_shapes(self, epoch: int, batch: int) -> list[tuple[int, ...]]:
        """The shapes of the state that a batch starts from; none where nothing is carried."""

    def sequences(self, epoch: int, batch: int) -> int:
        """How many sequences a batch has: in so many pieces it can be computed."""

    def loss(self, epoch: int, batch: int, carried: Carried, share: Share = WHOLE) -> BatchLoss:
        """The loss of one batch, a pure function of (seed, epoch, batch) and of the weights.

        Args:
            epoch: of the batch.
            batch: its number.
            carried: the state that its sequences start from.
            share: of its sequences, whose loss and carried state alone are wanted.
        """

    def evaluate(self, part: Part, check: Check) -> Mapping[str, float]:
        """Metrics on a part of the data, "loss" among them; the model is in evaluation mode."""

    def places(self, epoch: int, batch: int) -> str:
        """Where the examples of a batch stand in the user's data."""
