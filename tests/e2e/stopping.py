"""Runs that are stopped and resumed, and what must be the same at their end."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any
from unittest import mock

from elman.cli.progress import RunDisplay
from elman.training.loop import Step
from elman.training.predictor import load
from elman.training.run_folder import RunFolder
from tests.e2e.program import Answer, elman_here
from tests.e2e.samples import labelled, story, write

OPTIONS: dict[str, tuple[object, ...]] = {
    "reviews.csv": ("--hidden-size", 4, "--embedding-size", 4, "--batch-size", 4, "--dropout", 0.3,
                    "--patience", 0, "--schedule", "plateau"),
    "story.txt": ("--hidden-size", 4, "--embedding-size", 4, "--batch-size", 2, "--dropout", 0.3,
                  "--patience", 0, "--bptt-steps", 8, "--bptt-window", 12),
}  # fmt: skip
"""Options by data: labels under a schedule that remembers, and text with a state carried on."""

_TIMES = ("seconds", "tokens_per_second")


def make_data(home: Path) -> None:
    write(home / "reviews.csv", labelled(60))
    story(home / "story.txt", 24)


def ending(run: Path) -> dict[str, Any]:
    """All that a finished run holds, but for the time it took."""
    folder = RunFolder.open(run)
    manifest = folder.manifest
    assert manifest.results is not None
    best, last = folder.read(manifest.best), folder.read(manifest.last)
    state = json.loads(last["state.json"])
    for key in ("seconds", "since"):
        del state[key]
    lines = [
        {key: value for key, value in line.items() if key not in _TIMES}
        for line in folder.metric_lines()
    ]
    return {
        "best": best["weights.safetensors"],
        "last": last["weights.safetensors"],
        "optimizer": last["optimizer.safetensors"],
        "carried": last["carried.safetensors"],
        "state": state,
        "lines": lines,
        "test": manifest.results.test,
        "baselines": manifest.results.baselines,
    }


def assert_same_ending(run: Path, wanted: dict[str, Any]) -> None:
    """A run that was stopped ends as the one that was not, bit for bit, and tidily."""
    found = ending(run)
    for key, value in wanted.items():
        assert found[key] == value, key
    epochs = [line["epoch"] for line in found["lines"]]
    assert epochs == list(range(1, len(epochs) + 1))
    assert not [path.name for path in run.rglob(".*")]
    numbers = {str(one.number) for one in (folder_manifest(run).best, folder_manifest(run).last)}
    assert {path.name for path in (run / "generations").iterdir()} == numbers


def folder_manifest(run: Path) -> Any:
    return RunFolder.open(run).manifest


def assert_readable(run: Path) -> int:
    """Whatever happened, the run can be used; the number of updates that it has saved."""
    folder = RunFolder.open(run)
    load(run)
    last = folder.read(folder.manifest.last)
    folder.metric_lines()
    return int(json.loads(last["state.json"])["step"])


def interrupted_after(updates: int, *words: object, cwd: Path) -> Answer:
    """Run the program here and send it Ctrl-C after so many updates."""
    seen = 0

    def step(display: RunDisplay, step: Step) -> None:
        nonlocal seen
        seen += 1
        if seen == updates:
            os.kill(os.getpid(), signal.SIGINT)

    with mock.patch.object(RunDisplay, "step", step):
        return elman_here(*words, cwd=cwd)
