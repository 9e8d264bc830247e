from __future__ import annotations

from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from elman.errors import UsageError
from elman.pages.bitmap import bitmap
from tests.markup import parsed

DRAW = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 5, 7), (1, 1, 300)])
def test_a_picture_is_a_png_of_its_pixels(shape: tuple[int, int, int]) -> None:
    pixels = DRAW.integers(0, 256, shape, dtype=np.uint8)
    picture = parsed(bitmap("a <digit>", pixels.tolist()))
    assert picture.get("alt") == "a <digit>"
    kind, _, content = (picture.get("src") or "").partition(",")
    assert kind == "data:image/png;base64"
    decoded = np.asarray(Image.open(BytesIO(b64decode(content))))
    expected = pixels[0] if shape[0] == 1 else pixels.transpose(1, 2, 0)
    assert np.array_equal(decoded, expected)


def test_small_pictures_are_magnified_by_a_whole_number() -> None:
    picture = parsed(bitmap("", [[[0] * 8] * 9]))
    assert (picture.get("width"), picture.get("height")) == ("104", "117")
    assert parsed(bitmap("", [[[0] * 500]])).get("width") == "500"


@pytest.mark.parametrize("channels", [[], [[]], [[[]]], [[[1]], [[1]]], [[[1], [1, 2]]]])
def test_rows_that_do_not_fit_are_refused(channels: list[list[list[int]]]) -> None:
    with pytest.raises(UsageError, match="do not fit together"):
        bitmap("", channels)
