"""Images from files: what becomes of their modes and sizes, and every fault told with its file."""

from __future__ import annotations

import hashlib
import sys
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from elman.data.files import images
from elman.data.files.images import ImageForm, choose_form, read_image
from elman.errors import DataError, MissingExtra

GREY = ImageForm(2, 3, 1)
COLOUR = ImageForm(2, 3, 3)
SHADES = np.array([[0, 40, 80], [120, 160, 255]], dtype=np.uint8)


def undigested(content: bytes) -> None:
    """Nothing is counted."""


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    stream = BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def pixels(path: Path, content: bytes, form: ImageForm = GREY) -> list[Any]:
    path.write_bytes(content)
    read = read_image(path, form, undigested)
    assert read.dtype == np.uint8
    assert read.shape == (form.channels, form.height, form.width)
    return read.tolist()  # type: ignore[no-any-return]


MODES: dict[str, Callable[[], Image.Image]] = {
    "L": lambda: Image.fromarray(SHADES),
    "I;16": lambda: Image.fromarray(SHADES.astype(np.uint16) * 257),
    "RGB": lambda: Image.fromarray(SHADES).convert("RGB"),
    "RGBA": lambda: Image.fromarray(SHADES).convert("RGBA"),
    "LA": lambda: Image.fromarray(SHADES).convert("LA"),
    "P": lambda: Image.fromarray(SHADES).convert("P"),
}


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_gives_the_same_greys(tmp_path: Path, mode: str) -> None:
    image = MODES[mode]()
    assert image.mode == mode
    assert pixels(tmp_path / "a.png", encoded(image)) == [SHADES.tolist()]


def test_two_colours_of_a_bitmap_are_black_and_white(tmp_path: Path) -> None:
    bitmap = Image.fromarray(SHADES > 100)
    assert pixels(tmp_path / "a.png", encoded(bitmap)) == [[[0, 0, 0], [255, 255, 255]]]


def test_colours_are_red_green_and_blue(tmp_path: Path) -> None:
    red = Image.new("RGB", (3, 2), (255, 10, 0))
    read = pixels(tmp_path / "a.png", encoded(red), COLOUR)
    assert [np.unique(channel).tolist() for channel in read] == [[255], [10], [0]]
    assert (
        pixels(tmp_path / "g.png", encoded(Image.fromarray(SHADES)), COLOUR)
        == [SHADES.tolist()] * 3
    )


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_what_is_transparent_is_white(tmp_path: Path, mode: str) -> None:
    clear = Image.new("RGBA", (3, 2), (0, 0, 0, 0)).convert(mode)
    assert pixels(tmp_path / "a.png", encoded(clear)) == [[[255] * 3] * 2]


def test_jpeg_and_four_inks(tmp_path: Path) -> None:
    flat = Image.new("L", (3, 2), 130)
    for image in (flat, flat.convert("RGB"), Image.new("CMYK", (3, 2), (0, 0, 0, 125))):
        read = np.array(pixels(tmp_path / "a.jpg", encoded(image, "JPEG", quality=95)))
        assert np.abs(read - 130).max() <= 2  # JPEG rounds


def test_another_size_is_averaged_by_area(tmp_path: Path) -> None:
    fourfold = np.kron(SHADES, np.ones((2, 2), dtype=np.uint8))
    fourfold[0, 0] = 4  # the mean of 4, 0, 0, 0 is 1
    read = pixels(tmp_path / "a.png", encoded(Image.fromarray(fourfold)))
    assert read[0][0] == [1, 40, 80]
    assert read[0][1] == SHADES[1].tolist()


def test_a_photograph_taken_sideways_is_turned(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned right by a quarter
    content = encoded(Image.fromarray(SHADES), exif=exif.tobytes())
    turned = np.rot90(SHADES, k=-1)
    path = tmp_path / "a.png"
    assert pixels(path, content, ImageForm(3, 2, 1)) == [turned.tolist()]
    assert choose_form([path]) == ImageForm(3, 2, 1)


def test_a_damaged_note_of_the_camera_is_passed_over(tmp_path: Path) -> None:
    content = encoded(Image.fromarray(SHADES), exif=b"Exif\0\0II*\0\x08\0\0\0\x05")
    assert pixels(tmp_path / "a.png", content) == [SHADES.tolist()]


def test_the_form_is_the_size_of_most_with_colours_if_one_has_them(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.png" for number in range(4)]
    for path in paths[:3]:
        Image.new("L", (8, 6)).save(path)
    Image.new("RGB", (9, 9)).save(paths[3])
    assert choose_form(paths[:3]) == ImageForm(6, 8, 1)
    assert choose_form(paths) == ImageForm(6, 8, 3)


def test_the_form_of_large_images_is_smaller_in_proportion(tmp_path: Path) -> None:
    Image.new("L", (640, 480)).save(tmp_path / "a.png")
    assert choose_form([tmp_path / "a.png"]) == ImageForm(48, images.LARGEST_SIDE, 1)
    Image.new("L", (640, 1)).save(tmp_path / "b.png")
    assert choose_form([tmp_path / "b.png"]) == ImageForm(1, images.LARGEST_SIDE, 1)


def test_every_byte_is_digested(tmp_path: Path) -> None:
    content = encoded(Image.fromarray(SHADES))
    (tmp_path / "a.png").write_bytes(content)
    digest = hashlib.sha256()
    read_image(tmp_path / "a.png", GREY, digest.update)
    assert digest.digest() == hashlib.sha256(content).digest()


NOISE = np.random.default_rng(0).integers(0, 256, (40, 40), dtype=np.uint8)
PNG = encoded(Image.fromarray(NOISE))
JPEG = encoded(Image.fromarray(NOISE), "JPEG")
FAULTS = {
    "text": (b"no image at all", "neither those of a PNG nor of a JPEG"),
    "a GIF": (encoded(Image.fromarray(SHADES), "GIF"), "neither"),
    "nothing": (b"", "empty"),
    "half a PNG": (PNG[: len(PNG) // 2], "cannot be decoded"),
    "half a JPEG": (JPEG[: len(JPEG) // 2], "cannot be decoded"),
    "a header alone": (PNG[:33], "cannot be decoded"),
}


@pytest.mark.parametrize(("content", "what"), FAULTS.values(), ids=FAULTS)
def test_files_that_do_not_decode_are_named(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "broken one.png"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_image(path, GREY, undigested)
    assert what in caught.value.what
    assert "<_io" not in caught.value.what
    assert caught.value.where == str(path)
    assert caught.value.next_step


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path, what in ((tmp_path / "a.png", "no file"), (tmp_path, "a folder")):
        with pytest.raises(DataError, match=what):
            read_image(path, GREY, undigested)
        with pytest.raises(DataError, match=what):
            choose_form([path])


@pytest.mark.parametrize("side", [7_200, 14_000, 60_000])
def test_too_many_pixels_are_refused_before_they_are_decoded(tmp_path: Path, side: int) -> None:
    header = bytearray(PNG)
    header[16:24] = side.to_bytes(4) + side.to_bytes(4)
    header[29:33] = zlib.crc32(bytes(header[12:29])).to_bytes(4)
    path = tmp_path / "bomb.png"
    path.write_bytes(header)
    for read in (lambda: read_image(path, GREY, undigested), lambda: choose_form([path])):
        with pytest.raises(DataError, match="more than 50,000,000 pixels") as caught:
            read()
        assert caught.value.where == str(path)


@pytest.mark.parametrize(("content", "ending"), [(PNG, "png"), (JPEG, "jpg")])
def test_no_byte_can_do_worse_than_be_refused(tmp_path: Path, content: bytes, ending: str) -> None:
    path = tmp_path / f"a.{ending}"
    refusals = 0
    draw = np.random.default_rng(1)
    for place in [*range(0, 200, 3), *range(200, len(content), 41)]:
        broken = bytearray(content)
        broken[place] ^= int(draw.integers(1, 256))
        path.write_bytes(broken)
        try:
            read_image(path, GREY, undigested)
        except DataError:
            refusals += 1
    assert refusals > 20


def test_without_pillow_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(MissingExtra, match="Reading images") as caught:
        read_image(tmp_path / "a.png", GREY, undigested)
    assert "elman[images]" in caught.value.next_step
