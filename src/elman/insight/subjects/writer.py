"""A text and the token that a language model writes next."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, log_softmax

from elman.data.texts.vocabulary import Vocabulary
from elman.insight.example import Example
from elman.insight.subjects.tokens import MOST_STEPS, embedded, of_own_step, place_of, shown_tokens
from elman.sequences import Ragged
from elman.training.shapes.language_model.predictor import Generator


@torch.no_grad()
def continued(generator: Generator, text: str, answer: str | None) -> Example:
    """The losses are those of each token after the first, and of the answer after the last."""
    model, vocabulary = generator.model, generator.vocabulary
    tokens = [Vocabulary.end_id, *vocabulary.encode(text)][-MOST_STEPS:]
    table = model.embedding.table()

    def answers(batch: Ragged) -> Tensor:
        hidden, _ = model.recurrent.run(batch)
        return log_softmax(model.output(hidden.last()), dim=1)

    inputs = embedded(table, tokens, text)
    best = int(answers(Ragged.from_list([inputs]))[0].argmax())
    chosen = best if answer is None else place_of(answer, vocabulary.tokens)
    targets = torch.tensor([*tokens[1:], chosen])

    def losses(one: Tensor) -> Tensor:
        hidden, _ = model.recurrent.run(Ragged.from_list([one]))
        scores = model.output(hidden.values)
        return of_own_step(cross_entropy(scores, targets, reduction="none"), hidden.values)

    return Example(
        text=text,
        steps=shown_tokens(vocabulary, tokens),
        inputs=inputs,
        neutral=table[Vocabulary.unknown_id],
        others=table,
        names=tuple(vocabulary.tokens),
        answers=answers,
        chosen=chosen,
        losses=losses,
        at=tuple(range(len(tokens))),
        loss="the loss of each next token",
    )
