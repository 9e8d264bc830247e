"""What the report of a language model shows: passages, and what surprises it in them."""

from __future__ import annotations

import math
from typing import Any

from elman.data.texts.tokens import detokenise
from elman.training.report.content import Passage
from elman.training.shapes.language_model.task import LanguageModelTask, document_losses

_PASSAGES = 4
_PASSAGE_TOKENS = 120


def report(task: LanguageModelTask) -> dict[str, Any]:
    """The fields of `ReportContent` that are this shape's own."""
    return {
        "data": {"Vocabulary": f"{len(task.vocabulary):,} {task.steps}"},
        "passages": surprising_passages(task),
    }


def surprising_passages(task: LanguageModelTask) -> list[Passage]:
    """The openings of the first documents of the test part, with the surprise at each token."""
    documents = [document[:_PASSAGE_TOKENS] for document in task.parts["test"][:_PASSAGES]]
    vocabulary = task.vocabulary
    passages = []
    for document, losses in zip(documents, document_losses(task.model, documents), strict=True):
        shown = [place for place, token in enumerate(document) if token != vocabulary.end_id]
        tokens = [vocabulary.tokens[document[place]] for place in shown]
        bits = [float(losses[place]) / math.log(2) for place in shown]
        passages.append(
            Passage.from_tokens(tokens, bits, lambda parts: detokenise(parts, vocabulary.unit))
        )
    return passages
