"""Learning to write a piece of music for a vector."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from elman.cells.spec import CellSpec
from elman.data.examples import Roll
from elman.data.loading.rolls import RollDataset
from elman.data.splits import Part
from elman.models.description import OneToRollDescription
from elman.models.one_to_roll import OneToRoll
from elman.training.shapes.one_to_roll.config import OneToRollConfig
from elman.training.shapes.one_to_roll.content import Content
from elman.training.shapes.piano_rolls.task import PianoRollTask, Pieces, tensor_of


def make_task(
    config: OneToRollConfig, dataset: RollDataset
) -> tuple[PianoRollTask, dict[str, Any]]:
    """The task, and what vocabulary.json holds."""
    parts: dict[Part, Pieces] = {
        "train": described_pieces(dataset.train),
        "validation": described_pieces(dataset.validation),
        "test": described_pieces(dataset.test),
    }
    train = parts["train"]
    model = OneToRoll(
        OneToRollDescription(
            cell=CellSpec(config.cell, config.nonlinearity, config.reset_after),
            keys=train.frames[0].shape[1],
            features=len(dataset.columns),
            hidden_size=config.hidden_size,
            num_layers=config.num_layers,
            dropout=config.dropout,
        )
    )
    model.fit(vectors_of(dataset.train))
    content = Content(
        columns=dataset.columns,
        step=dataset.step or 1.0,
        longest=2 * max(map(len, train.frames)),
    )
    return PianoRollTask(config, dataset.name, parts, model), content.model_dump(mode="json")


def described_pieces(rolls: Sequence[Roll]) -> Pieces:
    """Pieces with their vectors: silence first, and an end, in which the key of the end is down."""
    return Pieces(
        [with_ends(tensor_of(roll)) for roll in rolls],
        [roll.name for roll in rolls],
        vectors_of(rolls),
    )


def vectors_of(rolls: Sequence[Roll]) -> Tensor:
    """[N, I] what each piece is to be written for."""
    return torch.from_numpy(np.stack([roll.vector for roll in rolls if roll.vector is not None]))


def with_ends(frames: Tensor) -> Tensor:
    """A piece [T, K] as [T + 2, K + 1]: silence before it, and its end after it."""
    framed = pad(frames, (0, 1, 1, 1))
    framed[-1, -1] = 1
    return framed
