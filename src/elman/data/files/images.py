"""PNG and JPEG files, by Pillow, which is imported when the first of them is read.

Images of one data set are brought to one form: a height, a width, and one channel (grey) or three
(red, green, blue). What is transparent is seen on white.
"""

from __future__ import annotations

import struct
import warnings
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from elman.data.files.source import Digest, open_source, read_bytes
from elman.data.wording import quoted
from elman.errors import DataError, MissingExtra

if TYPE_CHECKING:
    from PIL import Image

IMAGE_ENDINGS = (".png", ".jpg", ".jpeg")
MAX_PIXELS = 50_000_000
"""Of one image; what a camera takes has fewer."""

LARGEST_SIDE = 64
"""The longer side of the form that is chosen for larger images."""

_ORIENTATION, _SIDEWAYS = 0x0112, (5, 6, 7, 8)
"""The tag of Exif that says how the camera was held, and its values for a quarter of a turn."""

Pixels: TypeAlias = NDArray[np.uint8]
Side = Annotated[int, Field(ge=1, le=4096)]

_BROKEN = (OSError, SyntaxError, ValueError, EOFError, struct.error, zlib.error)
"""What Pillow raises for files that are damaged, each somewhere else."""


@dataclass(frozen=True, slots=True)
class ImageForm:
    """What every image of a data set is brought to; a part of a model's files.

    Args:
        height: in pixels.
        width: in pixels.
        channels: 1 for grey, 3 for red, green and blue.
    """

    height: Side
    width: Side
    channels: Literal[1, 3]
    kind: Literal["image"] = "image"


def choose_form(paths: Sequence[Path]) -> ImageForm:
    """The form that suits most of some images: the size that most have, made smaller if large.

    Only the files' headers are read. The longer side is at most `LARGEST_SIDE` pixels; the channels
    are three as soon as one image has colours.

    Raises:
        DataError: a file is no image; it is named.
        MissingExtra: Pillow is not installed.
    """
    sizes: Counter[tuple[int, int]] = Counter()
    coloured = False
    for path in paths:
        with open_source(path) as stream, _opened(path, stream) as image:
            sizes[_upright_size(image)] += 1
            coloured |= not _is_grey(image)
    (width, height), _ = sizes.most_common(1)[0]
    shrink = min(1.0, LARGEST_SIDE / max(width, height))
    return ImageForm(
        max(1, round(height * shrink)), max(1, round(width * shrink)), 3 if coloured else 1
    )


def read_image(path: Path, form: ImageForm, digest: Digest) -> Pixels:
    """The pixels [C, H, W] of a PNG or JPEG file, 0 (black) to 255 (white), in a form.

    An image turned by its camera's note is turned upright. One of another size is stretched or
    shrunk by area, whatever its proportions.

    Args:
        path: the file.
        form: height, width and channels of the result.
        digest: is given every byte of the file.

    Raises:
        DataError: the file cannot be read, is no whole image, or is larger than `MAX_PIXELS`.
        MissingExtra: Pillow is not installed.
    """
    content = read_bytes(path, digest)
    with _opened(path, BytesIO(content)) as image:
        from PIL import Image, ImageOps

        upright = _in_eight_bits(ImageOps.exif_transpose(image))
        plain = _on_white(upright).convert("L" if form.channels == 1 else "RGB")
        size = (form.width, form.height)
        if plain.size != size:
            plain = plain.resize(size, Image.Resampling.BOX)
        pixels = np.asarray(plain, dtype=np.uint8)
    return pixels[None] if form.channels == 1 else np.ascontiguousarray(pixels.transpose(2, 0, 1))


@contextmanager
def _opened(path: Path, stream: IO[bytes]) -> Iterator[Image.Image]:
    """The image in a stream; whatever is wrong with it, then or later, is a refusal of its file."""
    try:
        from PIL import Image, UnidentifiedImageError
    except ImportError as error:
        raise MissingExtra("pillow", "images", "Reading images") from error
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a damaged note of the camera's
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(stream, formats=("PNG", "JPEG")) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise _too_large(path)
                yield image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(path) from error
    except UnidentifiedImageError as error:
        raise _undecodable(path, "its bytes are neither those of a PNG nor of a JPEG") from error
    except DataError:
        raise
    except _BROKEN as error:
        raise _undecodable(path, str(error)) from error


def _is_grey(image: Image.Image) -> bool:
    return image.mode in ("1", "L", "LA") or image.mode.startswith("I")


def _upright_size(image: Image.Image) -> tuple[int, int]:
    """Width and height once the image is turned as its camera notes."""
    sideways = image.getexif().get(_ORIENTATION, 1) in _SIDEWAYS
    return (image.height, image.width) if sideways else (image.width, image.height)


def _in_eight_bits(image: Image.Image) -> Image.Image:
    """Grey of 16 bits in 8; Pillow itself would cut all above 255 off."""
    if not image.mode.startswith("I"):
        return image
    from PIL import Image

    return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))


def _on_white(image: Image.Image) -> Image.Image:
    """The image without transparency."""
    if not image.has_transparency_data:
        return image
    from PIL import Image

    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image.convert("RGBA"))


def _too_large(path: Path) -> DataError:
    return DataError(
        f"The image has more than {MAX_PIXELS:,} pixels.",
        where=str(path),
        expected=f"at most {MAX_PIXELS:,} pixels",
        next_step=f"make {quoted(path)} smaller, or take it out",
    )


def _undecodable(path: Path, reason: str) -> DataError:
    return DataError(
        f"The image cannot be decoded: {reason}.",
        where=str(path),
        expected="a whole PNG or JPEG file",
        next_step=f"open {quoted(path)} in an image viewer, then save it again or take it out",
    )
