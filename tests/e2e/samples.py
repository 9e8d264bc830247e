"""Small data of every format, and the options that make a run short."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

TINY = ("--epochs", 2, "--hidden-size", 4, "--embedding-size", 4)
STORY_TINY = (*TINY, "--batch-size", 4)

_GOOD = "splendid lovely warm bright delightful".split()
_BAD = "awful cold dull broken dreadful".split()
_NEUTRAL = "the film was a very plot and actor with some scenes".split()

Rows = Sequence[Mapping[str, object]]


def reviews(count: int = 60, first: int = 0) -> Rows:
    """Rows with a text, a label and a rating; one word of each text decides about both."""
    draw = random.Random(first)  # noqa: S311
    rows = []
    for number in range(count):
        good = number % 2
        words = [draw.choice(_NEUTRAL) for _ in range(draw.randint(2, 7))]
        words.insert(draw.randrange(len(words)), draw.choice(_GOOD if good else _BAD))
        stars = 4 + number % 3 // 2 if good else 1 + number % 3
        rows.append({"text": " ".join(words), "label": "pos" if good else "neg", "stars": stars})
    return rows


def only(rows: Rows, *names: str) -> Rows:
    return [{name: row[name] for name in names} for row in rows]


def labelled(count: int = 60, first: int = 0) -> Rows:
    return only(reviews(count, first), "text", "label")


def write(path: Path, rows: Rows) -> Path:
    """Write rows in the format that the ending of the path names."""
    names = list(rows[0])
    if path.suffix == ".parquet":
        pq.write_table(pa.table({name: [row[name] for row in rows] for name in names}), path)
        return path
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path
    gap = "\t" if path.suffix == ".tsv" else ","
    lines = [gap.join(names), *(gap.join(str(row[name]) for name in names) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def story(path: Path, paragraphs: int = 24, first: int = 0) -> Path:
    """A text of short paragraphs."""
    draw = random.Random(first)  # noqa: S311
    words = _NEUTRAL + _GOOD
    texts = [
        " ".join(draw.choice(words) for _ in range(draw.randint(6, 14))) + "."
        for _ in range(paragraphs)
    ]
    path.write_text("\n\n".join(texts) + "\n")
    return path
