"""Several processes, started by torchrun: the losses of one, and an end for all when one dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from elman.training.run_folder import RunFolder
from tests.e2e.program import Answer, elman_here, environment, finished, trained
from tests.e2e.samples import labelled, story, write

TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node")
"""What the command `torchrun` is."""

TINY = ("--hidden-size", 4, "--embedding-size", 4, "--dropout", 0, "--patience", 0, "--quiet")
OPTIONS: dict[str, tuple[object, ...]] = {
    "reviews.csv": (*TINY, "--batch-size", 5),  # of 49: the last batch has 4
    "story.txt": (*TINY, "--batch-size", 3, "--bptt-steps", 8, "--bptt-window", 12),
    "documents.txt": (*TINY, "--batch-size", 3, "--bptt-steps", 0),
}
TOLERANCE = 1e-5  # relative, of losses after a few epochs in float32 sums of another order


def start(processes: int, *words: object, cwd: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*TORCHRUN, str(processes), "-m", "elman", *map(str, words)],
        cwd=cwd, env=environment(), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def children(process: subprocess.Popen[bytes]) -> list[int]:
    listed = subprocess.run(
        ["/bin/ps", "-o", "pid=", "--ppid", str(process.pid)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return [int(word) for word in listed.stdout.split()]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write(tmp_path / "reviews.csv", labelled(61))
    for name in ("story.txt", "documents.txt"):
        story(tmp_path / name, 23)
    return tmp_path


def lines(run: Path) -> list[dict[str, Any]]:
    return RunFolder.open(run).metric_lines()


def assert_same_losses(run: Path, wanted: Path) -> None:
    assert len(lines(run)) == len(lines(wanted)) > 1
    for line, other in zip(lines(run), lines(wanted), strict=True):
        for key in ("train_loss", "validation_loss", "gradient_norm"):
            assert line[key] == pytest.approx(other[key], rel=TOLERANCE)
        assert line["step"] == other["step"]
        assert line["validation"] == pytest.approx(other["validation"], rel=TOLERANCE)


@pytest.mark.parametrize(
    ("data", "processes"),
    [
        ("reviews.csv", 2),
        *(pytest.param(data, count, marks=pytest.mark.slow)
          for data, count in [("reviews.csv", 4), ("story.txt", 2), ("documents.txt", 2)]),
    ],
)  # fmt: skip
def test_the_losses_are_those_of_one_process(home: Path, data: str, processes: int) -> None:
    words = ("train", data, *OPTIONS[data], "--epochs", 3, "--json")
    trained(data, *OPTIONS[data], "--epochs", 3, "--out", "one", cwd=home)
    answer = finished(start(processes, *words, "--out", "many", cwd=home), 120)
    assert answer.code == 0, answer.err
    assert len(answer.lines()) == 1, "the first process alone has something to say"
    assert_same_losses(home / "many", home / "one")
    facts = elman_here("resume", "one", "--json", cwd=home).facts()
    assert answer.facts()["test"] == pytest.approx(facts["test"], rel=TOLERANCE)


def wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    begin = time.monotonic()
    while not path.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() - begin < 60
        time.sleep(0.02)


def run_until(home: Path, number: int, *, epochs: int) -> subprocess.Popen[bytes]:
    """Two processes that save after every update, and have saved some."""
    options = (*OPTIONS["story.txt"], "--epochs", epochs, "--checkpoint-seconds", 0)
    process = start(2, "train", "story.txt", *options, "--out", "run", cwd=home)
    wait_for(home / "run" / "generations" / str(number), process)
    return process


def resumed(home: Path, processes: int, epochs: int) -> Answer:
    answer = finished(start(processes, "resume", "run", "--quiet", cwd=home), 120)
    assert answer.code == 0, answer.err
    assert_same_as_one(home, epochs)
    return answer


def assert_same_as_one(home: Path, epochs: int) -> None:
    options = (*OPTIONS["story.txt"], "--epochs", epochs, "--out", "one")
    trained("story.txt", *options, cwd=home)
    assert_same_losses(home / "run", home / "one")


@pytest.mark.skipif(sys.platform != "linux", reason="the processes are listed as on Linux")
@pytest.mark.parametrize("dying", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_where_one_process_dies_the_others_end_and_the_run_resumes(home: Path, dying: int) -> None:
    process = run_until(home, 5, epochs=30)
    workers = children(process)
    assert len(workers) == 2
    begin = time.monotonic()
    os.kill(workers[dying], signal.SIGKILL)
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - begin < 30
    assert process.returncode != 0, out
    assert "Another process of this run has ended" in err.decode()
    assert not set(workers) & set(map(int, filter(str.isdecimal, os.listdir("/proc"))))
    answer = elman_here("resume", "run", "--quiet", cwd=home)
    assert answer.code == 0, answer.err
    assert "instead of 1 thread in each of 2 processes" in answer.err
    assert_same_as_one(home, 30)


@pytest.mark.slow
@pytest.mark.parametrize("processes", [1, 2, 3])
def test_a_stop_is_agreed_on_and_others_may_go_on(home: Path, processes: int) -> None:
    process = run_until(home, 3, epochs=40)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert "a checkpoint has been written" in err.decode()
    answer = resumed(home, processes, 40)
    assert ("WARNING" in answer.err) == (processes != 2)
    if processes != 2:
        assert "instead of 1 thread in each of 2 processes" in answer.err


@pytest.mark.slow
def test_a_refusal_ends_all(home: Path) -> None:
    (home / "run").mkdir()
    process = start(2, "train", "reviews.csv", *OPTIONS["reviews.csv"], "--out", "run", cwd=home)
    _, err = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "run exists already" in err.decode()
