"""Many to one: a sequence in, one class or number out (sentiment, language, spoken digit)."""

from __future__ import annotations

from typing import cast

from torch import Tensor, nn

from elman.layers.build import recurrent_layer
from elman.models.description import FramesToOneDescription, ManyToOneDescription
from elman.models.embedding import TokenEncoding
from elman.models.pooling import Pool
from elman.models.scaling import Scaling
from elman.sequences import Ragged


class ManyToOne(nn.Module):
    """Encoding of tokens → recurrent layers → pooling over the real steps → a score for each class.

    A frame of numbers is its own encoding, scaled: the weights of the first recurrent layer are the
    projection that it needs. Dropout acts on the encoded tokens or frames, between layers, and on
    the pooled vector.
    """

    def __init__(self, description: ManyToOneDescription | FramesToOneDescription) -> None:
        super().__init__()
        self.description = description
        self.embedding: TokenEncoding | Scaling
        if isinstance(description, FramesToOneDescription):
            size = description.frame_size
            self.embedding = Scaling([size])
        else:
            self.embedding = TokenEncoding(
                description.encoding,
                description.vocabulary_size,
                description.embedding_size,
                frozen=description.frozen,
            )
            size = self.embedding.width
        directions = 2 if description.bidirectional else 1
        width = directions * description.hidden_size
        self.recurrent = recurrent_layer(
            description.cell,
            size,
            description.hidden_size,
            num_layers=description.num_layers,
            bidirectional=description.bidirectional,
            dropout=description.dropout,
        )
        self.pool = Pool(description.pooling, width, directions)
        self.output = nn.Linear(width, description.outputs)
        self.dropout = nn.Dropout(description.dropout)

    @property
    def encoding(self) -> TokenEncoding:
        """Of tokens, where they are read."""
        return cast(TokenEncoding, self.embedding)

    @property
    def scaling(self) -> Scaling:
        """Of frames, where they are read; it is fitted on the training part."""
        return cast(Scaling, self.embedding)

    def forward(self, steps: Ragged) -> Tensor:
        """Scores [B, classes] (before softmax), or the number told, [B, 1].

        Args:
            steps: numbers of the vocabulary, values [N] (int64); or frames, values [N, I].
        """
        return self.read(steps.with_values(self.dropout(self.embedding(steps.values))))

    def read(self, embedded: Ragged) -> Tensor:
        """The same of steps that are vectors already, [N, embedding_size]."""
        output, state = self.recurrent.run(embedded)
        return self.output(self.dropout(self.pool(output, state[0])))  # type: ignore[no-any-return]
