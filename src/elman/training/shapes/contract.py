"""What a shape offers to a run: its options, a task, rivals, a part of the report, a predictor."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from torch import nn

from elman.data.examples import Reads, Shape
from elman.models.decoding import Sampling
from elman.models.description import Description
from elman.training.choices import Chosen
from elman.training.config import SettledConfig, TrainingConfig
from elman.training.options import Options
from elman.training.task import Task

Metrics = dict[str, float]
Rivals = dict[str, Metrics]
"""The metrics of each baseline on the test part, by the baseline's name."""


class Answer(Protocol):
    """What a model says to one item."""

    def line(self, top: int, item: str | None) -> str:
        """The answer for people.

        Args:
            top: how many answers to tell, the best first, where there are several.
            item: what was asked; None to leave it out.
        """

    def facts(self, top: int) -> dict[str, Any]:
        """The answer for programs, as values that JSON can hold."""


class Predictor(Protocol):
    """A trained model, ready to use."""

    @property
    def model(self) -> nn.Module:
        """With its weights, in evaluation mode."""

    def read(self, words: Sequence[str], file: Path | None, column: str | None) -> Sequence[Any]:
        """The items to predict for, each of which `str` makes a text of.

        Args:
            words: as typed on the command line; the lines of standard input where there are none,
                and no file.
            file: holds the items, instead of words.
            column: of the file, where it is a table.

        Raises:
            DataError: the items cannot be read.
        """

    def predict(self, items: Sequence[Any]) -> Sequence[Answer]:
        """The answer to each item, in their order."""

    def evaluate(self, path: Path, config: SettledConfig) -> tuple[int, Metrics]:
        """How many examples a file holds, and what the model's answers to them are worth.

        Args:
            path: of the data.
            config: of the run, which says how the data is read.

        Raises:
            DataError: the data cannot be used.
        """


@runtime_checkable
class TextGenerator(Protocol):
    """A predictor that draws texts as well."""

    def generate(self, prompt: str, length: int, sampling: Sampling) -> str:
        """A text that continues a prompt, or answers it; the same seed gives the same text.

        Args:
            prompt: what to begin from.
            length: most tokens to draw.
            sampling: temperature, top_k, top_p and seed.
        """


@dataclass(frozen=True)
class ShapeParts:
    """All that is particular to a shape.

    The types of data, task and description are the shape's own; the run passes them from the one
    part to the next.

    Attributes:
        name: of the shape.
        options: the groups of options that the shape has, besides those of every run.
        config: the class of its settled configuration.
        choose: from the configuration and the data what is left open, with the reasons.
        make_task: from the settled configuration and the data the task, and what vocabulary.json
            holds.
        rivals: the baselines of a task, measured on its test part.
        report: of a trained task the fields of `ReportContent` that are the shape's own.
        description: the class of what model.json holds.
        predictor: from the description, and the content of vocabulary.json and of
            weights.safetensors.
        reads: what the model is for, where the shape has several.
    """

    name: Shape
    options: tuple[type[Options], ...]
    config: type[SettledConfig]
    choose: Callable[[TrainingConfig, Any], Chosen]
    make_task: Callable[[Any, Any], tuple[Task, dict[str, Any]]]
    rivals: Callable[[Any], Rivals]
    report: Callable[[Any], Mapping[str, Any]]
    description: type[Description]
    predictor: Callable[[Any, bytes, bytes], Predictor]
    reads: Reads = None
