"""What all models that write a sequence have in common."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from torch import nn

from elman.models.decoder import Decoder, Reading
from elman.models.description import DecoderDescription


class WritingModel(nn.Module):
    """Something that reads, and a decoder that writes from what was read."""

    description: DecoderDescription
    decoder: Decoder

    @abstractmethod
    def encode(self, inputs: Any) -> Reading:
        """Where the decoder starts, having read a batch of inputs."""
