"""A trained model of piano rolls, ready to use."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from elman.data.arrays.note_events import choose_step, require_notes, rolls_of, written_notes
from elman.data.arrays.piano_rolls import KEYS, LOWEST_PITCH, read_matlab_rolls
from elman.data.examples import Roll
from elman.data.files.formats import format_of, read_table
from elman.data.files.source import STANDARD_INPUT, check_file, decoded_lines, empty
from elman.errors import UsageError
from elman.models.decoding import Sampling, compose
from elman.models.description import PianoRollDescription
from elman.models.piano_roll import PianoRoll
from elman.sequences import Ragged
from elman.training.config import SettledConfig
from elman.training.shapes.answers import on_one_line
from elman.training.shapes.contract import Metrics
from elman.training.shapes.model_file import content_of, restored
from elman.training.shapes.piano_rolls.task import losses_of, pieces_alone, roll_metrics, tensor_of

SILENCE = "–"
_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


class Content(BaseModel):
    """The content of vocabulary.json.

    Attributes:
        step: the length of a step in the unit of the notes' onsets; None where there were none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    step: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None


@dataclass(frozen=True)
class NextKeys:
    """The chance of each key to be down at the step after the last, by its pitch in MIDI."""

    chances: dict[int, float]

    def line(self, top: int, item: str | None) -> str:
        """The keys that are likelier down than up, or the best few, with their chances."""
        likely = [pair for pair in self._ranked() if pair[1] > 0.5]
        told = self._ranked()[:top] if top > 1 else likely
        cells = [cell for key, chance in told for cell in (key, f"{chance:.3f}")]
        return "\t".join([*cells, *([] if item is None else [on_one_line(item)])])

    def facts(self, top: int) -> dict[str, Any]:
        """The chances by the names of the keys, the likeliest first."""
        told = self._ranked()[:top] if top > 1 else [one for one in self._ranked() if one[1] > 0.5]
        return {"keys": dict(told)}

    def _ranked(self) -> list[tuple[str, float]]:
        ranked = sorted(self.chances.items(), key=lambda pair: -pair[1])
        return [(name_of(pitch), chance) for pitch, chance in ranked]


def name_of(pitch: int) -> str:
    """The name of a pitch in MIDI.

    Example:
        >>> name_of(60), name_of(21)
        ('C4', 'A0')
    """
    return f"{_NAMES[pitch % 12]}{pitch // 12 - 1}"


def keys_down(frame: NDArray[np.uint8]) -> str:
    """The names of the keys [88] that are down, from the lowest; a dash for silence.

    Example:
        >>> frame = np.zeros(88, dtype=np.uint8)
        >>> keys_down(frame)
        '–'
        >>> frame[[39, 43]] = 1
        >>> keys_down(frame)
        'C4 E4'
    """
    return " ".join(name_of(LOWEST_PITCH + int(key)) for key in np.flatnonzero(frame)) or SILENCE


def refuse_likeliest_few(sampling: Sampling) -> None:
    """Refuse a way of drawing that keys do not have: they do not exclude each other.

    Raises:
        UsageError: likeliest keys are asked for.
    """
    if sampling.top_k or sampling.top_p < 1:
        raise UsageError(
            "Each key is drawn by itself, so there are no likeliest few to draw from.",
            where=f"top_k = {sampling.top_k}, top_p = {sampling.top_p:g}",
            expected="temperature and seed only",
            next_step="elman generate RUN --temperature 0.8",
        )


class Musician:
    """A trained model of piano rolls.

    Args:
        model: with its weights, in evaluation mode.
        step: the length of a step in the unit of the notes' onsets, where it had notes.
    """

    def __init__(self, model: PianoRoll, step: float | None) -> None:
        self.model = model
        self.step = step

    def read(self, words: Sequence[str], file: Path | None, column: str | None) -> Sequence[Roll]:
        """Pieces: those of files of notes or of MATLAB, named by words, or by lines."""
        paths = [file] if file is not None else [Path(word) for word in words or _lines()]
        return [roll for path in paths for roll in self._pieces(path)]

    @torch.no_grad()
    def predict(self, items: Sequence[Roll]) -> list[NextKeys]:
        """The keys of the step after the last of each piece."""
        answers = []
        for roll in items:
            heard = Ragged.from_list([tensor_of(roll)])
            chances = torch.sigmoid(self.model(heard)[-1]).tolist()
            answers.append(NextKeys(dict(enumerate(chances, LOWEST_PITCH))))
        return answers

    def generate(
        self, prompt: str = "", length: int = 100, sampling: Sampling | None = None
    ) -> str:
        """A piece as a table of notes (CSV), begun by another or by silence.

        Args:
            prompt: a file of notes, or of MATLAB, whose first piece (there, of the test part) is
                continued; may be empty.
            length: steps to draw.
            sampling: temperature and seed; the chances as they are by default.

        Raises:
            DataError: the file cannot be read.
            UsageError: likeliest keys are asked for; keys do not exclude each other as tokens do.
        """
        sampling = sampling or Sampling()
        refuse_likeliest_few(sampling)
        name, begun = "drawn", np.zeros((0, KEYS), dtype=np.uint8)
        if prompt:
            first = self._pieces(Path(prompt))[0]
            name, begun = str(first), first.frames
        heard = torch.from_numpy(begun).float() if len(begun) else torch.zeros(1, KEYS)
        drawn = compose(self.model, heard, length, sampling)
        frames = np.concatenate([begun, drawn.numpy().astype(np.uint8)])
        return written_notes(name, frames, self.step or 1.0)

    def evaluate(self, path: Path, config: SettledConfig) -> tuple[int, Metrics]:
        """How many pieces a file has, and how well their steps are foretold."""
        rolls = self._pieces(path)
        return len(rolls), roll_metrics(losses_of(self.model, pieces_alone(rolls)))

    def _pieces(self, path: Path) -> list[Roll]:
        """Of a table of notes all pieces; of a file of MATLAB those of its test part."""
        check_file(path)
        if format_of(path) == "piano rolls":
            return read_matlab_rolls(path, _undigested)["test"]
        table = read_table(path, _undigested)
        require_notes(table)
        return rolls_of(table, self.step or choose_step(table))


def _lines() -> list[str]:
    lines = [line.strip() for line in decoded_lines(sys.stdin.buffer, STANDARD_INPUT, _undigested)]
    if not any(lines):
        raise empty(STANDARD_INPUT)
    return [line for line in lines if line]


def _undigested(content: bytes) -> None:
    """Predictions leave no record of the bytes they were made from."""


def predictor(description: PianoRollDescription, vocabulary: bytes, weights: bytes) -> Musician:
    """The model of a generation's files.

    Raises:
        CorruptRunError: the files are damaged, or do not belong together.
    """
    content = content_of(Content, vocabulary, "vocabulary.json")
    return Musician(restored(lambda: PianoRoll(description), weights), content.step)
