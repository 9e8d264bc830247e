"""What a model says to sentences: the best allowed tags, and their loss or probabilities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from elman.data.batches import by_length
from elman.data.examples import TaggedSentence
from elman.data.texts.tag_schemes import Scheme, may_follow
from elman.models.aligned import Aligned
from elman.sequences import Ragged
from elman.training.shapes.aligned.reading import Encoded, Reading
from elman.training.task import Check

_BATCH = 64
_NEVER_LEARNT = -1


class Predicted(NamedTuple):
    """What a model says to a sentence.

    Attributes:
        tags: the best allowed ones, by number.
        probabilities: [T, tags] of each tag at each step, whatever the tags of the other steps.
    """

    tags: list[int]
    probabilities: Tensor


def predicted(model: Aligned, reading: Reading, sentences: Sequence[Encoded]) -> list[Predicted]:
    """The answer to each sentence, in their order; the model is in evaluation mode."""
    found: dict[int, Predicted] = {}
    for batch, scores in _scored(model, reading, sentences):
        tags = model.decode(scores).to_list()
        probabilities = scores.with_values(model.probabilities(scores)).to_list()
        for one, own, shares in zip(batch, tags, probabilities, strict=True):
            found[one] = Predicted(own.tolist(), shares)
    return [found[one] for one in range(len(sentences))]


@torch.no_grad()
def measured(
    model: Aligned,
    reading: Reading,
    sentences: Sequence[Encoded],
    truth: Sequence[Sequence[int]],
    check: Check = lambda: None,
) -> tuple[list[list[int]], float]:
    """The tags that each sentence gets, and the mean loss of a step in nats.

    Args:
        model: in evaluation mode.
        reading: of its tokens.
        sentences: to tag.
        truth: their tags, by `tag_numbers`; a sentence with a tag that was never learnt has no
            loss.
        check: called between batches.
    """
    found: dict[int, list[int]] = {}
    total, steps = 0.0, 0
    for batch, scores in _scored(model, reading, sentences):
        check()
        for one, own in zip(batch, model.decode(scores).to_list(), strict=True):
            found[one] = own.tolist()
        numbers = torch.tensor([tag for one in batch for tag in truth[one]])
        losses = model.loss(scores, numbers.clamp(min=0)).tolist()
        known = [place for place, one in enumerate(batch) if _NEVER_LEARNT not in truth[one]]
        total += sum(losses[place] for place in known)
        steps += sum(len(truth[batch[place]]) for place in known)
    return [found[one] for one in range(len(sentences))], total / max(steps, 1)


def _scored(
    model: Aligned, reading: Reading, sentences: Sequence[Encoded]
) -> Iterator[tuple[list[int], Ragged]]:
    """Batches of sentences by their places, with the scores of all steps."""
    for batch in by_length([len(one.numbers) for one in sentences], _BATCH):
        tokens, spelt = reading.batch([sentences[one] for one in batch])
        with torch.no_grad():
            scores = model(tokens, spelt)
        yield batch, scores


def tag_numbers(examples: Sequence[TaggedSentence], tags: Sequence[str]) -> list[list[int]]:
    """The true tags of sentences by number; -1 for one that was never learnt."""
    numbers = {tag: number for number, tag in enumerate(tags)}
    return [[numbers.get(tag, _NEVER_LEARNT) for tag in one.tags] for one in examples]


def allowed_tags(tags: Sequence[str], scheme: Scheme) -> Tensor:
    """[K + 1, K + 1] which tag may follow which; see `Crf`."""
    edged = [*tags, None]
    return torch.tensor([[may_follow(one, other, scheme) for other in edged] for one in edged])
