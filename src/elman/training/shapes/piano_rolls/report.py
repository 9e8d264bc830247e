"""What the report of a model of piano rolls shows: pieces as they are, and as they are foretold."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from elman.data.arrays.piano_rolls import KEYS
from elman.pages.bitmap import bitmap
from elman.pages.document import Section
from elman.pages.tables import table
from elman.pages.text import number
from elman.training.shapes.piano_rolls.task import PianoRollTask, step_losses, step_scores

_PIECES = 3
_STEPS = 100
_MARGIN = 2


@torch.no_grad()
def report(task: PianoRollTask) -> dict[str, Any]:
    """The fields of `ReportContent` that are this shape's own."""
    pieces = task.parts["test"]
    rows = []
    for place in range(min(_PIECES, len(pieces))):
        name, played = pieces.names[place], pieces.frames[place][1:, :KEYS]
        (scores,) = step_scores(task.model, pieces, [place])
        (losses,) = step_losses(task.model, pieces, [place])
        keys = played.any(0).nonzero()
        low, high = int(keys.min()) - _MARGIN, int(keys.max()) + _MARGIN + 1
        pictures = (
            bitmap(f"{name}: {said}", [_pixels(one[:_STEPS, max(0, low) : high])])
            for said, one in (
                ("keys that are down", played),
                ("their chances", torch.sigmoid(scores[:, :KEYS])),
            )
        )
        rows.append([name, *pictures, number(float(losses.mean()))])
    headings = ["Piece", "Keys that are down", "Their chances, foretold", "Nats a step"]
    note = "Time runs to the right, from the second step on; low keys are at the bottom"
    return {"sections": [Section("pieces", "Pieces", table(note, headings, rows, numeric=(3,)))]}


def _pixels(keys: Tensor) -> list[list[int]]:
    """Dark where a key is up, light where it is down: rows from the highest key to the lowest."""
    shades = (keys.T.flip(0) * 255).round().int().tolist()
    return shades
