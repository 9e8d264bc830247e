"""A model with what it takes to let it write: how inputs are read, and what tokens mean."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from elman.data.batches import by_length, ragged
from elman.data.texts.tokens import detokenise
from elman.data.texts.vocabulary import Vocabulary
from elman.models.decoding import Sampling
from elman.models.search import Hypothesis, Limits, Search, best, sample
from elman.models.writing_model import WritingModel
from elman.training.task import Check

_BATCH = 64


@dataclass(frozen=True)
class Writing:
    """A text that a model wrote.

    Attributes:
        numbers: of the tokens that the model wrote, unknown ones included.
        tokens: of the text, copies in place of unknown ones.
        text: as it reads.
        log_probability: that the model gives it, its end included, in nats.
        score: the same, normalised by length: what texts are ranked by.
    """

    numbers: tuple[int, ...]
    tokens: tuple[str, ...]
    text: str
    log_probability: float
    score: float

    @property
    def probability(self) -> float:
        """That the model gives the text, 0 to 1."""
        return math.exp(min(self.log_probability, 0.0))


@dataclass(frozen=True)
class Writer:
    """Lets a model write, and says what it thinks of given texts.

    Args:
        model: reads and writes.
        collate: from inputs to a batch as the model reads it.
        vocabulary: of the texts to write.
        longest: most tokens of a text, its end counted.
        copying: whether an unknown token may be written. It reads as the token of the source that
            it pays most attention to (Jean et al., 2015, arXiv:1412.2007, section 3.3).
    """

    model: WritingModel
    collate: Callable[[Sequence[Any]], Any]
    vocabulary: Vocabulary
    longest: int
    copying: bool = False

    def losses(
        self,
        inputs: Sequence[Any],
        targets: Sequence[Sequence[int]],
        own: float = 0.0,
        smoothing: float = 0.0,
    ) -> Tensor:
        """Cross-entropy [N] in nats of each token of the targets, their ends included.

        Args:
            inputs: what is read.
            targets: the numbers of the tokens to write, without ends.
            own: the share of steps that read a token of the model's own.
            smoothing: the share of each token's probability that is wanted of all tokens alike
                (Szegedy et al., 2016, arXiv:1512.00567, section 7).
        """
        end = Vocabulary.end_id
        reading = self.model.encode(self.collate(inputs))
        scores, _ = self.model.decoder(ragged([[end, *one] for one in targets]), reading, own)
        wanted = ragged([[*one, end] for one in targets]).values
        return cross_entropy(scores, wanted, reduction="none", label_smoothing=smoothing)

    @torch.no_grad()
    def write(
        self,
        inputs: Sequence[Any],
        search: Search,
        copies: Sequence[Sequence[str]] | None = None,
        check: Check = lambda: None,
    ) -> list[list[Writing]]:
        """What the model writes for each input, the best first; it is in evaluation mode.

        Args:
            inputs: what is read.
            search: how to look.
            copies: for each step of each input the token that may be copied there.
            check: called between batches.
        """
        found: list[list[Hypothesis]] = [[] for _ in inputs]
        for batch in by_length([len(one) for one in inputs], _BATCH):
            check()
            reading = self.model.encode(self.collate([inputs[one] for one in batch]))
            ranked = best(self.model.decoder, reading, search, self.limits)
            for place, hypotheses in zip(batch, ranked, strict=True):
                found[place] = hypotheses
        return [
            [self._writing(one, inputs[place], copies[place] if copies else ()) for one in ranked]
            for place, ranked in enumerate(found)
        ]

    @torch.no_grad()
    def draw(
        self,
        inputs: Sequence[Any],
        sampling: Sampling,
        copies: Sequence[Sequence[str]] | None = None,
    ) -> list[Writing]:
        """A text drawn for each input; the same seed gives the same text, whatever its mates."""
        reading = self.model.encode(self.collate(inputs))
        drawn = sample(self.model.decoder, reading, sampling, self.limits)
        return [
            self._writing(one, inputs[place], copies[place] if copies else ())
            for place, one in enumerate(drawn)
        ]

    @torch.no_grad()
    def attention(self, input: Any, target: Sequence[int]) -> Tensor | None:
        """What is attended to at each token of a target and at its end: [T + 1, S], or None."""
        reading = self.model.encode(self.collate([input]))
        weights: Tensor | None = self.model.decoder(
            ragged([[Vocabulary.end_id, *target]]), reading
        )[1]
        return weights

    @property
    def limits(self) -> Limits:
        """What may be written, and how much of it."""
        banned = () if self.copying else (Vocabulary.unknown_id,)
        return Limits(Vocabulary.end_id, self.longest, banned)

    def _writing(self, hypothesis: Hypothesis, input: Any, copy: Sequence[str]) -> Writing:
        copies = copy and Vocabulary.unknown_id in hypothesis.tokens
        weights = self.attention(input, hypothesis.tokens) if copies else None
        tokens: list[str] = []
        for place, number in enumerate(hypothesis.tokens):
            if number != Vocabulary.unknown_id:
                tokens.append(self.vocabulary.tokens[number])
            elif weights is not None:  # of an empty source there is nothing to copy
                tokens.append(copy[int(weights[place].argmax())])
        text = detokenise(tokens, self.vocabulary.unit)
        numbers, log_p = hypothesis.tokens, hypothesis.log_probability
        return Writing(numbers, tuple(tokens), text, log_p, hypothesis.score)
