"""Processes that are killed as by `kill -9` at moments drawn at random, and what they leave.

They are copies of this process, which has loaded everything already: so a kill costs milliseconds.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

from elman.cli import main
from elman.errors import ElmanError
from elman.training.manifest import MODEL_FILES, STATE_FILES
from elman.training.run_folder import RunFolder
from tests.e2e.program import elman_here
from tests.e2e.stopping import OPTIONS, assert_readable, assert_same_ending, ending, make_data


def in_a_copy(work: Callable[[], None], folder: Path) -> int:
    """Start some work in a copy of this process, which says nothing; its number."""
    child = os.fork()
    if child:
        return child
    code = 1
    with contextlib.suppress(BaseException):
        os.chdir(folder)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        try:
            work()
        except SystemExit as end:
            code = int(end.code or 0)
    os._exit(code)


def killed_after(seconds: float, work: Callable[[], None], folder: Path) -> bool:
    """Kill some work after a while; whether it was still going on."""
    child = in_a_copy(work, folder)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def kill_runs(home: Path, data: str, kills: int, seed: int) -> dict[str, int]:
    """Kill so many runs, each at one moment of its life, and resume each to its end.

    Returns:
        How many were "killed", how many of them left a run ("begun"), and how many ended as the
        run that nobody killed, "equal" bit for bit.
    """
    draw, options = random.Random(f"{data} {seed}"), (*OPTIONS[data], "--epochs", 3)  # noqa: S311
    words = ("train", home / data, *options, "--checkpoint-seconds", 0, "--out", "run", "--quiet")
    make_data(home)
    first = home / "first"
    first.mkdir()
    begin = time.monotonic()
    assert os.waitpid(in_a_copy(lambda: main(list(map(str, words))), first), 0)[1] == 0
    life, wanted = time.monotonic() - begin, ending(first / "run")
    counts = {"killed": 0, "begun": 0, "equal": 0}
    while counts["killed"] < kills:
        place = home / f"{data} {counts['killed']}"
        place.mkdir(exist_ok=True)
        if not killed_after(draw.uniform(0, life), lambda: main(list(map(str, words))), place):
            shutil.rmtree(place)  # it had ended before
            continue
        counts["killed"] += 1
        begun = (place / "run").exists()
        counts["begun"] += begun
        if begun:
            assert_readable(place / "run")
        again = ("resume", "run") if begun else words
        answer = elman_here(*again, cwd=place)
        assert answer.code == 0, answer.err
        assert_same_ending(place / "run", wanted)
        counts["equal"] += 1
    return counts


def kill_saves(home: Path, kills: int, seed: int) -> dict[str, int]:
    """Kill a process that does nothing but save, and look at what stands each time.

    Returns:
        How many were "killed", how many checkpoints they had "saved", and how often what stood
        could not be read ("unreadable").
    """
    draw = random.Random(seed)  # noqa: S311
    names = [*MODEL_FILES, *STATE_FILES]

    def content(name: str, number: int) -> bytes:
        return f"{name} {number}".encode() * 999

    def save_once() -> None:
        number = folder.manifest.last.number + 1
        files = {name: content(name, number) for name in names}
        folder.save(files, best=number % 3 == 0, line={"step": number})

    def save_on() -> None:
        while True:
            save_once()

    first = {name: content(name, 0) for name in names}
    folder = RunFolder.create(home / "run", {}, first, overwrite=False)
    begin = time.monotonic()
    save_once()
    life = 2 * (time.monotonic() - begin)
    counts = {"killed": 0, "saved": 0, "unreadable": 0}
    while counts["killed"] < kills:
        counts["killed"] += killed_after(draw.uniform(0, life), save_on, home)
        before = folder.manifest.last.number
        try:
            folder = RunFolder.open(home / "run")
            number = folder.manifest.last.number
            last = folder.read(folder.manifest.last)
            whole = folder.damage() is None and len(folder.metric_lines()) == number
            whole = whole and (
                number == 0 or last["model.json"].startswith(b"model.json %d" % number)
            )
            counts["saved"] += number - before
            life *= 0.98 if number > before else 1.02  # so that half of them save, on any machine
            counts["unreadable"] += not whole
            folder.drop_unfinished()
        except ElmanError as error:
            counts["unreadable"] += 1
            print(error)
    return counts
