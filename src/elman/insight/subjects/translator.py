"""A text, and what an encoder and decoder writes for it."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from elman.data.batches import ragged
from elman.data.texts.vocabulary import Vocabulary
from elman.data.wording import shown
from elman.errors import UsageError
from elman.insight.example import Example
from elman.insight.subjects.tokens import MOST_STEPS, embedded, shown_tokens
from elman.models.encoder_decoder import EncoderDecoder
from elman.sequences import Ragged
from elman.training.shapes.encoder_decoder.predictor import Translator

OTHERWISE = "any other text"


@torch.no_grad()
def translated(translator: Translator, text: str, answer: str | None) -> Example:
    """The losses are those of each token written, its end counted.

    There are two answers: the text that is written for this input, and any other.

    Raises:
        UsageError: a text without tokens, or an answer that was asked for.
    """
    if answer is not None:
        raise UsageError(
            f"Of a model that writes, what it writes is explained, and not {shown(answer)}.",
            where="--answer",
            expected="no answer",
            next_step="leave out --answer",
        )
    model, sources = cast(EncoderDecoder, translator.model), translator.sources
    tokens = sources.encode(text)[-MOST_STEPS:]
    table = model.embedding.table()
    inputs = embedded(table, tokens, text)
    (found,) = translator.predict([text])
    best = found.writings[0]
    end = Vocabulary.end_id
    # A text of the most tokens was cut off there, and has no end.
    wanted = torch.tensor([*best.numbers, end][: translator.writer.longest])
    given = [end, *best.numbers][: len(wanted)]

    def written(batch: Ragged) -> Tensor:
        """[B, M] the losses of the tokens written."""
        scores, _ = model.decoder(ragged([given] * len(batch)), model.read(batch))
        losses = cross_entropy(scores, wanted.repeat(len(batch)), reduction="none")
        return losses.view(len(batch), -1)

    def answers(batch: Ragged) -> Tensor:
        own = -written(batch).sum(1)
        rest = torch.log1p(-own.exp().clamp(max=1 - torch.finfo(own.dtype).eps))
        return torch.stack([own, rest], dim=1)

    return Example(
        text=text,
        steps=shown_tokens(sources, tokens),
        inputs=inputs,
        neutral=table[Vocabulary.unknown_id],
        others=table,
        names=(best.text, OTHERWISE),
        answers=answers,
        chosen=0,
        losses=lambda one: written(Ragged.from_list([one]))[0],
        at=(len(tokens) - 1,) * len(wanted),
        loss="the loss of each token that is written",
        written=shown_tokens(translator.writer.vocabulary, wanted.tolist()),
        calls=model.recurrent.num_layers,
    )
