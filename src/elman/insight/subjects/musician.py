"""A piece of music, and the key that comes next."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid

from elman.data.arrays.piano_rolls import LOWEST_PITCH
from elman.insight.example import Example, Seen
from elman.insight.scale import Probabilities
from elman.insight.subjects.items import item_of
from elman.insight.subjects.tokens import MOST_STEPS, of_own_step, place_of
from elman.pages.matrix import Axis
from elman.sequences import Ragged
from elman.training.shapes.piano_rolls.predictor import Musician, keys_down, name_of
from elman.training.shapes.piano_rolls.task import tensor_of


@torch.no_grad()
def played(musician: Musician, text: str, answer: str | None) -> Example:
    """The losses are those of each step's keys after the first, and of the answer after the last.

    Raises:
        DataError: the piece cannot be read.
        UsageError: there is no such key.
    """
    model = musician.model
    piece, named = item_of(musician, text)
    frames = tensor_of(piece)[-MOST_STEPS:]
    names = tuple(name_of(LOWEST_PITCH + key) for key in range(frames.shape[1]))

    def scores(hidden: Tensor, read: Tensor) -> Tensor:
        found: Tensor = model.output(hidden) + model.direct(read)
        return found

    def answers(batch: Ragged) -> Tensor:
        hidden, _ = model.recurrent.run(batch)
        return logsigmoid(scores(hidden.last(), batch.last()))

    best = int(answers(Ragged.from_list([frames]))[0].argmax())
    chosen = best if answer is None else place_of(answer, names)

    def losses(one: Tensor) -> Tensor:
        hidden, _ = model.recurrent.run(Ragged.from_list([one]))
        found = scores(hidden.values, one)
        told = binary_cross_entropy_with_logits(found[:-1], frames[1:], reduction="none").sum(1)
        asked = -logsigmoid(found[-1:, chosen])
        return of_own_step(torch.cat([told, asked]), hidden.values)

    steps = tuple(keys_down(frame.numpy().astype(np.uint8)) for frame in frames)
    played_keys = torch.nonzero(frames.any(0)).flatten().flip(0).tolist()
    rows = tuple(names[key] for key in played_keys)
    return Example(
        text=named,
        steps=steps,
        inputs=frames,
        neutral=torch.zeros_like(frames[0]),
        others=frames,
        names=names,
        answers=answers,
        chosen=chosen,
        losses=losses,
        at=tuple(range(len(frames))),
        loss=f"the loss of each step's next keys, and of {names[chosen]} after the last one",
        scale=Probabilities(exclusive=False),
        seen=Seen("The keys that are down", frames[:, played_keys].t(), Axis("key", rows),
                  Axis("step", tuple(str(step + 1) for step in range(len(frames)))))
        if len(rows) > 1 else None,
    )  # fmt: skip
