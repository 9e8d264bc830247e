"""Many to one: a sequence in, one class out (sentiment, star rating, language)."""

from __future__ import annotations

from torch import Tensor, nn

from elman.layers.build import recurrent_layer
from elman.models.description import ManyToOneDescription
from elman.models.embedding import TokenEncoding
from elman.models.pooling import Pool
from elman.sequences import Ragged


class ManyToOne(nn.Module):
    """Encoding of tokens → recurrent layers → pooling over the real steps → a score for each class.

    Dropout acts on the encoded tokens, between layers, and on the pooled vector.
    """

    def __init__(self, description: ManyToOneDescription) -> None:
        super().__init__()
        self.description = description
        directions = 2 if description.bidirectional else 1
        width = directions * description.hidden_size
        self.embedding = TokenEncoding(
            description.encoding,
            description.vocabulary_size,
            description.embedding_size,
            frozen=description.frozen,
        )
        self.recurrent = recurrent_layer(
            description.cell,
            self.embedding.width,
            description.hidden_size,
            num_layers=description.num_layers,
            bidirectional=description.bidirectional,
            dropout=description.dropout,
        )
        self.pool = Pool(description.pooling, width, directions)
        self.output = nn.Linear(width, description.classes)
        self.dropout = nn.Dropout(description.dropout)

    def forward(self, tokens: Ragged) -> Tensor:
        """Scores [B, classes] (before softmax).

        Args:
            tokens: numbers of the vocabulary, values [N] (int64).
        """
        return self.read(tokens.with_values(self.dropout(self.embedding(tokens.values))))

    def read(self, embedded: Ragged) -> Tensor:
        """The same of tokens that are vectors already, [N, embedding_size]."""
        output, state = self.recurrent.run(embedded)
        return self.output(self.dropout(self.pool(output, state[0])))  # type: ignore[no-any-return]
