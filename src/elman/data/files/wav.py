"""WAV files: samples as they were recorded, integers or floats, however many channels.

A WAV file is a RIFF file: chunks, each with a name of four letters, a size and so many bytes. The
chunk "fmt " says what the samples in the chunk "data" are.

Source: Microsoft, IBM (1991), "Multimedia programming interface and data specifications 1.0";
Microsoft (2001), "Multiple channel audio data and WAVE files", for the extensible format.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from elman.data.files.source import Digest, read_bytes
from elman.data.wording import counted, quoted
from elman.errors import DataError

WAV_ENDINGS = (".wav",)
LOWEST_RATE, HIGHEST_RATE = 1_000, 768_000
MOST_CHANNELS = 64

Samples: TypeAlias = NDArray[np.float32]

_INTEGERS, _FLOATS, _EXTENSIBLE = 1, 3, 0xFFFE
_COMPRESSED: Final = {
    2: "ADPCM",
    6: "A-law",
    7: "µ-law",
    0x11: "IMA ADPCM",
    0x31: "GSM",
    0x55: "MP3",
}
_BITS: Final = {_INTEGERS: (8, 16, 24, 32), _FLOATS: (32, 64)}


@dataclass(frozen=True, eq=False)
class Sound:
    """A recording with one channel.

    Args:
        samples: [n] from -1 to 1 (floats may go beyond).
        rate: samples a second, in Hz.
    """

    samples: Samples
    rate: int


@dataclass(frozen=True, slots=True)
class _Format:
    kind: int
    channels: int
    rate: int
    bits: int


def read_wav(path: Path, digest: Digest) -> Sound:
    """Read a WAV file; several channels are averaged into one.

    Samples may be integers of 8, 16, 24 or 32 bits or floats of 32 or 64.

    Args:
        path: the file.
        digest: is given every byte of the file.

    Raises:
        DataError: the file cannot be read, is no WAV, is cut off, is compressed, or holds no sound.
    """
    content = read_bytes(path, digest)
    if content[:4] != b"RIFF" or content[8:12] != b"WAVE":
        raise _refusal(path, "The file is no WAV: its bytes do not begin as those of one do")
    form: _Format | None = None
    for name, start, size in _chunks(content):
        if name == b"fmt ":
            form = _format(path, content[start : start + size])
        elif name == b"data":
            if form is None:
                raise _refusal(path, "The WAV file does not say what its samples are")
            _check_size(path, size, len(content) - start, form)
            return Sound(_samples(path, content[start : start + size], form), form.rate)
    raise _refusal(path, "The WAV file is cut off: it has no samples")


def _chunks(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """The name of each chunk, where its bytes start, and how many it promises."""
    place = 12
    while place + 8 <= len(content):
        name, size = struct.unpack_from("<4sI", content, place)
        yield name, place + 8, size
        place += 8 + size + size % 2  # chunks start at even places


def _format(path: Path, chunk: bytes) -> _Format:
    if len(chunk) < 16:
        raise _refusal(path, "The WAV file is cut off: it does not say what its samples are")
    kind, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if kind == _EXTENSIBLE and len(chunk) >= 26:
        kind = int.from_bytes(chunk[24:26], "little")  # the first bytes of its GUID
    if kind not in _BITS:
        said = _COMPRESSED.get(kind, f"of the kind {kind:#06x}")
        raise _refusal(path, f"The samples are {said}, not PCM")
    if bits not in _BITS[kind]:
        noun = "integers" if kind == _INTEGERS else "floats"
        raise _refusal(path, f"The samples are {noun} of {bits} bits")
    if not (1 <= channels <= MOST_CHANNELS and LOWEST_RATE <= rate <= HIGHEST_RATE):
        said = f"{counted(channels, 'channel')} at {rate:,} Hz"
        raise _refusal(path, f"The WAV file claims to have {said}")
    return _Format(kind, channels, rate, bits)


def _check_size(path: Path, promised: int, there: int, form: _Format) -> None:
    if promised > there:
        raise _refusal(
            path, f"The WAV file is cut off: {there:,} of {promised:,} bytes of samples are there"
        )
    frame = form.channels * form.bits // 8
    if promised < frame:
        raise _refusal(path, "The WAV file holds no sound")
    if promised % frame:
        raise _refusal(path, "The WAV file is cut off: its last sample is not whole")


def _samples(path: Path, data: bytes, form: _Format) -> Samples:
    """The mean of the channels of each frame."""
    if form.kind == _FLOATS:
        numbers = np.frombuffer(data, f"<f{form.bits // 8}").astype(np.float64)
        if not np.isfinite(numbers).all():
            raise _refusal(path, "A sample is not a finite number")
    else:
        numbers = _integers(data, form.bits) / 2.0 ** (form.bits - 1)
    mean: Samples = numbers.reshape(-1, form.channels).mean(axis=1).astype(np.float32)
    return mean


def _integers(data: bytes, bits: int) -> NDArray[np.int32]:
    if bits == 8:  # the only size without a sign: 128 is silence
        return np.frombuffer(data, np.uint8).astype(np.int32) - 128
    if bits != 24:
        return np.frombuffer(data, f"<i{bits // 8}").astype(np.int32)
    wide = np.zeros((len(data) // 3, 4), dtype=np.uint8)
    wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
    return wide.view("<i4")[:, 0] >> 8


def _refusal(path: Path, what: str) -> DataError:
    better = path.with_name(f"{path.stem}-pcm.wav")
    return DataError(
        f"{what}.",
        where=str(path),
        expected="a whole WAV file of integers of 8, 16, 24 or 32 bits or floats of 32 or 64",
        next_step=f"ffmpeg -i {quoted(path)} -c:a pcm_s16le {quoted(better)}, or take the file out",
    )
