"""A text, and the tag of its least certain step."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, log_softmax

from elman.data.wording import shown
from elman.insight.example import Example
from elman.insight.subjects.tokens import MOST_STEPS, of_own_step, place_of, require_tokens
from elman.sequences import Ragged
from elman.training.shapes.aligned.predictor import Tagger


@torch.no_grad()
def tagged(tagger: Tagger, text: str, answer: str | None) -> Example:
    """The losses are those of each step's tag, as its own scores have it.

    What is explained is the tag of the step that the model is least sure of, by the scores of that
    step: a CRF on top, which has no recurrent weights, is left aside.
    """
    model, (tagging,) = tagger.model, tagger.predict([text])
    tokens, tags = tagging.tokens[:MOST_STEPS], tagging.tags[:MOST_STEPS]
    require_tokens(tokens, text)
    batch, spelt = tagger.reading.batch([tagger.reading.encode(tokens)])
    inputs = model.vectors(batch, spelt)
    targets = torch.tensor([tagger.tags.index(tag) for tag in tags])
    sure = log_softmax(model.read(Ragged.from_list([inputs])).values, dim=1)
    place = int(sure.gather(1, targets[:, None]).argmin())
    chosen = int(targets[place]) if answer is None else place_of(answer, tagger.tags)
    targets[place] = chosen

    def answers(batch: Ragged) -> Tensor:
        """Of a shorter input, whose beginning is not shown, the step is as far from the end."""
        left = len(tokens) - place
        rows = [one[max(0, len(one) - left)] for one in model.read(batch).to_list()]
        return log_softmax(torch.stack(rows), dim=1)

    def losses(one: Tensor) -> Tensor:
        output, _ = model.recurrent.run(Ragged.from_list([one]))
        found = cross_entropy(model.output(output.values), targets, reduction="none")
        return of_own_step(found, output.values)

    unknown, spelling = tagger.reading.batch([tagger.reading.encode(["\ufffd"])])
    return Example(
        text=f"{tokens[place]}, step {place + 1} of: {text}",
        steps=tuple(tokens),
        inputs=inputs,
        neutral=model.vectors(unknown, spelling)[0],
        others=inputs,
        names=tagger.tags,
        answers=answers,
        chosen=chosen,
        losses=losses,
        at=tuple(range(len(tokens))),
        loss=f"the loss of each step's tag ({shown(tagger.tags[chosen])} at step {place + 1})",
    )
