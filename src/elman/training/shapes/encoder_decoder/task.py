"""The encoder-decoder task: pairs of texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from elman.cells.spec import CellSpec
from elman.data.batches import ragged
from elman.data.examples import Dataset, TextPair
from elman.data.texts.tokens import tokenise
from elman.data.texts.vocabulary import Vocabulary
from elman.models.description import EncoderDecoderDescription
from elman.models.encoder_decoder import EncoderDecoder
from elman.training.shapes.encoder_decoder.config import EncoderDecoderConfig
from elman.training.shapes.text import begin_with, layers, text_vocabulary
from elman.training.shapes.writing.task import Examples, WritingTask, longest_text
from elman.training.shapes.writing.writer import Writer


def make_task(
    config: EncoderDecoderConfig, dataset: Dataset[TextPair]
) -> tuple[WritingTask, dict[str, Any]]:
    """The task, and what vocabulary.json holds."""
    sources, vectors = text_vocabulary(config, [pair.text for pair in dataset.train])
    targets = Vocabulary.build(
        [pair.target for pair in dataset.train],
        config.target_unit,
        config.lowercase,
        config.min_count,
        config.max_vocabulary,
    )
    train = examples_of(dataset.train, sources, targets)
    longest = longest_text(train.targets)
    model = EncoderDecoder(describe(config, len(sources), len(targets)))
    begin_with(vectors, model.embedding, sources)
    writer = Writer(model, ragged, targets, longest, config.copy_unknown)
    task = WritingTask(
        config,
        dataset.name,
        {
            "train": train,
            "validation": examples_of(dataset.validation, sources, targets),
            "test": examples_of(dataset.test, sources, targets),
        },
        writer,
        f"{layers(config)}, attention {config.attention}, "
        f"{len(sources):,} and {len(targets):,} tokens",
    )
    content = {
        "source": sources.to_json(),
        "target": targets.to_json(),
        "longest": longest,
        "copy_unknown": config.copy_unknown,
        "beams": config.beams,
        "length_penalty": config.length_penalty,
    }
    return task, content


def examples_of(pairs: Sequence[TextPair], sources: Vocabulary, targets: Vocabulary) -> Examples:
    """Pairs as numbers and as tokens."""
    return Examples(
        shown=[pair.text for pair in pairs],
        inputs=[sources.encode(pair.text) for pair in pairs],
        copies=[tokenise(pair.text, sources.unit, sources.lowercase) for pair in pairs],
        targets=[targets.encode(pair.target) for pair in pairs],
        references=[tokenise(pair.target, targets.unit, targets.lowercase) for pair in pairs],
        rows=[pair.row for pair in pairs],
    )


def describe(
    config: EncoderDecoderConfig, vocabulary_size: int, target_size: int
) -> EncoderDecoderDescription:
    """The model that a configuration asks for."""
    return EncoderDecoderDescription(
        cell=CellSpec(config.cell, config.nonlinearity, config.reset_after),
        vocabulary_size=vocabulary_size,
        target_size=target_size,
        embedding_size=config.embedding_size,
        encoding=config.encoding,
        frozen=config.freeze_vectors,
        hidden_size=config.hidden_size,
        num_layers=config.num_layers,
        dropout=config.dropout,
        attention=config.attention,
        input_feeding=config.input_feeding,
        bidirectional=config.bidirectional,
    )
