"""The program as a user runs it, in a process of its own or, to save time, in ours."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from unittest import mock

from elman.cli import main

COMMAND = (sys.executable, "-W", "error", "-m", "elman")


@dataclass(frozen=True)
class Answer:
    """What a run of the program gave: its exit code and what it wrote."""

    code: int
    out: str
    err: str

    def facts(self) -> dict[str, Any]:
        """The JSON object in the last line of standard output."""
        return cast(dict[str, Any], json.loads(self.out.splitlines()[-1]))

    def lines(self) -> list[str]:
        return self.out.splitlines()


def environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "100", "NO_COLOR": "1"}


def elman(*words: object, cwd: Path, stdin: str | bytes = "", timeout: float = 120) -> Answer:
    """Run the program in a new process, warnings being errors; it must not show a traceback."""
    done = subprocess.run(
        [*COMMAND, *map(str, words)],
        cwd=cwd,
        env=environment(),
        input=stdin if isinstance(stdin, bytes) else stdin.encode(),
        capture_output=True,
        timeout=timeout,
        check=False,
    )
    return _sound(Answer(done.returncode, done.stdout.decode(), done.stderr.decode()))


def elman_here(*words: object, cwd: Path) -> Answer:
    """Run the program in this process, which saves the time of starting it."""
    out, err, code = io.StringIO(), io.StringIO(), -1
    with (
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        mock.patch.object(sys, "argv", ["elman", *map(str, words)]),
    ):
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
    return _sound(Answer(code, out.getvalue(), err.getvalue()))


def start(*words: object, cwd: Path) -> subprocess.Popen[bytes]:
    """Start the program and let it run."""
    return subprocess.Popen(
        [*COMMAND, *map(str, words)],
        cwd=cwd,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def finished(process: subprocess.Popen[bytes], timeout: float = 60) -> Answer:
    """Wait for a program that was started."""
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return _sound(Answer(process.returncode, out.decode(), err.decode()))


def trained(*words: object, cwd: Path) -> Answer:
    """Train, and see that it went well."""
    answer = elman_here("train", *words, "--json", cwd=cwd)
    assert answer.code == 0, answer.err
    return answer


def refused(answer: Answer, code: int, *words: str) -> str:
    """An error that is complete: its code, a place, what was expected, what to type next."""
    assert answer.code == code, answer
    error = answer.err[answer.err.index("elman: ") :]
    for part in ("\n  where: ", "\n  expected: ", "\n  next: "):
        assert part in error, error
    for word in words:
        assert word in error, error
    return error


def entries(folder: Path) -> list[str]:
    """Everything in a folder and below, hidden or not."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def _sound(answer: Answer) -> Answer:
    assert "Traceback" not in answer.err, answer.err
    assert "fault of Elman's own" not in answer.err, answer.err
    return answer
