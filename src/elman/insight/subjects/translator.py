"""A text, and what an encoder and decoder writes for it."""

from __future__ import annotations

from typing import cast

import torch

from elman.data.texts.vocabulary import Vocabulary
from elman.insight.example import Example
from elman.insight.subjects.tokens import MOST_STEPS, embedded, shown_tokens
from elman.insight.subjects.written import Written, require_no_answer
from elman.models.encoder_decoder import EncoderDecoder
from elman.sequences import Ragged
from elman.training.shapes.encoder_decoder.predictor import Translator


@torch.no_grad()
def translated(translator: Translator, text: str, answer: str | None) -> Example:
    """The losses are those of each token written, its end counted.

    There are two answers: the text that is written for this input, and any other.

    Raises:
        UsageError: a text without tokens, or an answer that was asked for.
    """
    require_no_answer(answer, "writes")
    model, sources = cast(EncoderDecoder, translator.model), translator.sources
    tokens = sources.encode(text)[-MOST_STEPS:]
    table = model.embedding.table()
    inputs = embedded(table, tokens, text)
    (found,) = translator.predict([text])
    written = Written(translator.writer, found.writings[0], model.read)
    return Example(
        text=text,
        steps=shown_tokens(sources, tokens),
        inputs=inputs,
        neutral=table[Vocabulary.unknown_id],
        others=table,
        names=written.names,
        answers=written.answers,
        chosen=0,
        losses=lambda one: written.losses(Ragged.from_list([one]))[0],
        at=(len(tokens) - 1,) * len(written.wanted),
        loss="the loss of each token that is written",
        written=written.tokens,
        calls=model.recurrent.num_layers,
        decoding=written.decoding(inputs),
    )
