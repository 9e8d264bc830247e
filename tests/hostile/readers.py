"""Every reader of files, and good files for each."""

from __future__ import annotations

import io
import json
import random
import struct
import wave
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image
from scipy.io import savemat

from elman.data.arrays.labelled import ArrayDataset
from elman.data.examples import Shape
from elman.data.files.formats import ENDINGS
from elman.data.files.images import IMAGE_ENDINGS, choose_form, read_image
from elman.data.files.mel import choose_sound_form, log_mel
from elman.data.files.wav import WAV_ENDINGS, read_wav
from elman.data.files.word_vectors import read_vectors
from elman.data.load import load_dataset
from elman.data.options import DataOptions
from elman.data.texts.items import read_items
from elman.training.config import TrainingConfig, read_toml
from elman.training.manifest import parse_manifest, sealed
from elman.training.tensors import read_tensors, write_tensors


@dataclass(frozen=True)
class Reader:
    """A reader, and what it is given.

    Attributes:
        ending: of the files.
        samples: good files.
        read: takes the path of the file, or of the whole folder where `folder` is given.
        beside: other files of the folder that the file lies in, by their paths.
        folder: within which the file usually lies, for a reader of whole folders.
    """

    ending: str
    samples: tuple[bytes, ...]
    read: Callable[[Path], object]
    beside: Mapping[str, bytes] = field(default_factory=dict)
    folder: str | None = None

    def lay_out(self, home: Path, name: str, content: bytes) -> Path:
        """Make a folder with the file and those beside it; what the reader is to be given."""
        for place, held in {**self.beside, name: content}.items():
            (home / place).parent.mkdir(parents=True, exist_ok=True)
            (home / place).write_bytes(held)
        return home / name if self.folder is None else home


ROWS = [(f"text number {number}, and more", "ab"[number % 2], number) for number in range(14)]
LINES = "".join(f'"{text}",{label},{number}\n' for text, label, number in ROWS)
CSV = ("text,label,n\n" + LINES).encode()
CONLL = "\n\n".join(
    "\n".join(f"word{step}\t{'O' if step % 3 else 'B-X'}" for step in range(4)) for _ in range(12)
)
_TREE = "".join(
    f"{step}\tw{step}\tw\t{tag}\tN\t_\t0\troot\t_\t_\n"
    for step, tag in enumerate(("DET", "NOUN", "VERB"), start=1)
)
CONLLU = f"# sent_id = s\n{_TREE}\n" * 12


def _parquet() -> bytes:
    file = io.BytesIO()
    names = ("text", "label", "n")
    table = pa.table({name: [row[place] for row in ROWS] for place, name in enumerate(names)})
    pq.write_table(table, file)
    return file.getvalue()


def _json_lines() -> bytes:
    names = ("text", "label", "n")
    return "".join(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in ROWS).encode()


def _matlab(compressed: bool) -> bytes:
    """Piano rolls of 12 pieces, as scipy writes them."""
    file = io.BytesIO()
    pieces = np.empty((1, 4), dtype=object)
    for place in range(4):
        pieces[0, place] = np.eye(6, 88, place, dtype=np.uint8)
    parts = dict.fromkeys(("traindata", "validdata", "testdata"), pieces)
    savemat(file, parts, do_compression=compressed)
    return file.getvalue()


SAMPLES: Mapping[str, tuple[bytes, ...]] = {
    ".csv": (CSV, CSV.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + CSV, CSV.replace(b",", b";")),
    ".tsv": (CSV.replace(b",", b"\t"), b"text\tlabel\n" + b"a b\tx\nc d\ty\n" * 8),
    ".jsonl": (_json_lines(),),
    ".ndjson": (_json_lines(),),
    ".parquet": (_parquet(),),
    ".txt": (b"A paragraph of words.\n\n" * 12, b"one line\nanother line\n" * 8),
    **{
        ending: (CONLL.encode(), CONLL.replace("\t", " ").encode()) for ending in ENDINGS["columns"]
    },
    ".conllu": (CONLLU.encode(),),
    ".mat": (_matlab(False), _matlab(True)),
}
"""Good files for every ending that `elman train` takes."""


def load(path: Path) -> object:
    """As `elman train` reads it, in the shape that is inferred."""
    return load_dataset(DataOptions(str(path)))


def load_as(shape: Shape) -> Callable[[Path], object]:
    """As `elman train` reads it in a shape that was asked for."""
    return lambda path: load_dataset(DataOptions(str(path), shape=shape))


PAIRS = ("source,target\n" + "".join(f"text {n} a,{n} b text\n" for n in range(14))).encode()
SERIES = ("date,value\n" + "".join(f"2024-01-{n + 1:02},{n % 5}.5\n" for n in range(30))).encode()
NUMBERS = ("a,b,label\n" + "".join(f"{n}.5,{-n},{'xy'[n % 2]}\n" for n in range(14))).encode()
TAGGED = ("tokens,tags\n" + "we saw Oslo,O O B-X\n" * 7 + "Ada left,B-X O\n" * 7).encode()
VECTORS = "".join(f"word{n} {n}.5 -1 2e-3\n" for n in range(12)).encode()


def _sound(width: int, channels: int, frames: int = 900) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(channels)
        sound.setsampwidth(width)
        sound.setframerate(8000)
        sound.writeframes(random.Random(width).randbytes(width * channels * frames))  # noqa: S311
    return file.getvalue()


def hear(path: Path) -> object:
    """A sound as frames of its spectrum."""
    sound = read_wav(path, lambda content: None)
    assert np.isfinite(sound.samples).all()
    return log_mel(sound, choose_sound_form([sound.rate]))


def _image(mode: str, kind: str) -> bytes:
    file = io.BytesIO()
    Image.new(mode, (9, 7)).save(file, kind)
    return file.getvalue()


def look(path: Path) -> object:
    """An image as pixels."""
    return read_image(path, choose_form([path]), lambda content: None)


SOUNDS = (_sound(1, 1), _sound(2, 2), _sound(3, 1))
IMAGES = {kind: (_image("RGB", kind), _image("L", kind)) for kind in ("PNG", "JPEG")}
CAPTIONS = (
    "file,caption\n" + "".join(f"{n % 3}.png,a picture of {n}\n" for n in range(14))
).encode()
PARTED = b"path,Captions,split\n" + b"".join(
    b"./%d.png,picture %d,%s\n" % (n % 3, n, (b"train", b"test", b"dev")[n % 3]) for n in range(6)
)


def in_classes(ending: str, content: bytes) -> Mapping[str, bytes]:
    """Ten files in two folders, so that they can be divided without another one."""
    return {f"{name}/{n}{ending}": content for name in ("cat", "dog") for n in range(5)}


def load_files(path: Path) -> object:
    """As `elman train` reads it; what it tells of the files can be written."""
    dataset = load_dataset(DataOptions(str(path)))
    assert isinstance(dataset, ArrayDataset)
    for one in (*dataset.train, *dataset.validation, *dataset.test):
        f"{one.label} {one}".encode()
    return dataset


def embed(path: Path) -> object:
    """Pre-trained vectors."""
    found = read_vectors(path, {"word1", "word7"}, 5, lowercase=False)
    assert np.isfinite(found.rows).all()
    return found


def manifest(path: Path) -> object:
    return parse_manifest(sealed(path.read_bytes()), str(path))


_GENERATION = {"number": 1, "files": {"model.json": {"size": 1, "sha256": "0" * 64}}}
_MANIFEST = {
    "best": _GENERATION, "last": _GENERATION, "metrics": {"size": 0, "sha256": "0" * 64},
    "format": 1, "training": {"size": 0, "sha256": "0" * 64}, "previous": None, "results": None,
}  # fmt: skip


def options(path: Path) -> object:
    return TrainingConfig.checked({**read_toml(path), "data": "reviews.csv"}, str(path))


def tensors(path: Path) -> object:
    return read_tensors(path.read_bytes(), path.name)


READERS: Mapping[str, Reader] = {
    **{ending: Reader(ending, SAMPLES[ending], load)
       for ending in (".csv", ".tsv", ".jsonl", ".parquet", ".txt", ".conllu", ".conll", ".mat")},
    "pairs": Reader(".csv", (PAIRS,), load_as("encoder_decoder")),
    "series": Reader(".csv", (SERIES,), load_as("forecaster")),
    "tagged table": Reader(".csv", (TAGGED,), load_as("aligned")),
    "numbers": Reader(".csv", (NUMBERS,), load_as("one_to_one")),
    "word vectors": Reader(".txt", (VECTORS, b"12 3\n" + VECTORS), embed),
    "texts to predict for": Reader(".csv", SAMPLES[".csv"], lambda path: read_items(path, None)),
    "lines to predict for": Reader(".txt", SAMPLES[".txt"], lambda path: read_items(path, None)),
    **{ending: Reader(ending, SOUNDS, hear) for ending in WAV_ENDINGS},
    **{ending: Reader(ending, IMAGES[kind], look)
       for ending, kind in zip(IMAGE_ENDINGS[:2], IMAGES, strict=True)},
    "folder of sounds": Reader(".wav", SOUNDS, load_files,
                               in_classes(".wav", _sound(2, 1, frames=300)), folder="cat"),
    "folder of images": Reader(".png", (*IMAGES["PNG"], *IMAGES["JPEG"]), load_files,
                               in_classes(".jpg", IMAGES["JPEG"][1]), folder="cat"),
    "captions of images": Reader(".csv", (CAPTIONS, PARTED, CAPTIONS.replace(b",", b"\t")),
                                 load, {f"{n}.png": IMAGES["PNG"][n % 2] for n in range(3)}),
    "run.json": Reader(".json", (sealed(json.dumps(_MANIFEST).encode()),), manifest),
    "options": Reader(".toml", (b'cell = "gru"\nhidden_size = 8\nlowercase = true\n',
                                b"dropout = 0.5\nepochs = 3\n"), options),
    "tensors": Reader(".safetensors", (write_tensors({}), struct.pack("<Q", 2) + b"{}"), tensors),
}  # fmt: skip
"""Every reader once, by the ending of its files or by what it reads."""
