"""Files that are nearly right, drawn by the thousand, for every reader.

A file is made from good ones: pieces of them are changed, repeated, left out, and mixed with tokens
that mean something to some format. Everything is a function of the seed.
"""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from elman.errors import ElmanError
from tests.hostile.mutations import CHANGES
from tests.hostile.readers import READERS, Reader

TOKENS = (
    b"\0", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80", b"\xc3", b"\r", b"\r\n",
    b"\n\n", b'"', b'""', b",", b"\t", b";", b"=1+1", b"@", b"\\", b"\\ud800", b"\\u0000",
    b"{", b"}", b"[", b"]", b"[" * 300, b'{"a":' * 300, b"null", b"NaN", b"1e999", b"-0",
    b"9" * 400, b"true", b"text", b"label", b"split", b"train", b"#", b"# newdoc", b"1-2\t",
    b"1.1\t", b"B-", b"I-X", b"\xe2\x80\xa8", b"\xf0\x9f\x8f\xb3\xef\xb8\x8f", b"<script>",
    b"\x1b[2J", b"x" * 5000, b"RIFF", b"fmt ", b"data", b"IHDR", b"IDAT", b"\0\0\0\0",
    b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"PAR1",
)  # fmt: skip
NAMES = (
    "cat", "dog", "train", "validation", "TEST", ".hidden", "a\nb", "=1+1", "-", "~", " ", "$(ls)",
    "<script>", "'\"", "label_1", "1.5", "NaN", "é", "e\u0301", "\u202egpj", "\u2028", "\\", "\x1b",
    "x" * 200, "\udcff",
)  # fmt: skip
"""Of folders and files; the last one is no UTF-8 (on a disk it is the single byte FF)."""
SLOW = 5.0
"""Seconds after which a reader is taken to hang."""


@dataclass
class Tally:
    """What became of the files of one reader."""

    tried: int = 0
    read: int = 0
    refused: int = 0
    crashed: int = 0
    hung: int = 0
    faults: list[str] = field(default_factory=list)


def mutated(samples: Sequence[bytes], draw: random.Random) -> bytes:
    """A file that is nearly one of the samples."""
    content = draw.choice(samples)
    for _ in range(draw.choice((1, 1, 2, 3, 5, 9))):
        kind = draw.random()
        place = draw.randrange(len(content) + 1)
        if kind < 0.4:
            content = draw.choice(CHANGES)(content, draw) if content else b"x"
        elif kind < 0.8:
            content = content[:place] + draw.choice(TOKENS) + content[place:]
        else:
            other = draw.choice(samples)
            start = draw.randrange(len(other) + 1)
            content = content[:place] + other[start : start + draw.randrange(200)] + content[place:]
    return content


def named(reader: Reader, draw: random.Random) -> str:
    """Where the file lies in its folder: as usual, or wherever a file system lets it lie."""
    if reader.folder is None:
        return f"data{reader.ending}"
    if draw.random() < 0.6:
        return f"{reader.folder}/data{reader.ending}"
    ending = draw.choice((reader.ending, reader.ending.upper()))
    return "/".join(draw.choices(NAMES, k=draw.randrange(1, 4))) + ending


def fuzz(name: str, count: int, seed: int, folder: Path) -> Tally:
    """Give a reader so many files that are nearly right."""
    reader, draw, tally = READERS[name], random.Random(f"{name} {seed}"), Tally()  # noqa: S311
    for _ in range(count):
        content = mutated(reader.samples, draw)
        home = folder / "files"
        path = reader.lay_out(home, named(reader, draw), content)
        begin = time.perf_counter()
        tally.tried += 1
        try:
            reader.read(path)
            tally.read += 1
        except ElmanError as error:
            tally.refused += 1
            if not (error.what and error.expected and error.next_step):
                tally.faults.append(f"incomplete: {error}")
            str(error).encode(errors="surrogateescape")  # a file's name may be no UTF-8
        except Exception as error:  # noqa: BLE001 (that is what is looked for)
            tally.crashed += 1
            tally.faults.append(f"{type(error).__name__}: {error}: {content[:300]!r}")
        if time.perf_counter() - begin > SLOW:
            tally.hung += 1
            tally.faults.append(f"slow: {content[:300]!r}")
        shutil.rmtree(home)
    return tally
