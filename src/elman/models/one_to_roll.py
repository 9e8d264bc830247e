"""One to many in music: a vector in, the keys of a piece out, step after step."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from elman.layers.states import State
from elman.models.description import OneToRollDescription
from elman.models.piano_roll import PianoRoll
from elman.models.scaling import Scaling
from elman.models.start import Start
from elman.sequences import Ragged


class OneToRoll(nn.Module):
    """A vector becomes the state from which a model of piano rolls starts.

        (h_0, c_0) = tanh(W f + b),   f: the vector, scaled

    What it reads first is silence, and from there the first step is foretold. One key more than
    those of the piano, the last, is down at the step after a piece: its end.
    """

    def __init__(self, description: OneToRollDescription) -> None:
        super().__init__()
        self.description = description
        self.scaling = Scaling([description.features])
        self.start = Start(description.features, description)
        self.music = PianoRoll(description)

    def fit(self, vectors: Tensor) -> None:
        """Scale vectors from now on as those of the training part [N, I] call for."""
        self.scaling.fit(vectors)

    def begin(self, vectors: Tensor) -> State:
        """The state before the first step, having seen vectors [B, I]."""
        return self.start.state(self.scaling(vectors))

    def forward(self, frames: Ragged, vectors: Tensor) -> Tensor:
        """Scores [N, K] (before the sigmoid) for the step after each step.

        Args:
            frames: silence, then the piece: 1 where a key is down, values [N, K] (float).
            vectors: [B, I] what each piece is for.
        """
        return self.music.carried(frames, self.begin(vectors))[0]

    def silence(self) -> Tensor:
        """[1, K] the step that comes before a piece."""
        return torch.zeros(1, self.description.keys)
