"""From what was seen to the state from which a decoder starts."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from elman.layers.states import State
from elman.models.description import RecurrentDescription


class Start(nn.Linear):
    """(h_0, c_0) = tanh(W f + b) for every layer, from features f.

    Args:
        size: F, of the features.
        about: the recurrent layers that start there.

    Source: Vinyals et al. (2015), arXiv:1411.4555, in the form of a state.
    """

    def __init__(self, size: int, about: RecurrentDescription) -> None:
        parts = len(about.cell.state_names)
        super().__init__(size, parts * about.num_layers * about.hidden_size)
        self.shape = (parts, about.num_layers, about.hidden_size)

    def state(self, features: Tensor) -> State:
        """The parts of the state, [L, B, H] each, from features [B, F]."""
        start = torch.tanh(self(features)).view(len(features), *self.shape)
        return tuple(part.transpose(0, 1) for part in start.unbind(1))
