"""Small models with random weights, and explanations of what they answer."""

from __future__ import annotations

import torch

from elman.cells.spec import CellSpec
from elman.data.texts.vocabulary import Vocabulary
from elman.insight.example import Example
from elman.insight.explain import Explanation, explain
from elman.insight.optimisation import Optimisation
from elman.insight.subjects.registry import example_of
from elman.models.description import LanguageModelDescription, ManyToOneDescription, Pooling
from elman.models.language_model import LanguageModel
from elman.models.many_to_one import ManyToOne
from elman.training.shapes.language_model.predictor import Generator
from elman.training.shapes.many_to_one.predictor import Classifier

LETTERS = Vocabulary.build(["abcdefgh <&\n"], "characters")
LABELS = ("good", "<b>bad</b>", "neither")
TRAINED = Optimisation(
    (10, 20, 30), (4.0, 2.5, 1.0), (1.0, 0.5, 0.0), "norm", 2.0, 4, (1.9, 1.6, 1.0)
)


def classifier(
    cell: CellSpec, *, layers: int = 1, both: bool = True, pooling: Pooling = "attention"
) -> Classifier:
    torch.manual_seed(0)
    model = ManyToOne(
        ManyToOneDescription(
            cell=cell, vocabulary_size=len(LETTERS), embedding_size=3, hidden_size=5,
            num_layers=layers, classes=len(LABELS), bidirectional=both, pooling=pooling,
        )
    )  # fmt: skip
    return Classifier(model.eval(), LETTERS, LABELS, 40, "class")


def writer(cell: CellSpec, *, layers: int = 1) -> Generator:
    torch.manual_seed(0)
    model = LanguageModel(
        LanguageModelDescription(
            cell=cell, vocabulary_size=len(LETTERS), embedding_size=5, hidden_size=5,
            num_layers=layers,
        )
    )  # fmt: skip
    return Generator(model.eval(), LETTERS)


def classified(text: str = "bad cafe <&", cell: CellSpec | None = None) -> Explanation:
    return explain(example_of(classifier(cell or CellSpec("lstm")), text))


def continued(text: str = "a bad\ncab", cell: CellSpec | None = None) -> Explanation:
    return explain(example_of(writer(cell or CellSpec("gru"), layers=2), text), TRAINED)


def example(text: str = "bad cab") -> Example:
    return example_of(classifier(CellSpec("lstm")), text)
