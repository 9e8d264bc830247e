"""Next token: at each step a distribution over the vocabulary (next word, next character)."""

from __future__ import annotations

from torch import Tensor, nn

from elman.errors import ConfigurationError
from elman.layers.build import recurrent_layer
from elman.models.description import LanguageModelDescription
from elman.models.embedding import TokenEncoding
from elman.sequences import Ragged

State = tuple[Tensor, ...]


class LanguageModel(nn.Module):
    """Encoding of tokens → recurrent layers → a score for each token of the vocabulary.

    With tied weights the output layer uses the embedding's matrix (Press, Wolf, 2017,
    arXiv:1608.05859; Inan et al., 2017, arXiv:1611.01462), so that both have one size. Dropout
    acts on the embedded tokens, between layers, and before the output.

    Raises:
        ConfigurationError: tied weights without a learned embedding as wide as the state.
    """

    def __init__(self, description: LanguageModelDescription) -> None:
        super().__init__()
        self.description = description
        size = description.embedding_size
        learned = description.encoding == "embedding" and not description.frozen
        if description.tied and not (learned and size == description.hidden_size):
            raise ConfigurationError(
                "Tied weights need a learned embedding as wide as the state.",
                where=f"encoding = {description.encoding}, frozen = {description.frozen}, "
                f"embedding_size = {size}, hidden_size = {description.hidden_size}",
                expected="a learned embedding and two equal sizes, or tied = false",
                next_step="leave out embedding_size and encoding, or add --no-tied",
            )
        self.embedding = TokenEncoding(
            description.encoding, description.vocabulary_size, size, frozen=description.frozen
        )
        self.recurrent = recurrent_layer(
            description.cell,
            self.embedding.width,
            description.hidden_size,
            num_layers=description.num_layers,
            dropout=description.dropout,
        )
        self.output = nn.Linear(description.hidden_size, description.vocabulary_size)
        self.dropout = nn.Dropout(description.dropout)
        bound = size**-0.5  # scores of the first step of order 1, tied or not
        if self.embedding.weight is not None:
            nn.init.uniform_(self.embedding.weight, -bound, bound)
        nn.init.uniform_(self.output.weight, -bound, bound)
        nn.init.zeros_(self.output.bias)
        if isinstance(self.embedding.weight, nn.Parameter) and description.tied:
            self.output.weight = self.embedding.weight

    def forward(self, tokens: Ragged, state: State | None = None) -> tuple[Tensor, State]:
        """Scores [N, V] (before softmax) for the token after each step, and the carried state.

        Args:
            tokens: numbers of the vocabulary, values [N] (int64).
            state: the parts of the state before the first step, [L, B, H] each; zeros when missing.
        """
        embedded = tokens.with_values(self.dropout(self.embedding(tokens.values)))
        hidden, state = self.recurrent.run(embedded, state)
        return self.output(self.dropout(hidden.values)), state
