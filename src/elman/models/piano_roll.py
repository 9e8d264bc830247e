"""Next keys: at each step of a piece the chance of each key of a piano to be down at the next."""

from __future__ import annotations

from torch import Tensor, nn

from elman.layers.build import recurrent_layer
from elman.models.description import PianoRollDescription
from elman.sequences import Ragged


class PianoRoll(nn.Module):
    """Keys that are down → recurrent layers → a score for each key; the keys do not see each other.

    Dropout acts between layers and before the output.
    """

    def __init__(self, description: PianoRollDescription) -> None:
        super().__init__()
        self.description = description
        self.recurrent = recurrent_layer(
            description.cell,
            description.keys,
            description.hidden_size,
            num_layers=description.num_layers,
            dropout=description.dropout,
        )
        self.dropout = nn.Dropout(description.dropout)
        self.output = nn.Linear(description.hidden_size, description.keys)

    def forward(self, frames: Ragged) -> Tensor:
        """Scores [N, K] (before the sigmoid) for the step after each step.

        Args:
            frames: 1 where a key is down and 0 elsewhere, values [N, K] (float).
        """
        hidden, _ = self.recurrent.run(frames)
        return self.output(self.dropout(hidden.values))  # type: ignore[no-any-return]
