"""The vector that a small convolutional network makes of an image."""

from __future__ import annotations

import pytest
import torch

from elman.models.image_encoder import ImageEncoder
from tests.tolerances import BATCH_MATES


@pytest.mark.parametrize(
    ("channels", "height", "width", "pairs"),
    [(1, 8, 8, 1), (3, 28, 28, 3), (1, 1, 1, 1), (1, 5, 64, 1), (3, 33, 17, 3), (1, 64, 64, 4)],
)
def test_every_size_of_image_becomes_a_vector(
    channels: int, height: int, width: int, pairs: int
) -> None:
    encoder = ImageEncoder(channels, height, width)
    with torch.no_grad():
        assert encoder(torch.zeros(2, channels, height, width)).shape == (2, encoder.size)
    convolutions = [one for one in encoder.layers if isinstance(one, torch.nn.Conv2d)]
    assert len(convolutions) == 2 * pairs


def test_bytes_and_floats_give_the_same_vector() -> None:
    encoder = ImageEncoder(1, 6, 5)
    images = torch.randint(0, 256, (3, 1, 6, 5), dtype=torch.uint8)
    encoder.scaling.fit(images.float())
    with torch.no_grad():
        assert torch.equal(encoder(images), encoder(images.float()))


def test_batch_mates_change_nothing_beyond_rounding() -> None:
    encoder = ImageEncoder(3, 16, 16)
    images = torch.randn(7, 3, 16, 16)
    with torch.no_grad():
        together, alone = encoder(images), torch.cat([encoder(one[None]) for one in images])
    assert torch.allclose(together, alone, rtol=BATCH_MATES, atol=1e-6)
