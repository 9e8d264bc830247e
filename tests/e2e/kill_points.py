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
from collections.abc import Callable
from typing import Any, BinaryIO, cast

from elman.cli import main

_CHANGES = ("fsync", "replace", "rename", "mkdir", "unlink", "rmdir")


class Countdown:
    """Kills this process at the N-th call."""

    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self) -> bool:
        """Whether the next change is the last."""
        self.left -= 1
        return self.left == 0

    def die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


class HalfWriter:
    """A file for writing that dies in the middle of a write."""

    def __init__(self, file: BinaryIO, countdown: Countdown) -> None:
        self.file = file
        self.countdown = countdown

    def write(self, content: bytes) -> int:
        if self.countdown():
            self.file.write(content[: len(content) // 2])
            self.file.flush()
            self.countdown.die()
        return self.file.write(content)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)

    def __enter__(self) -> HalfWriter:
        return self

    def __exit__(self, *error: object) -> None:
        self.file.close()


def arm(countdown: Countdown) -> None:
    """Count every change that this process makes to files and folders."""

    def counted(change: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if countdown():
                countdown.die()
            return change(*arguments, **options)

        return call

    for name in _CHANGES:
        setattr(os, name, counted(getattr(os, name)))
    opened = io.open

    def open_counted(path: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        file = opened(path, mode, *arguments, **options)
        if "b" in mode and ("w" in mode or "+" in mode):
            return HalfWriter(cast(BinaryIO, file), countdown)
        return file

    io.open = open_counted  # type: ignore[assignment]  # what pathlib opens files with


def killed(place: pathlib.Path, number: int, words: list[str]) -> bool:
    """Train in a process of its own, and say whether it died."""
    child = os.fork()
    if child == 0:
        place.mkdir()
        arm(Countdown(number))
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
