"""The experiments there are: a closed table of names, questions and times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:  # the command line lists the names, and loads no torch
    from elman.insight.lab.report import Report, Say

Name = Literal["vanishing", "exploding", "memory", "order", "padding", "cost"]


@dataclass(frozen=True)
class Experiment:
    """One of them.

    Attributes:
        question: that it answers.
        seconds: about how long it lasts on one thread.
    """

    question: str
    seconds: int


EXPERIMENTS: Final[Mapping[Name, Experiment]] = {
    "vanishing": Experiment("Why does a simple network forget, and what helps?", 2),
    "exploding": Experiment("What makes a gradient explode, and what tames it?", 10),
    "memory": Experiment("How far back do RNN, IRNN, GRU and LSTM remember?", 45),
    "order": Experiment("Does it matter in which order words stand?", 25),
    "padding": Experiment("What does padding cost, and packing, and neither?", 10),
    "cost": Experiment("How do time and memory grow with length and width?", 5),
}


def run(name: Name, seed: int, say: Say) -> Report:
    """Run an experiment.

    Args:
        name: of the table.
        seed: of everything that is drawn.
        say: is told what goes on.
    """
    report: Report = import_module(f"elman.insight.lab.{name}").run(seed, say)
    return report
