"""A trained model that reads numbers, ready to use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor, nn

from elman.data.arrays.items import read_array_items, read_labelled_items
from elman.data.arrays.labelled import Form
from elman.data.examples import LabelledArray
from elman.training.config import SettledConfig
from elman.training.shapes.arrays.goals import Goal
from elman.training.shapes.arrays.task import Reader, scores_of
from elman.training.shapes.contract import Answer, Metrics


class ArrayPredictor:
    """A trained one-to-one model, or a many-to-one model over frames.

    Args:
        model: with its weights, in evaluation mode.
        goal: what it says.
        form: what it reads.
        reader: makes its input.
    """

    def __init__(self, model: nn.Module, goal: Goal, form: Form, reader: Reader) -> None:
        self.model = model
        self.goal = goal
        self.form = form
        self.reader = reader

    def read(
        self, words: Sequence[str], file: Path | None, column: str | None
    ) -> Sequence[LabelledArray]:
        """Numbers, images or sounds: those of words (paths, or numbers), of a file, or of lines."""
        return read_array_items(self.form, self._by_rows, words, file, column)

    def predict(self, items: Sequence[LabelledArray]) -> Sequence[Answer]:
        """The label or the number of each item, in their order."""
        return self.goal.answers(self.scores(items))

    def scores(self, items: Sequence[LabelledArray]) -> Tensor:
        """[items, outputs] the model's scores."""
        values = self.reader.tensors(items)
        return scores_of(self.model, self.goal.outputs, values, self.reader)

    def evaluate(self, path: Path, config: SettledConfig) -> tuple[int, Metrics]:
        """How many labelled examples a folder or a table has, and what the answers are worth.

        Raises:
            DataError: it cannot be used, or has a label that the model never learnt.
        """
        items = read_labelled_items(path, self.form, self._by_rows, config.label, config.file_names)
        truth = self.goal.truth(items, str(path))
        return len(items), self.goal.metrics(self.scores(items), truth)

    @property
    def _by_rows(self) -> bool:
        return self.reader.max_length is not None
