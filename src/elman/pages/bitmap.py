"""Small pictures made of pixels, as PNG inside the page."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode
from collections.abc import Sequence

from elman.errors import UsageError
from elman.pages.text import Html, element

Channel = Sequence[Sequence[int]]
LONGEST_SIDE = 120
"""In pixels of the page; smaller pictures are magnified to about this."""


def bitmap(said: str, channels: Sequence[Channel]) -> Html:
    """A picture, each of its pixels a square.

    Args:
        said: what is seen, for those who do not see it.
        channels: one for grey, three for red, green and blue; each a list of rows from the top, of
            whole numbers from 0 (dark) to 255.

    Raises:
        UsageError: other numbers of channels, none of the pixels, or rows of unequal length.
    """
    height = len(channels[0]) if channels else 0
    width = len(channels[0][0]) if height else 0
    whole = all(len(one) == height and all(len(row) == width for row in one) for one in channels)
    if len(channels) not in (1, 3) or not width or not whole:
        raise UsageError(
            "a picture's rows do not fit together",
            where=f"{len(channels)} channels of {height} rows",
            expected="1 or 3 channels with equal rows",
            next_step="pass channels [C][H][W]",
        )
    scale = max(1, LONGEST_SIDE // max(width, height))
    return element(
        "img",
        src=f"data:image/png;base64,{b64encode(_png(channels, width, height)).decode()}",
        alt=said,
        width=width * scale,
        height=height * scale,
        class_="bitmap",
    )


def _png(channels: Sequence[Channel], width: int, height: int) -> bytes:
    """The bytes of a PNG file of 8 bits a channel.

    Source: W3C (2003), "Portable network graphics (PNG) specification", second edition.
    """
    rows = zip(*channels, strict=True)
    lines = (
        b"\0" + bytes(value for pixel in zip(*row, strict=True) for value in pixel) for row in rows
    )
    kind = 0 if len(channels) == 1 else 2
    header = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    data = zlib.compress(b"".join(lines), 9)
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )
