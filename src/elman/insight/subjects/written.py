"""What a model writes: its losses, its two answers, and how its decoder went over it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import nll_loss

from elman.data.batches import ragged
from elman.data.texts.vocabulary import Vocabulary
from elman.data.wording import shown
from elman.errors import UsageError
from elman.insight.example import Decoding
from elman.insight.subjects.tokens import shown_tokens
from elman.models.decoder import Reading
from elman.sequences import Ragged
from elman.training.shapes.writing.writer import Writer, Writing

OTHERWISE = "any other text"


@dataclass(frozen=True)
class Written:
    """A text that a model wrote, and how likely it is for other inputs.

    Attributes:
        writer: the model.
        best: the text.
        reading: where the decoder starts, having read a batch of inputs as an `Example` has them.
    """

    writer: Writer
    best: Writing
    reading: Callable[[Ragged], Reading]

    @property
    def names(self) -> tuple[str, str]:
        """The two answers."""
        return self.best.text, OTHERWISE

    @property
    def wanted(self) -> list[int]:
        """The tokens written, and their end; a text of the most tokens was cut off there."""
        return [*self.best.numbers, Vocabulary.end_id][: self.writer.longest]

    @property
    def given(self) -> list[int]:
        """What the decoder reads: an end, then what it wrote."""
        return [Vocabulary.end_id, *self.best.numbers][: len(self.wanted)]

    @property
    def tokens(self) -> tuple[str, ...]:
        """What was written, token by token."""
        return shown_tokens(self.writer.vocabulary, self.wanted)

    def losses(self, batch: Ragged) -> Tensor:
        """[B, M] in nats, of the tokens written, as in training."""
        scores, _ = self._decoded(batch)
        return self._of_wanted(scores.log_softmax(1), len(batch))

    def answers(self, batch: Ragged) -> Tensor:
        """[B, 2] the log-probabilities of the text, and of any other that may be written."""
        scores, _ = self._decoded(batch)
        own = -self._of_wanted(self.writer.limits.log_probabilities(scores), len(batch)).sum(1)
        rest = torch.log1p(-own.exp().clamp(max=1 - torch.finfo(own.dtype).eps))
        return torch.stack([own, rest], dim=1)

    def _of_wanted(self, logarithms: Tensor, rows: int) -> Tensor:
        """[B, M] the losses that log-probabilities [B · M, V] of tokens are."""
        wanted = torch.tensor(self.wanted).repeat(rows)
        return nll_loss(logarithms, wanted, reduction="none").view(rows, -1)

    def decoding(self, one: Tensor, grid: tuple[int, int] | None = None) -> Decoding:
        """How it was written.

        Args:
            one: [T, I] the input.
            grid: rows and columns of the places that are attended to, where it is an image.
        """
        _, weights = self._decoded(Ragged.from_list([one]))
        given = shown_tokens(self.writer.vocabulary, self.given)
        return Decoding(given, self.writer.model.decoder.recurrent.num_layers, weights, grid)

    def _decoded(self, batch: Ragged) -> tuple[Tensor, Tensor | None]:
        tokens = ragged([self.given] * len(batch))
        decoded: tuple[Tensor, Tensor | None] = self.writer.model.decoder(
            tokens, self.reading(batch)
        )
        return decoded


def require_no_answer(answer: str | None, what: str) -> None:
    """Refuse to explain an answer of one's own.

    Raises:
        UsageError: one was asked for.
    """
    if answer is not None:
        raise UsageError(
            f"Of a model that {what}, what it {what} is explained, and not {shown(answer)}.",
            where="--answer",
            expected="no answer",
            next_step="leave out --answer",
        )
