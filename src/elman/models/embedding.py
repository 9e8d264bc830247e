"""From token numbers to the steps that a recurrent layer reads."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from elman.errors import ConfigurationError
from elman.models.description import Encoding

MAX_ONE_HOT = 20_000
"""Wider vectors, which are 0 almost everywhere, are no sensible use of memory."""


class TokenEncoding(nn.Module):
    """Turns each token number into a vector.

    Args:
        encoding: "embedding" looks it up in a table of learned vectors; "one-hot" is a vector of V
            numbers, 1 at the token's place and 0 elsewhere; "integer" is one number, the token's
            own divided by V.
        vocabulary_size: V.
        embedding_size: width of the learned vectors; the other encodings do not look at it.
        frozen: whether the table stays as it is in training.

    Raises:
        ConfigurationError: one-hot vectors of more than `MAX_ONE_HOT` tokens.

    Attributes:
        width: I, of each vector.
        weight: [V, width] the table, drawn from the normal distribution; None without one.

    Example:
        >>> TokenEncoding("one-hot", 3, 8)(torch.tensor([2, 0])).tolist()
        [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
        >>> TokenEncoding("integer", 4, 8)(torch.tensor([2, 0])).tolist()
        [[0.5], [0.0]]
    """

    weight: Tensor | None
    unit: Tensor

    def __init__(
        self,
        encoding: Encoding,
        vocabulary_size: int,
        embedding_size: int,
        *,
        frozen: bool = False,
    ) -> None:
        super().__init__()
        if encoding == "one-hot" and vocabulary_size > MAX_ONE_HOT:
            raise ConfigurationError(
                f"One-hot vectors of {vocabulary_size:,} tokens are too wide.",
                where="encoding = one-hot",
                expected=f"at most {MAX_ONE_HOT:,} tokens",
                next_step=f"add --max-vocabulary {MAX_ONE_HOT - 2}, or leave out --encoding",
            )
        self.encoding = encoding
        self.vocabulary_size = vocabulary_size
        self.width = width_of(encoding, vocabulary_size, embedding_size)
        table = None
        if encoding == "embedding":
            table = torch.empty(vocabulary_size, embedding_size)
            # On the device "meta", on which a saved model is made first, there is nothing to draw,
            # and torch would load its whole compiler for it.
            table = table if table.is_meta else table.normal_()
        if frozen:
            self.register_buffer("weight", table)
        else:
            self.weight = None if table is None else nn.Parameter(table)
        # Of the model's type and device, where there is no table to tell them.
        self.register_buffer("unit", torch.ones(()), persistent=False)

    @torch.no_grad()
    def begin_with(self, tokens: Tensor, vectors: Tensor) -> None:
        """Put given vectors into the table; the others are scaled to their spread.

        Args:
            tokens: [n] numbers of the tokens that have one.
            vectors: [n, width] theirs.
        """
        if self.weight is not None and len(tokens):
            self.weight.mul_(vectors.square().mean().sqrt())
            self.weight[tokens] = vectors

    def forward(self, tokens: Tensor) -> Tensor:
        """Vectors [N, width] of token numbers [N] (int64)."""
        if self.weight is not None:
            return nn.functional.embedding(tokens, self.weight)
        if self.encoding == "one-hot":
            return nn.functional.one_hot(tokens, self.vocabulary_size) * self.unit
        return (tokens * self.unit / self.vocabulary_size)[:, None]

    @torch.no_grad()
    def table(self) -> Tensor:
        """[V, width] the vectors of all tokens, in the order of their numbers."""
        return self(torch.arange(self.vocabulary_size, device=self.unit.device))  # type: ignore[no-any-return]

    def extra_repr(self) -> str:
        """Encoding, size of the vocabulary, and width."""
        return f"{self.encoding!r}, {self.vocabulary_size}, {self.width}"


def width_of(encoding: Encoding, vocabulary_size: int, embedding_size: int) -> int:
    """I, the width of an encoded token.

    Example:
        >>> width_of("one-hot", 40, 64)
        40
    """
    return {"embedding": embedding_size, "one-hot": vocabulary_size, "integer": 1}[encoding]
