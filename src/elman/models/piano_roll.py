"""Next keys: at each step of a piece the chance of each key of a piano to be down at the next."""

from __future__ import annotations

from torch import Tensor, nn

from elman.layers.build import recurrent_layer
from elman.layers.states import State
from elman.models.description import RollDescription
from elman.sequences import Ragged


class PianoRoll(nn.Module):
    """Keys that are down → recurrent layers → a score for each key; the keys do not see each other.

        s_t = W h_t + A x_t + b

    The direct path A from the keys that are down, zero at first, is learned within an epoch: most
    keys stay down for more than a step. Dropout acts between layers and before W.
    """

    def __init__(self, description: RollDescription) -> None:
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
        self.direct = nn.Linear(description.keys, description.keys, bias=False)
        nn.init.zeros_(self.direct.weight)

    def forward(self, frames: Ragged) -> Tensor:
        """Scores [N, K] (before the sigmoid) for the step after each step.

        Args:
            frames: 1 where a key is down and 0 elsewhere, values [N, K] (float).
        """
        return self.carried(frames)[0]

    def carried(self, frames: Ragged, state: State | None = None) -> tuple[Tensor, State]:
        """The scores of `forward`, and the state after the last step.

        Args:
            frames: as `forward` has them.
            state: the parts of the state before the first step, [L, B, H] each; zeros when missing.
        """
        hidden, state = self.recurrent.run(frames, state)
        scores = self.output(self.dropout(hidden.values)) + self.direct(frames.values)
        return scores, state
