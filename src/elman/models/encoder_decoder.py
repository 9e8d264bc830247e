"""Encoder and decoder: a sequence in, another of any length out (translation, rewriting)."""

from __future__ import annotations

from torch import Tensor, nn

from elman.layers.build import recurrent_layer
from elman.models.decoder import Decoder, Reading
from elman.models.description import EncoderDecoderDescription
from elman.models.embedding import TokenEncoding
from elman.models.writing_model import WritingModel
from elman.sequences import Ragged


class EncoderDecoder(WritingModel):
    """An encoder reads the source; its final state is where the decoder starts.

    The decoder's layers are as wide as both directions of the encoder together, D·H, and each
    starts from the final states of the encoder's layer of its number, side by side. Where there is
    attention, every step of the decoder reads the encoder's steps again.

    Sources: Sutskever, Vinyals, Le (2014), arXiv:1409.3215; Cho et al. (2014), arXiv:1406.1078.
    """

    description: EncoderDecoderDescription

    def __init__(self, description: EncoderDecoderDescription) -> None:
        super().__init__()
        self.description = description
        self.directions = 2 if description.bidirectional else 1
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
        width = self.directions * description.hidden_size
        self.decoder = Decoder(description, memory_size=width, hidden_size=width)
        self.dropout = nn.Dropout(description.dropout)

    def encode(self, inputs: Ragged) -> Reading:
        """Where the decoder starts, having read the sources (values [N], int64)."""
        return self.read(inputs.with_values(self.dropout(self.embedding(inputs.values))))

    def read(self, embedded: Ragged) -> Reading:
        """The same of tokens that are vectors already, [N, I]."""
        output, final = self.recurrent.run(embedded)
        start = tuple(self._side_by_side(part) for part in final)
        return self.decoder.begin(start, output.with_values(self.dropout(output.values)))

    def forward(self, sources: Ragged, tokens: Ragged, own: float = 0.0) -> Tensor:
        """Scores [N, V] (before softmax) for the token after each step of the decoder.

        Args:
            sources: numbers of the source's vocabulary, values [N] (int64).
            tokens: what the decoder reads: an end, then the target without its last token.
            own: the share of the decoder's steps that read the model's own token.
        """
        scores: Tensor = self.decoder(tokens, self.encode(sources), own)[0]
        return scores

    def _side_by_side(self, final: Tensor) -> Tensor:
        """From [L·D, B, H] to [L, B, D·H]."""
        by_layer: Tensor = final.unflatten(0, (-1, self.directions))
        return by_layer.transpose(1, 2).flatten(2)
