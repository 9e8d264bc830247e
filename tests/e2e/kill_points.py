"""Run the program again and again, each time killed at the next thing it asks of the file system.

Usage: python kill_points.py HOME OPTIONS... trains in HOME/0, HOME/1, HOME/2 and so on. Nothing
happens to the first. In HOME/N the process dies, as by `kill -9`, just before the N-th change to a
file or a folder; what it was about to write is half written. The last one lives, and the number of
those that died is printed.
"""

from __future__ import annotations

import contextlib
import io
import os
import pathlib
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, cast

from elman.cli import main

CHANGES = ("write", "fsync", "mkdir", "replace", "rename", "unlink", "rmdir")

Before = Callable[[str], None]
"""Told the name of a change, before it is made; of a write, when half of it is made."""


class HalfWriter:
    """A file for writing that tells of each write in its midst."""

    def __init__(self, file: BinaryIO, before: Before) -> None:
        self.file = file
        self.before = before

    def write(self, content: bytes) -> int:
        half = len(content) // 2
        self.file.write(content[:half])
        self.file.flush()
        self.before("write")
        return half + self.file.write(content[half:])

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def __enter__(self) -> HalfWriter:
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()


@contextlib.contextmanager
def watched(before: Before) -> Iterator[None]:
    """Inside this context, hear of every change that this process makes to files and folders."""
    opened, real = io.open, {name: getattr(os, name) for name in CHANGES if name != "write"}

    def telling(name: str) -> Callable[..., Any]:
        def change(*arguments: Any, **options: Any) -> Any:
            before(name)
            return real[name](*arguments, **options)

        return change

    def open_watched(path: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        file = opened(path, mode, *arguments, **options)
        writes = "b" in mode and ("w" in mode or "+" in mode)
        return HalfWriter(cast(BinaryIO, file), before) if writes else file

    try:
        io.open = open_watched  # type: ignore[assignment]  # what pathlib opens files with
        for name in real:
            setattr(os, name, telling(name))
        yield
    finally:
        io.open = opened
        for name, change in real.items():
            setattr(os, name, change)


def killed(place: pathlib.Path, number: int, words: list[str]) -> bool:
    """Train in a process of its own, and say whether it died."""
    child = os.fork()
    if child == 0:
        place.mkdir()
        changes = 0

        def die(change: str) -> None:
            nonlocal changes
            changes += 1
            if changes == number:
                os.kill(os.getpid(), signal.SIGKILL)

        with watched(die):
            train(place, words)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def train(place: pathlib.Path, words: list[str]) -> None:
    place.mkdir(exist_ok=True)
    os.chdir(place)
    main(words)


if __name__ == "__main__":
    home, options = pathlib.Path(sys.argv[1]).resolve(), sys.argv[2:]
    with contextlib.suppress(SystemExit):  # first here, so that all is loaded when it is copied
        train(home / "0", options)
    point = 1
    while killed(home / str(point), point, options):
        point += 1
    print(point - 1, flush=True)
