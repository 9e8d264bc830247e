"""Small data, configurations and tasks for the tests of models and of training."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from elman.data.examples import Dataset, Document, LabelledText, Target
from elman.data.texts.vocabulary import Vocabulary
from elman.training.loop import Step
from elman.training.shapes.language_model.config import LanguageModelConfig
from elman.training.shapes.language_model.task import LanguageModelTask
from elman.training.shapes.many_to_one.config import ManyToOneConfig
from elman.training.shapes.many_to_one.task import ManyToOneTask, label_order

AnyTask = ManyToOneTask | LanguageModelTask

MANY_TO_ONE: dict[str, Any] = {
    "data": "letters.csv", "shape": "many_to_one", "unit": "characters", "lowercase": False,
    "min_count": 1, "max_length": 12, "embedding_size": 3, "hidden_size": 4, "dropout": 0.0,
    "bidirectional": True, "pooling": "max", "epochs": 3, "batch_size": 4, "learning_rate": 0.05,
    "weight_decay": 0.01,
}  # fmt: skip

LANGUAGE_MODEL: dict[str, Any] = {
    "data": "letters.txt", "shape": "language_model", "unit": "characters", "lowercase": False,
    "min_count": 1, "embedding_size": 4, "hidden_size": 4, "dropout": 0.0, "tied": True,
    "bptt_steps": 3, "bptt_window": 5, "epochs": 3, "batch_size": 3, "learning_rate": 0.05,
    "weight_decay": 0.01,
}  # fmt: skip


def many_to_one_config(**changes: Any) -> ManyToOneConfig:
    return ManyToOneConfig.checked(MANY_TO_ONE | changes)


def language_model_config(**changes: Any) -> LanguageModelConfig:
    return LanguageModelConfig.checked(LANGUAGE_MODEL | changes)


def labelled(count: int, first: int = 0) -> tuple[LabelledText, ...]:
    """Texts of unequal length over three letters; the label is how often "a" stands in them."""
    words = itertools.product("abc", repeat=4)
    texts = ["".join(word)[: 1 + number % 4] for number, word in enumerate(words)]
    chosen = [texts[(7 * number + first) % len(texts)] for number in range(count)]
    return tuple(
        LabelledText(text, str(min(text.count("a"), 2) + 1), row)
        for row, text in enumerate(chosen, start=first + 2)
    )


def labelled_data(target: Target = "rating") -> Dataset[LabelledText]:
    return Dataset(
        "letters.csv", "many_to_one", "column 'n' labels column 'text'", target, labelled(14),
        labelled(6, 20), labelled(5, 40), "given files", "0" * 64, (),
    )  # fmt: skip


def running_data() -> Dataset[Document]:
    texts = ["abacabad", "ab", "", "cabbage", "dada", "bad cab", "a", "bead", "face", "abcd" * 20]
    documents = tuple(Document(text, row) for row, text in enumerate(texts, start=1))
    return Dataset(
        "letters.txt", "language_model", "running text", "next token", documents[:6],
        documents[6:8], documents[8:], "given files", "0" * 64, (),
    )  # fmt: skip


def vocabulary_of(data: Dataset[LabelledText] | Dataset[Document]) -> Vocabulary:
    return Vocabulary.build([one.text for one in data.train], "characters")


def many_to_one_task(
    target: Target = "rating", init_seed: int = 0, **changes: Any
) -> ManyToOneTask:
    data = labelled_data(target)
    torch.manual_seed(init_seed)
    return ManyToOneTask(
        many_to_one_config(**changes), data, vocabulary_of(data), label_order(data)
    )


def language_model_task(init_seed: int = 0, **changes: Any) -> LanguageModelTask:
    data = running_data()
    torch.manual_seed(init_seed)
    return LanguageModelTask(language_model_config(**changes), data, vocabulary_of(data))


def gap(one: Tensor, other: Tensor) -> float:
    """The largest difference between two tensors of one shape."""
    assert one.shape == other.shape
    return float((one.detach() - other.detach()).abs().max()) if one.numel() else 0.0


class Notes:
    """A listener that writes down what it hears."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.lines: list[dict[str, Any]] = []
        self.bests: list[bool] = []
        self.warnings: list[str] = []

    def step(self, step: Step) -> None:
        self.steps.append(step)

    def evaluation(self, line: Mapping[str, Any], best: bool) -> None:
        self.lines.append(dict(line))
        self.bests.append(best)

    def warn(self, text: str) -> None:
        self.warnings.append(text)
