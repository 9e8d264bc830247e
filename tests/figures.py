"""The full form of the tests of reliability, and its figures: python -m tests.figures [FILE].

`scripts/check-reliability` runs it. The quick form of each is among the tests.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from elman.training.preparation import prepare_again
from elman.training.saved_run import open_run
from tests.docs.documents import ROOT
from tests.docs.reliability_page import FIGURES
from tests.e2e.kills import kill_runs, kill_saves
from tests.e2e.stopping import OPTIONS, interrupted_after, make_data
from tests.hostile.archives import HOSTILE
from tests.hostile.fuzz import fuzz
from tests.hostile.mutations import forge_states, mutate_archive, mutate_folder
from tests.hostile.nans import inject
from tests.hostile.payloads import PAYLOADS
from tests.hostile.readers import READERS

QUICK = (
    "tests/e2e/test_kills.py", "tests/e2e/test_kill_points.py", "tests/e2e/test_resume.py",
    "tests/e2e/test_divergence.py", "tests/e2e/test_data_parallel.py", "tests/hostile",
)  # fmt: skip
"""The quick form of all this."""

Figures = dict[str, Any]


def kills(home: Path) -> Figures:
    """Runs that are killed once each, half of them of labels and half of running text."""
    counted = []
    for data in OPTIONS:
        (home / data).mkdir()
        counted.append(kill_runs(home / data, data, 25, seed=1))
    return {key: sum(counts[key] for counts in counted) for key in counted[0]}


def saves(home: Path) -> Figures:
    """A process that only saves, killed again and again."""
    return kill_saves(home, 1_000, seed=1)


def mutations(home: Path) -> Figures:
    """Changed run folders and archives, and states that are forged."""
    make_data(home)
    folders: list[Any] = []
    archives: list[Any] = []
    forged: list[Any] = []
    for data in OPTIONS:
        run = home / Path(data).stem
        words = ("train", home / data, *OPTIONS[data], "--epochs", 2, "--out", run)
        assert interrupted_after(14, *words, cwd=home).code == 130
        folders.append(mutate_folder(run, 4_000, seed=1))
        archive = Path(shutil.make_archive(str(run), "zip", run))
        archives.append(mutate_archive(archive, 1_000, seed=1))
        forged.append(forge_states(run, prepare_again(open_run(run), None), 1_000, seed=1))
    both = [*folders, *archives]
    return {
        "tried": sum(one.tried for one in both),
        "refused": sum(one.refused for one in both),
        "harmless": sum(one.harmless for one in archives),
        "silent": sum(one.silent for one in both),
        "crashed": sum(one.crashed for one in [*both, *forged]),
        "forged": sum(one.tried for one in forged),
    }


def readers(home: Path) -> Figures:
    """Files that are nearly right, for each reader."""
    tallies = {name: fuzz(name, 20_000, 1, home) for name in READERS}
    for name, tally in tallies.items():
        print(name, tally)
    return {
        "readers": len(tallies),
        "tried": min(tally.tried for tally in tallies.values()),
        "crashed": sum(tally.crashed + len(tally.faults) for tally in tallies.values()),
        "hung": sum(tally.hung for tally in tallies.values()),
    }


def not_finite(home: Path) -> Figures:
    """NaN and infinity in data, weights, loss and gradient."""
    return inject(400, seed=1)


def passed(*words: str) -> Figures:
    """How many of some tests pass and fail, and the seconds on the clock that they take."""
    begin = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-m", "not slow", *words],
        cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    seconds = time.monotonic() - begin
    last = done.stdout.splitlines()[-1]
    counts = {
        word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|error)", last)
    }
    if done.returncode or not counts.get("passed"):
        print(done.stdout, done.stderr, file=sys.stderr)
    return {
        "passed": counts.get("passed", 0),
        "failed": counts.get("failed", 0) + counts.get("error", 0),
        "seconds": round(seconds),
    }


def archives(home: Path) -> Figures:
    """Hostile archives, each of which has a test that looks for what is written outside too."""
    found = passed("tests/hostile/test_archives.py", "-k", "hostile_archives")
    return {"kinds": len(HOSTILE), "refused": found["passed"]}


def payloads(home: Path) -> Figures:
    """Disguised programs, each put in the place of every file of a run, and of a file of data."""
    found = passed("tests/hostile/test_payloads.py", "-k", "no_payload")
    return {"kinds": len(PAYLOADS), "executed": 2 * len(PAYLOADS) - found["passed"]}


def quick(home: Path) -> Figures:
    """The quick form of all this, as `scripts/test` runs it: a process for each core."""
    return {**passed("-n", "auto", "--dist", "worksteal", *QUICK), "cores": os.cpu_count()}


PARTS: Mapping[str, Callable[[Path], Figures]] = {
    "kills": kills,
    "saves": saves,
    "mutations": mutations,
    "archives": archives,
    "payloads": payloads,
    "not finite": not_finite,
    "readers": readers,
    "quick form": quick,
}


def main(path: Path, names: list[str]) -> None:
    """Measure all parts, or those that are named, and write their figures."""
    warnings.simplefilter("error")
    torch.set_num_threads(1)
    figures = json.loads(path.read_text(encoding="utf-8")) if path.exists() and names else {}
    figures["machine"] = f"{platform.machine()}, Python {platform.python_version()}, torch " + str(
        torch.__version__
    )
    for name in names or PARTS:
        begin = time.monotonic()
        with tempfile.TemporaryDirectory() as home:
            figures[name] = PARTS[name](Path(home))
        print(f"{name}: {figures[name]} ({time.monotonic() - begin:.0f} s)", flush=True)
        path.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(FIGURES, sys.argv[1:])
