"""A text and its label."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import log_softmax

from elman.data.texts.vocabulary import Vocabulary
from elman.data.wording import shown
from elman.insight.example import Example
from elman.insight.subjects.tokens import MOST_STEPS, embedded, place_of, shown_tokens
from elman.sequences import Ragged
from elman.training.shapes.many_to_one.predictor import Classifier


@torch.no_grad()
def classified(classifier: Classifier, text: str, answer: str | None) -> Example:
    """The loss is that of the answer, after the last step."""
    model, vocabulary = classifier.model, classifier.vocabulary
    tokens = vocabulary.encode(text, classifier.max_length)[-MOST_STEPS:]
    table = model.encoding.table()

    def answers(batch: Ragged) -> Tensor:
        return log_softmax(model.read(batch), dim=1)

    inputs = embedded(table, tokens, text)
    best = int(answers(Ragged.from_list([inputs]))[0].argmax())
    chosen = best if answer is None else place_of(answer, classifier.labels)

    def losses(one: Tensor) -> Tensor:
        return -answers(Ragged.from_list([one]))[:, chosen]

    return Example(
        text=text,
        steps=shown_tokens(vocabulary, tokens),
        inputs=inputs,
        neutral=table[Vocabulary.unknown_id],
        others=table,
        names=classifier.labels,
        answers=answers,
        chosen=chosen,
        losses=losses,
        at=(len(tokens) - 1,),
        loss=f"the loss of the answer {shown(classifier.labels[chosen])}",
    )
