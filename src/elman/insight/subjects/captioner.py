"""A vector or an image, and the text that is written for it."""

from __future__ import annotations

from typing import cast

import torch

from elman.insight.example import Example
from elman.insight.subjects.items import item_of
from elman.insight.subjects.still import still_of
from elman.insight.subjects.written import Written, require_no_answer
from elman.models.one_to_many import OneToMany
from elman.sequences import Ragged
from elman.training.shapes.one_to_many.predictor import Captioner


@torch.no_grad()
def captioned(captioner: Captioner, text: str, answer: str | None) -> Example:
    """The losses are those of each token written, its end counted.

    There are two answers: the text that is written for this input, and any other.

    Raises:
        DataError: the input cannot be read.
        UsageError: an answer was asked for.
    """
    require_no_answer(answer, "writes")
    model = cast(OneToMany, captioner.model)
    item, named = item_of(captioner, text)
    scaling = model.scaling if model.image is None else model.image.scaling
    still = still_of(torch.tensor(item.values), captioner.form, scaling)
    (found,) = captioner.predict([item])
    written = Written(
        captioner.writer, found.writings[0], lambda batch: model.encode(still.whole(batch))
    )
    fed = model.decoder.input_feeding
    grid = None if model.image is None else model.image.grid
    return Example(
        text=named,
        steps=still.names,
        inputs=still.parts,
        neutral=still.neutral,
        others=still.parts,
        names=written.names,
        answers=written.answers,
        chosen=0,
        losses=lambda one: written.losses(Ragged.from_list([one]))[0],
        # A decoder that is fed what it attended to makes a call for each step.
        at=tuple(0 if fed else step for step in range(len(written.wanted))),
        loss="the loss of each token that is written",
        written=written.tokens,
        calls=0,
        step=still.step,
        seen=still.seen,
        grid=still.grid,
        decoding=written.decoding(still.parts, grid),
    )
