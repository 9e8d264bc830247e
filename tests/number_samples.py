"""Small images, sounds and tables of numbers, which a small model can tell apart."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from PIL import Image


def image(path: Path, number: int, upper: bool) -> None:
    """6 x 6 pixels, light in the upper or in the lower half."""
    draw = np.random.default_rng(number)
    pixels = draw.integers(0, 60, (6, 6))
    pixels[:3] += 150 * upper
    pixels[3:] += 150 * (not upper)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.astype(np.uint8)).save(path)


def sound(path: Path, number: int, high: bool) -> None:
    """60 to 100 ms of a tone of 300 or of 1,200 Hz, at 4 kHz."""
    draw = np.random.default_rng(number)
    times = np.arange(240 + 160 * draw.random()) / 4_000
    tone = np.sin(2 * np.pi * (1_200 if high else 300) * times + draw.random())
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(4_000)
        file.writeframes((tone * 20_000).astype("<i2").tobytes())


def image_folder(folder: Path, count: int = 24) -> Path:
    """A folder with images in the class folders up and down."""
    for number in range(count):
        upper = number % 2 == 0
        image(folder / ("up" if upper else "down") / f"{number:02}.png", number, upper)
    return folder


def sound_folder(folder: Path, count: int = 24) -> Path:
    """A folder of sounds whose names begin with their label: high_00.wav."""
    for number in range(count):
        high = number % 2 == 0
        sound(folder / f"{'high' if high else 'low'}_{number:02}.wav", number, high)
    return folder


def vectors(path: Path, count: int = 40) -> Path:
    """A table: two numbers, whether their sum is above 0, and the sum itself."""
    draw = np.random.default_rng(0)
    rows = draw.normal(size=(count, 2)).round(3)
    lines = [f"{a},{b},{'yes' if a + b > 0 else 'no'},{a + b:.3f}" for a, b in rows]
    path.write_text("\n".join(["a,b,label,sum", *lines]) + "\n")
    return path


def sequences(path: Path, count: int = 30) -> Path:
    """A table: sequences of 3 to 6 rows, which rise or fall; their slope beside the label."""
    draw = np.random.default_rng(0)
    lines = ["id,time,x,label,slope"]
    for number in range(count):
        slope = round(float(draw.normal()), 3)
        for step in range(draw.integers(3, 7)):
            label = "up" if slope > 0 else "down"
            lines.append(f"s{number},{step},{step * slope:.3f},{label},{slope}")
    path.write_text("\n".join(lines) + "\n")
    return path
