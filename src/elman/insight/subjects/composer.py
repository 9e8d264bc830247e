"""A vector, and the piece of music that is written for it."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from elman.insight.example import Decoding, Example
from elman.insight.subjects.items import item_of
from elman.insight.subjects.still import still_of
from elman.insight.subjects.written import require_no_answer
from elman.sequences import Ragged
from elman.training.shapes.one_to_roll.predictor import Composer
from elman.training.shapes.one_to_roll.task import with_ends
from elman.training.shapes.piano_rolls.predictor import keys_down

START, END = "the start", "the end"
OTHERWISE = "any other piece"


@torch.no_grad()
def composed(composer: Composer, text: str, answer: str | None) -> Example:
    """The losses are those of each step written, its end counted.

    There are two answers: the piece that is written for this vector, and any other.

    Raises:
        DataError: the vector cannot be read.
        UsageError: an answer was asked for.
    """
    require_no_answer(answer, "writes")
    model = composer.model
    item, named = item_of(composer, text)
    still = still_of(torch.tensor(item.values), composer.form, model.scaling)
    (piece,) = composer.predict([item])
    names = tuple(keys_down(frame) for frame in piece.frames)
    steps = with_ends(torch.from_numpy(piece.frames).float())
    if len(names) == composer.content.longest:  # cut off there, without an end
        steps = steps[:-1]
    given, wanted = steps[:-1], steps[1:]

    def losses(batch: Ragged) -> Tensor:
        """[B, M] in nats, summed over the keys, as in training."""
        scores = model(Ragged.from_list([given] * len(batch)), still.whole(batch))
        told = scores.view(len(batch), *wanted.shape)
        asked = wanted.expand_as(told)
        return binary_cross_entropy_with_logits(told, asked, reduction="none").sum(2)

    def answers(batch: Ragged) -> Tensor:
        """[B, 2] the log-probabilities of the piece, and of any other."""
        own = -losses(batch).sum(1)
        rest = torch.log1p(-own.exp().clamp(max=1 - torch.finfo(own.dtype).eps))
        return torch.stack([own, rest], dim=1)

    return Example(
        text=named,
        steps=still.names,
        inputs=still.parts,
        neutral=still.neutral,
        others=still.parts,
        names=(" | ".join(names) or END, OTHERWISE),
        answers=answers,
        chosen=0,
        losses=lambda one: losses(Ragged.from_list([one]))[0],
        at=tuple(range(len(wanted))),
        loss="the loss of each step that is written, summed over the keys",
        written=(*names, END)[: len(wanted)],
        calls=0,
        step=still.step,
        decoding=Decoding((START, *names)[: len(wanted)], model.music.recurrent.num_layers),
    )
