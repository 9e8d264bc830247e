"""A process that the system really refuses memory: training halves its batches and finishes."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.documents import ROOT
from tests.e2e.program import Answer, elman_here, environment
from tests.e2e.stopping import ending

ROOM = 200
"""MiB of addresses that are left for training; a whole batch takes half as many again."""
PROGRAM = f"""
import resource, sys
from pathlib import Path
from elman.cli import main
from elman.training import gradient, loop

def descend(*words, **options):
    if resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY:
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + {ROOM} * 2**20,) * 2)
    return gradient.descend(*words, **options)

def is_out_of_memory(error):
    print("FAILURE", type(error).__name__, str(error).splitlines()[0], file=sys.stderr)
    return real(error)

loop.descend = descend
real, gradient.is_out_of_memory = gradient.is_out_of_memory, is_out_of_memory
main()
"""
"""Elman, which may have no more memory than so much once its first batch begins."""


def elman_in_short_memory(*words: object, cwd: Path) -> Answer:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM, *map(str, words)],
        cwd=cwd, env={**environment(), "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    return Answer(done.returncode, done.stdout, done.stderr)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process")
def test_memory_that_is_refused_halves_the_batch_and_the_run_finishes(tmp_path: Path) -> None:
    draw = random.Random(0)  # noqa: S311
    rows = [f"{' '.join(draw.choices('abcd', k=800))},{'xy'[number % 2]}" for number in range(80)]
    (tmp_path / "long.csv").write_text("\n".join(["text,label", *rows]) + "\n")
    words = ("train", "long.csv", "--epochs", 1, "--batch-size", 64, "--hidden-size", 64,
             "--embedding-size", 64, "--dropout", 0, "--quiet", "--out")  # fmt: skip
    answer = elman_in_short_memory(*words, "run", cwd=tmp_path)
    assert answer.code == 0, answer.err
    failures = [line for line in answer.err.splitlines() if line.startswith("FAILURE")]
    assert failures
    assert all("DefaultCPUAllocator: can't allocate memory" in line for line in failures), failures
    told = [line for line in answer.err.splitlines() if line.startswith("WARNING: Out of memory")]
    assert len(told) == len(failures)
    assert "in epoch 1, batch 1. From here on a batch is computed in 2 pieces" in told[0]
    assert elman_here(*words, "whole", cwd=tmp_path).code == 0
    run, whole = ending(tmp_path / "run"), ending(tmp_path / "whole")
    assert (run["state"]["pieces"], whole["state"]["pieces"]) == (2 ** len(told), 1)
    (line,), (other,) = run["lines"], whole["lines"]
    assert line["step"] == other["step"]
    assert line["train_loss"] == pytest.approx(other["train_loss"], rel=1e-5)
