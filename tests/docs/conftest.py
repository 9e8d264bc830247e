"""The trained runs that the documents speak of, small ones in their place."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

NAMES = [("Frakkland", "Icelandic"), ("Danmörk", "Icelandic"), ("Danemark", "French")]
QUICK = ["--epochs", "1", "--hidden-size", "4", "--quiet"]


def elman(folder: Path, *words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "elman", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def reader_s_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the runs that a reader of the documents has, small ones."""
    folder = tmp_path_factory.mktemp("reader")
    rows = [f"{name} {number},{label}" for number in range(10) for name, label in NAMES]
    (folder / "languages.csv").write_text("\n".join(["text,label", *rows]), encoding="utf-8")
    lines = [f"The statement {number} is a statement.\n" for number in range(20)]
    (folder / "notes.txt").write_text("".join(lines), encoding="utf-8")
    tagged = "".join(f"We\tO\nleft\tO\nBath\tB-town\n{number}\tO\n\n" for number in range(20))
    (folder / "towns.conll").write_text(tagged, encoding="utf-8")
    pairs = [f"number {number},{number} rebmun" for number in range(20)]
    (folder / "pairs.csv").write_text("\n".join(["source,target", *pairs]), encoding="utf-8")
    elman(folder, "train", "pairs.csv", *QUICK)
    levels = [f"2024-01-{day:02},{day % 7}\n" for day in range(1, 31)]
    (folder / "levels.csv").write_text("".join(["date,level\n", *levels]), encoding="utf-8")
    elman(folder, "train", "levels.csv", *QUICK)
    elman(folder, "train", "towns.conll", *QUICK)
    elman(folder, "train", "languages.csv", *QUICK)
    elman(folder, "train", "notes.txt", *QUICK)
    return folder
