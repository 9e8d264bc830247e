"""The machine that measures: its cores, its speed now, and what is installed on it."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from elman.kernels.engine import engine_status

_PACKAGES = ("torch", "numpy", "onnxruntime", "jax")
_CALIBRATION = 512
_TURNS = 50


def cores() -> int:
    """The cores that this process may use; every contender takes as many threads."""
    return len(os.sched_getaffinity(0))


def keep_to(count: int) -> None:
    """Hold this process, and all that it starts, to so many cores.

    The libraries have settings of their own for the number of threads, and not all keep to them;
    the system holds everybody.
    """
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-count:])


def calibration() -> float:
    """Milliseconds of a fixed matrix product: a change means that the machine changed."""
    matrix = torch.ones(_CALIBRATION, _CALIBRATION)
    times = []
    for _ in range(_TURNS):
        start = time.perf_counter()
        torch.mm(matrix, matrix)
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


def busy_seconds() -> float:
    """Processor time that all processes together have had on the cores that this one may use."""
    spent = 0
    for line in Path("/proc/stat").read_text(encoding="utf-8").splitlines():
        name, *fields = line.split()
        if name in {f"cpu{core}" for core in os.sched_getaffinity(0)}:
            user, nice, system, _, _, interrupts, late, stolen, *_ = map(int, fields)
            spent += user + nice + system + interrupts + late + stolen
    return spent / os.sysconf("SC_CLK_TCK")


def description() -> dict[str, str]:
    """Processor, cores in use, versions, the engine's build, and the commit."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.split(": ")[1] for line in lines if line.startswith("model name")]
    return {
        "processor": names[0] if names else platform.machine(),
        "threads": str(cores()),
        "commit": _commit(),
        "engine": engine_status().reason,
        "python": platform.python_version(),
        **{package: _version(package) for package in _PACKAGES},
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _commit() -> str:
    return subprocess.run(
        ["git", "describe", "--always", "--dirty"],  # noqa: S607 (git is found on the path)
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
