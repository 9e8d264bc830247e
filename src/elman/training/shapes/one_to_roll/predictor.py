"""A trained model that writes pieces for vectors, ready to use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from elman.data.arrays.items import read_array_items
from elman.data.arrays.labelled import TableForm
from elman.data.arrays.note_events import notes_of, written_notes
from elman.data.arrays.piano_rolls import KEYS
from elman.data.examples import LabelledArray
from elman.data.files.formats import read_table
from elman.data.files.source import check_file
from elman.data.loading.rolls import pieces_of
from elman.errors import UsageError
from elman.models.decoding import Sampling, compose
from elman.models.description import OneToRollDescription
from elman.models.one_to_roll import OneToRoll
from elman.training.config import SettledConfig
from elman.training.shapes.answers import on_one_line
from elman.training.shapes.contract import Metrics
from elman.training.shapes.model_file import content_of, require_sizes, restored
from elman.training.shapes.one_to_roll.content import Content
from elman.training.shapes.one_to_roll.task import described_pieces
from elman.training.shapes.piano_rolls.predictor import keys_down, refuse_likeliest_few
from elman.training.shapes.piano_rolls.task import losses_of, roll_metrics


@dataclass(frozen=True, eq=False)
class Composition:
    """A piece: its keys [T, 88] that are down, and the length of a step."""

    frames: NDArray[np.uint8]
    step: float

    def line(self, top: int, item: str | None) -> str:
        """The keys of each step, a stroke between two steps."""
        played = " | ".join(keys_down(frame) for frame in self.frames)
        return "\t".join([played, *([] if item is None else [on_one_line(item)])])

    def facts(self, top: int) -> dict[str, Any]:
        """The notes, in the order of their onsets."""
        return {"notes": [note._asdict() for note in notes_of(self.frames, self.step)]}


class Composer:
    """A trained model that writes pieces for vectors.

    Args:
        model: with its weights, in evaluation mode.
        content: the names of a vector's numbers, the length of a step, and most steps.
    """

    def __init__(self, model: OneToRoll, content: Content) -> None:
        self.model = model
        self.content = content
        self.form = TableForm(content.columns)

    def read(
        self, words: Sequence[str], file: Path | None, column: str | None
    ) -> Sequence[LabelledArray]:
        """Vectors: the words, the rows of a table, or the lines of standard input."""
        return read_array_items(self.form, False, words, file, column)

    def predict(self, items: Sequence[LabelledArray]) -> list[Composition]:
        """A piece for each vector, of the keys that are likelier down than up at each step."""
        still = Sampling(temperature=0)
        return [
            Composition(self._written(item, self.content.longest, still), self.content.step)
            for item in items
        ]

    def generate(
        self, prompt: str = "", length: int = 100, sampling: Sampling | None = None
    ) -> str:
        """A piece drawn for a vector, as a table of notes (CSV).

        Args:
            prompt: the numbers of the vector, separated by commas.
            length: most steps to draw.
            sampling: temperature and seed; the chances as they are by default.

        Raises:
            DataError: the prompt is not as many numbers as the model reads.
            UsageError: there is no prompt, or likeliest keys are asked for.
        """
        sampling = sampling or Sampling()
        refuse_likeliest_few(sampling)
        if not prompt:
            raise UsageError(
                "There are no numbers to write a piece for.",
                where="prompt",
                expected="numbers: " + ",".join(self.content.columns),
                next_step="elman generate RUN --prompt "
                + ",".join("0.5" for _ in self.content.columns),
            )
        (item,) = self.read([prompt], None, None)
        return written_notes("drawn", self._written(item, length, sampling), self.content.step)

    def evaluate(self, path: Path, config: SettledConfig) -> tuple[int, Metrics]:
        """How many pieces a table of notes has, and how well their steps are foretold."""
        check_file(path)
        table = read_table(path, _undigested)
        rolls = pieces_of(table, self.content.step, self.content.columns)
        return len(rolls), roll_metrics(losses_of(self.model, described_pieces(rolls)))

    @torch.no_grad()
    def _written(self, item: LabelledArray, steps: int, sampling: Sampling) -> NDArray[np.uint8]:
        """[T, 88] the keys of a piece, without its end."""
        model, vector = self.model, torch.tensor(item.values)[None]
        drawn = compose(
            model.music, model.silence(), steps, sampling, model.begin(vector), end=KEYS
        )
        return drawn[:, :KEYS].numpy().astype(np.uint8)


def _undigested(content: bytes) -> None:
    """Measuring leaves no record of the bytes it was done on."""


def predictor(description: OneToRollDescription, vocabulary: bytes, weights: bytes) -> Composer:
    """The model of a generation's files.

    Raises:
        CorruptRunError: the files are damaged, or do not belong together.
    """
    content = content_of(Content, vocabulary, "vocabulary.json")
    require_sizes(
        {"numbers": len(content.columns), "keys": KEYS + 1},
        {"numbers": description.features, "keys": description.keys},
    )
    return Composer(restored(lambda: OneToRoll(description), weights), content)
