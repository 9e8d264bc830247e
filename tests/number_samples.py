"""Small images, sounds, tables and tasks of numbers, which a small model can tell apart."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from PIL import Image

from elman.data.arrays.labelled import ArrayDataset, TableForm
from elman.data.examples import LabelledArray, Reads, Roll
from elman.data.loading.rolls import RollDataset
from elman.training.shapes.arrays.task import ArrayTask
from elman.training.shapes.frames_to_one.config import FramesToOneConfig
from elman.training.shapes.frames_to_one.shape import FRAMES_TO_ONE
from elman.training.shapes.one_to_one.config import OneToOneConfig
from elman.training.shapes.one_to_one.shape import ONE_TO_ONE
from elman.training.shapes.piano_rolls.config import PianoRollConfig
from elman.training.shapes.piano_rolls.shape import PIANO_ROLLS
from elman.training.shapes.piano_rolls.task import PianoRollTask


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


def _config(shape: str, **more: Any) -> dict[str, Any]:
    return {
        "data": "any", "shape": shape, "hidden_size": 4, "dropout": 0.0, "epochs": 3,
        "batch_size": 3, "learning_rate": 0.05, "weight_decay": 0.01, **more,
    }  # fmt: skip


def array_data(shape: Literal["one_to_one", "many_to_one"], count: int = 14) -> ArrayDataset:
    """Vectors of two numbers, or sequences of 1 to 4 of them, labelled by the sign of their sum."""
    draw = np.random.default_rng(0)
    examples = []
    for row in range(1, count + 1):
        values = draw.normal(size=(1 + row % 4, 2)).astype(np.float32)
        values = values if shape == "many_to_one" else values[0]
        examples.append(LabelledArray(values, "ab"[int(values.sum() > 0)], row))
    train = tuple(examples)
    reads: Reads = "frames" if shape == "many_to_one" else None
    return ArrayDataset(
        "any", shape, "", "class", train, train[:6], train[:5], "", "0" * 64, (), reads=reads,
        form=TableForm(("x", "y"), "rows" if reads else None),
    )  # fmt: skip


def vectors_task(init_seed: int = 0, **changes: Any) -> ArrayTask:
    torch.manual_seed(init_seed)
    config = OneToOneConfig.checked(_config("one_to_one") | changes)
    return ONE_TO_ONE.make_task(config, array_data("one_to_one"))[0]  # type: ignore[return-value]


def frames_task(init_seed: int = 0, **changes: Any) -> ArrayTask:
    torch.manual_seed(init_seed)
    own = {"reads": "frames", "max_length": 3, "bidirectional": True, "pooling": "attention"}
    config = FramesToOneConfig.checked(_config("many_to_one", **own) | changes)
    return FRAMES_TO_ONE.make_task(config, array_data("many_to_one"))[0]  # type: ignore[return-value]


def rolls_task(init_seed: int = 0, **changes: Any) -> PianoRollTask:
    torch.manual_seed(init_seed)
    draw = np.random.default_rng(0)
    rolls = tuple(
        Roll((draw.random((2 + row % 4, 5)) < 0.3).astype(np.uint8), row) for row in range(1, 12)
    )
    data = RollDataset(
        "any", "language_model", "", "next keys", rolls, rolls[:4], rolls[:3], "", "0" * 64, (),
        reads="rolls", step=1.0,
    )  # fmt: skip
    config = PianoRollConfig.checked(_config("language_model", reads="rolls") | changes)
    return PIANO_ROLLS.make_task(config, data)[0]  # type: ignore[return-value]
