"""From an image to a vector: a small convolutional network."""

from __future__ import annotations

import math

from torch import Tensor, nn

from elman.models.scaling import Scaling

FIRST_CHANNELS, MOST_CHANNELS = 32, 128
SMALLEST_SIDE = 4


class ImageEncoder(nn.Module):
    """Scaling → (convolution 3 x 3, ReLU) twice, largest of 2 x 2, and again → a vector.

    Each pair of convolutions halves the sides and doubles the channels, from 32 to 128 at most,
    until the shorter side has 4 pixels or fewer; there is one pair at least.

    Args:
        channels: C, 1 for grey or 3 for colours.
        height: H, in pixels.
        width: W, in pixels.

    Attributes:
        size: F, the width of the vector.
        grid: H' and W', the sides after the last halving: of so many places it has features.

    Source: Simonyan, Zisserman (2015), arXiv:1409.1556, for pairs of small convolutions.

    Example:
        >>> import torch
        >>> encoder = ImageEncoder(1, 8, 8)
        >>> encoder(torch.zeros(5, 1, 8, 8)).shape, encoder.size
        (torch.Size([5, 512]), 512)
    """

    def __init__(self, channels: int, height: int, width: int) -> None:
        super().__init__()
        self.scaling = Scaling([channels, 1, 1])
        layers: list[nn.Module] = []
        wide = FIRST_CHANNELS
        while not layers or min(height, width) > SMALLEST_SIDE:
            layers += [nn.Conv2d(channels, wide, 3, padding=1), nn.ReLU()]
            layers += [nn.Conv2d(wide, wide, 3, padding=1), nn.ReLU()]
            layers += [nn.MaxPool2d(2, ceil_mode=True)]
            height, width = math.ceil(height / 2), math.ceil(width / 2)
            channels, wide = wide, min(2 * wide, MOST_CHANNELS)
        self.layers = nn.Sequential(*layers, nn.Flatten())
        self.size = channels * height * width
        self.grid = (height, width)

    @property
    def places(self) -> int:
        """H' · W', how many places of the image it has features of, row by row."""
        return self.grid[0] * self.grid[1]

    def forward(self, images: Tensor) -> Tensor:
        """[B, F] from images [B, C, H, W] of any number type."""
        return self.layers(self.scaling(images.to(self.scaling.mean.dtype)))  # type: ignore[no-any-return]

    def by_place(self, features: Tensor) -> Tensor:
        """Vectors [B, F] as what they say of each place, [B, places, F / places]."""
        by_channel: Tensor = features.unflatten(1, (-1, self.places))
        return by_channel.transpose(1, 2)
