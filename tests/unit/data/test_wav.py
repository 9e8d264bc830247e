"""WAV files: every width and number of channels, and every fault told with its file."""

from __future__ import annotations

import hashlib
import io
import struct
import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from elman.data.files.wav import Sound, read_wav
from elman.errors import DataError

LEVELS = np.array([0.0, 0.5, -0.25, -1.0])


def undigested(content: bytes) -> None:
    """Nothing is counted."""


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(
        name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
        for name, data in chunks
    )
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def form(kind: int = 1, channels: int = 1, rate: int = 8000, bits: int = 16) -> tuple[bytes, bytes]:
    width = channels * bits // 8
    fields = struct.pack("<HHIIHH", kind, channels, rate % 2**32, rate * width % 2**32, width, bits)
    return b"fmt ", fields


def packed(levels: NDArray[np.float64], kind: int, bits: int) -> bytes:
    if kind == 3:
        return struct.pack(f"<{len(levels)}{'f' if bits == 32 else 'd'}", *levels)
    whole = np.round(levels * 2 ** (bits - 1)).astype(np.int64)
    if bits == 8:
        return bytes((whole + 128).astype(np.uint8))
    return b"".join(int(one).to_bytes(bits // 8, "little", signed=True) for one in whole)


def read(path: Path, content: bytes) -> Sound:
    path.write_bytes(content)
    return read_wav(path, undigested)


KINDS = [(1, 8), (1, 16), (1, 24), (1, 32), (3, 32), (3, 64)]


@pytest.mark.parametrize(("kind", "bits"), KINDS)
def test_every_width_gives_the_same_levels(tmp_path: Path, kind: int, bits: int) -> None:
    content = riff(form(kind, bits=bits), (b"data", packed(LEVELS, kind, bits)))
    sound = read(tmp_path / "a.wav", content)
    assert sound.rate == 8000
    assert sound.samples.dtype == np.float32
    assert sound.samples.tolist() == LEVELS.tolist()


@pytest.mark.parametrize(("kind", "bits"), KINDS)
def test_two_channels_become_their_mean(tmp_path: Path, kind: int, bits: int) -> None:
    both = np.stack([LEVELS, np.array([0.5, 0.5, 0.25, 0.0])], axis=1).reshape(-1)
    content = riff(form(kind, channels=2, bits=bits), (b"data", packed(both, kind, bits)))
    assert read(tmp_path / "a.wav", content).samples.tolist() == [0.25, 0.5, 0.0, -0.5]


def test_what_the_standard_library_writes(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(44_100)
        file.writeframes(packed(LEVELS, 1, 16))
    sound = read(tmp_path / "a.wav", stream.getvalue())
    assert (sound.rate, sound.samples.tolist()) == (44_100, LEVELS.tolist())


def test_the_extensible_format_and_other_chunks(tmp_path: Path) -> None:
    name, fields = form(0xFFFE, bits=24)
    guid = b"\x01\x00\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"
    extensible = (name, fields + struct.pack("<HHI", 22, 24, 4) + guid)
    data = (b"data", packed(LEVELS, 1, 24))
    content = riff((b"LIST", b"odd"), extensible, (b"fact", b"\4\0\0\0"), data, (b"tail", b"xy"))
    assert read(tmp_path / "a.wav", content).samples.tolist() == LEVELS.tolist()


def test_every_byte_is_digested(tmp_path: Path) -> None:
    content = riff(form(), (b"data", packed(LEVELS, 1, 16)))
    (tmp_path / "a.wav").write_bytes(content)
    digest = hashlib.sha256()
    read_wav(tmp_path / "a.wav", digest.update)
    assert digest.digest() == hashlib.sha256(content).digest()


GOOD = riff(form(), (b"data", b"\1\0" * 50))
FAULTS = {
    "empty": (b"", "empty"),
    "text": (b"no sound at all", "is no WAV"),
    "another RIFF": (GOOD.replace(b"WAVE", b"AVI "), "is no WAV"),
    "header alone": (GOOD[:12], "has no samples"),
    "cut in fmt": (GOOD[:30], "does not say what its samples are"),
    "cut before data": (GOOD[:36], "has no samples"),
    "cut in data": (GOOD[:-31], "cut off: 69 of 100 bytes of samples are there"),
    "half a sample": (riff(form(), (b"data", b"\1\0\1")), "last sample is not whole"),
    "no sample": (riff(form(), (b"data", b"")), "holds no sound"),
    "no fmt": (riff((b"data", b"\1\0" * 50)), "does not say what its samples are"),
    "MP3": (riff(form(0x55), (b"data", b"\1\0" * 50)), "The samples are MP3, not PCM"),
    "ADPCM": (riff(form(2, bits=4), (b"data", b"\1\0" * 50)), "ADPCM, not PCM"),
    "unknown": (riff(form(0x1234), (b"data", b"\1\0" * 50)), "of the kind 0x1234, not PCM"),
    "12 bits": (riff(form(bits=12), (b"data", b"\1\0" * 50)), "integers of 12 bits"),
    "half floats": (riff(form(3, bits=16), (b"data", b"\1\0" * 50)), "floats of 16 bits"),
    "no channel": (riff(form(channels=0), (b"data", b"\1\0" * 50)), "0 channels at 8,000 Hz"),
    "no rate": (riff(form(rate=0), (b"data", b"\1\0" * 50)), "1 channel at 0 Hz"),
    "NaN": (riff(form(3, bits=32), (b"data", b"\0\0\xc0\x7f")), "not a finite number"),
}


@pytest.mark.parametrize(("content", "what"), FAULTS.values(), ids=FAULTS)
def test_files_that_are_no_whole_wav_are_named(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "broken one.wav"
    with pytest.raises(DataError) as caught:
        read(path, content)
    assert what in caught.value.what
    assert caught.value.where == str(path)
    assert caught.value.expected
    assert caught.value.next_step


def test_the_next_step_converts_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with pytest.raises(DataError) as caught:
        read(path, FAULTS["MP3"][0])
    better = tmp_path / "a-pcm.wav"
    assert f"ffmpeg -i {path} -c:a pcm_s16le {better}" in caught.value.next_step


def test_no_byte_of_the_header_can_do_worse_than_be_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    refusals = 0
    for place in range(44):
        for value in (0, 1, 0x7F, 0xFF):
            broken = bytearray(GOOD)
            broken[place] = value
            try:
                read(path, bytes(broken))
            except DataError:
                refusals += 1
    assert refusals > 60
