"""Small tagged sentences, and a task that learns them."""

from __future__ import annotations

import random
from typing import Any

import torch

from elman.data.examples import Dataset, TaggedSentence
from elman.training.shapes.aligned.config import AlignedConfig
from elman.training.shapes.aligned.task import AlignedTask, make_task

ALIGNED: dict[str, Any] = {
    "data": "towns.conll", "shape": "aligned", "unit": "words", "lowercase": True, "min_count": 2,
    "embedding_size": 3, "hidden_size": 4, "dropout": 0.0, "bidirectional": True, "scheme": "bio",
    "crf": True, "characters": True, "character_embedding_size": 2, "character_hidden_size": 3,
    "word_dropout": 0.0, "epochs": 3, "batch_size": 4, "learning_rate": 0.05, "weight_decay": 0.01,
}  # fmt: skip

_TOWNS = (("Bath",), ("New", "York"), ("Rio", "de", "Janeiro"), ("Oslo",))
_PEOPLE = (("Ada",), ("Alan", "Turing"))
_PLAIN = "we met in the rain near a big old house and left for".split()


def sentences(count: int, first: int = 0) -> tuple[TaggedSentence, ...]:
    """Sentences with towns and people, of 1 to 12 words, tagged in BIO."""
    draw = random.Random(first)  # noqa: S311
    made = []
    row = first + 1
    for _ in range(count):
        tokens: list[str] = []
        tags: list[str] = []
        for _ in range(draw.randint(1, 4)):
            if draw.random() < 0.5:
                kind, names = draw.choice([("town", _TOWNS), ("person", _PEOPLE)])
                name = draw.choice(names)
                tokens += name
                tags += [f"B-{kind}", *[f"I-{kind}"] * (len(name) - 1)]
            else:
                tokens.append(draw.choice(_PLAIN))
                tags.append("O")
        made.append(TaggedSentence(tuple(tokens), tuple(tags), row))
        row += len(tokens) + 1
    return tuple(made)


def conll(examples: tuple[TaggedSentence, ...]) -> str:
    """The sentences as the text of a file."""
    return "\n".join(
        "".join(f"{token}\t{tag}\n" for token, tag in zip(one.tokens, one.tags, strict=True))
        for one in examples
    )


def tagged_data() -> Dataset[TaggedSentence]:
    return Dataset(
        "towns.conll", "aligned", "column '2' tags column '1'", "tags", sentences(14),
        sentences(6, 100), sentences(8, 200), "given files", "0" * 64, (),
    )  # fmt: skip


def aligned_config(**changes: Any) -> AlignedConfig:
    return AlignedConfig.checked(ALIGNED | changes)


def aligned_task(
    init_seed: int = 0, data: Dataset[TaggedSentence] | None = None, **changes: Any
) -> AlignedTask:
    torch.manual_seed(init_seed)
    return make_task(aligned_config(**changes), data or tagged_data())[0]
