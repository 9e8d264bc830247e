"""A word as its characters: what a recurrent layer remembers after reading them both ways."""

from __future__ import annotations

from torch import Tensor, nn

from elman.cells.spec import CellSpec
from elman.layers.build import recurrent_layer
from elman.models.description import SpellingDescription
from elman.models.embedding import TokenEncoding
from elman.models.pooling import Pool
from elman.sequences import Ragged


class Spelling(nn.Module):
    """Embedding of characters → recurrent layer in both directions → its final states.

    Source: Lample et al. (2016), "Neural architectures for named entity recognition", section 4.1.

    Attributes:
        width: of a word's vector.
    """

    def __init__(self, cell: CellSpec, description: SpellingDescription) -> None:
        super().__init__()
        size = description.embedding_size
        self.width = 2 * description.hidden_size
        self.embedding = TokenEncoding("embedding", description.vocabulary_size, size)
        self.recurrent = recurrent_layer(cell, size, description.hidden_size, bidirectional=True)
        self.pool = Pool("last", self.width, 2)

    def forward(self, characters: Ragged) -> Tensor:
        """[words, width] vectors of words.

        Args:
            characters: of each word its characters' numbers, values [N] (int64).
        """
        embedded = characters.with_values(self.embedding(characters.values))
        output, state = self.recurrent.run(embedded)
        return self.pool(output, state[0])  # type: ignore[no-any-return]
