"""A disk that is full, read-only or failing, and no memory: told, and what was saved stands."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import torch

from elman.training.bptt import Carried
from elman.training.shapes.many_to_one.task import ManyToOneTask
from elman.training.share import WHOLE, Share
from elman.training.task import BatchLoss
from tests.e2e.kill_points import CHANGES, watched
from tests.e2e.program import elman, elman_here, entries, environment, refused, trained
from tests.e2e.stopping import (
    OPTIONS,
    assert_readable,
    assert_same_ending,
    ending,
    folder_manifest,
    make_data,
)

DATA = "reviews.csv"
SHORT = (*OPTIONS[DATA], "--epochs", 2, "--batch-size", 100)


def from_the(number: int, code: int, changes: tuple[str, ...]) -> Callable[[str], None]:
    """Refuse such changes from the N-th change on."""
    seen = 0

    def before(change: str) -> None:
        nonlocal seen
        seen += 1
        if seen >= number and change in changes:
            raise OSError(code, os.strerror(code), "the disk")

    return before


def once(number: int, code: int) -> Callable[[str], None]:
    """Refuse the N-th change, whatever it is, and no other."""
    seen = 0

    def before(change: str) -> None:
        nonlocal seen
        seen += 1
        if seen == number:
            raise OSError(code, os.strerror(code), "the disk")

    return before


WRITES = ("write", "fsync", "mkdir")
FAULTS: dict[str, Callable[[int], Callable[[str], None]]] = {
    "full": lambda number: from_the(number, errno.ENOSPC, WRITES),
    "read-only": lambda number: from_the(number, errno.EROFS, CHANGES),
    "failing once": lambda number: once(number, errno.EIO),
    "over its quota": lambda number: from_the(number, errno.EDQUOT, WRITES[:1]),
}
SLOW = ("read-only", "failing once", "over its quota")


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home = tmp_path_factory.mktemp("whole")
    make_data(home)
    trained(DATA, *SHORT, "--out", "run", cwd=home)
    return ending(home / "run")


@pytest.mark.parametrize(
    "fault",
    [pytest.param(name, marks=pytest.mark.slow if name in SLOW else ()) for name in FAULTS],
)
def test_a_fault_at_every_change(tmp_path: Path, fault: str, wanted: dict[str, Any]) -> None:
    make_data(tmp_path)
    number, failures, begun = 0, 0, 0
    while failures == number or fault == "failing once":
        number += 1
        home = tmp_path / str(number)
        home.mkdir()
        seen: list[str] = []
        with watched(both(seen.append, FAULTS[fault](number))):
            answer = elman_here("train", tmp_path / DATA, *SHORT, "--out", "run", cwd=home)
        if len(seen) < number:
            break
        failures += answer.code != 0
        begun += (home / "run").exists()
        after_the_fault(home, tmp_path / DATA, answer.code, fault, wanted)
        if answer.code:
            refused(answer, 4, "The run cannot be written", "the disk")
    print(f"{fault}: {number} places, {failures} failures, {begun} after the run had begun")
    assert failures > 60
    assert begun > 40


def both(one: Callable[[str], object], other: Callable[[str], object]) -> Callable[[str], None]:
    def before(change: str) -> None:
        one(change)
        other(change)

    return before


def after_the_fault(home: Path, data: Path, code: int, fault: str, wanted: dict[str, Any]) -> None:
    """What stands is whole, nothing else is left, and with the disk in order it goes on."""
    run = home / "run"
    if not run.exists():
        assert code == 4
        if fault != "read-only":  # which keeps what it has, temporary or not
            assert entries(home) == []
        again: tuple[object, ...] = ("train", data, *SHORT, "--out", "run")
    else:
        assert_readable(run)
        if fault == "full":
            assert tidy(run)
        again = ("resume", "run")
    answer = elman_here(*again, cwd=home)
    assert answer.code == 0, answer.err
    assert_same_ending(run, wanted)


def tidy(run: Path) -> bool:
    """Whether the folder has no temporary file and no generation that does not count."""
    manifest = folder_manifest(run)
    named = {str(one.number) for one in manifest.generations()}
    found = {path.name for path in (run / "generations").iterdir()}
    return found == named and not list(run.glob(".*"))


def test_an_older_run_outlives_a_full_disk(tmp_path: Path) -> None:
    make_data(tmp_path)
    trained(DATA, *SHORT, "--out", "run", cwd=tmp_path)
    before, number, code = ending(tmp_path / "run"), 0, 4
    words = ("train", DATA, *SHORT, "--seed", 1, "--out", "run", "--overwrite")
    while True:
        number += 1
        with watched(once(number, errno.ENOSPC)):
            code = elman_here(*words, cwd=tmp_path).code
        if folder_manifest(tmp_path / "run").results is None or code == 0:
            break  # the new run has taken its place
        assert_same_ending(tmp_path / "run", before)
        assert not list(tmp_path.glob(".*"))
    assert number > 20


# --- the same on real disks, which only a privileged user can mount


def on_a_small_disk(tmp_path: Path, size: str, script: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script in a folder of a disk of its own, mounted for it alone."""
    place = tmp_path / "disk"
    place.mkdir()
    mount = 'mount -t tmpfs -o size="$1" none "$2"'
    probe = ["unshare", "-m", "sh", "-c", mount, "sh", size, str(place)]
    if sys.platform != "linux" or shutil.which("unshare") is None:
        pytest.skip("a disk can be mounted for one process on Linux only, with unshare")
    if subprocess.run(probe, capture_output=True).returncode != 0:
        pytest.skip("this user may not mount a disk")
    program = f'elman() {{ "{sys.executable}" -W error -m elman "$@"; }}'
    whole = f'{mount} && cd "$2" && {program}\n{script}'
    command = ["unshare", "-m", "sh", "-c", whole, "sh", size, str(place), str(tmp_path)]
    return subprocess.run(command, capture_output=True, text=True, env=environment())


def test_no_room_for_a_run(tmp_path: Path) -> None:
    make_data(tmp_path)
    done = on_a_small_disk(
        tmp_path, "16k", 'elman train "$3/reviews.csv" --quiet --out run; echo "code $?"; ls -A'
    )
    assert done.stdout == "code 4\n"
    assert "The run cannot be written: No space left on device." in done.stderr
    assert "make room" in done.stderr


def test_room_runs_out_in_the_midst(tmp_path: Path) -> None:
    """The first generation has room, the second has not."""
    make_data(tmp_path)
    train = 'elman train "$3/reviews.csv" --epochs 1 --hidden-size 32 --quiet --out run'
    done = on_a_small_disk(
        tmp_path,
        "500k",
        f'{train} --hidden-size 48; echo "code $?"; elman predict run "a lovely film" --quiet;'
        ' echo "code $?"; ls -A . run run/generations; mount -o remount,size=20m "$PWD";'
        ' elman resume run --quiet; echo "code $?"; ls -A run',
    )
    lines = done.stdout.splitlines()
    assert lines[0] == "code 4", done
    assert lines[2] == "code 0"
    assert "No space left on device" in done.stderr
    first = lines[lines.index("run/generations:") + 1 :]
    assert first[0] == "0", "the first generation stands, and no other"
    assert first[1].startswith("test part")
    assert "code 0" in first
    assert first[-5:] == [
        "generations",
        "metrics.jsonl",
        "report.html",
        "run.json",
        "training.json",
    ]


@pytest.mark.slow
def test_a_disk_that_may_only_be_read(tmp_path: Path) -> None:
    make_data(tmp_path)
    done = on_a_small_disk(
        tmp_path,
        "20m",
        'elman train "$3/reviews.csv" --epochs 1 --hidden-size 4 --quiet --out run >&2;'
        ' mount -o remount,ro "$PWD"; ls -AR > "$3/before";'
        ' elman train "$3/reviews.csv" --quiet --out other; echo "code $?";'
        ' elman train "$3/reviews.csv" --quiet --out run --overwrite; echo "code $?";'
        ' elman predict run "a lovely film" --quiet > /dev/null; echo "code $?";'
        ' elman evaluate run --quiet > /dev/null; echo "code $?";'
        ' elman resume run --quiet > /dev/null; echo "code $?";'
        ' ls -AR | diff "$3/before" -',
    )
    assert done.stdout.split("\n") == ["code 4", "code 4", "code 0", "code 0", "code 0", ""], done
    assert done.stderr.count("The run cannot be written: Read-only file system.") == 2


def test_a_folder_without_permission(tmp_path: Path) -> None:
    make_data(tmp_path)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    if os.access(closed, os.W_OK):
        pytest.skip("this user may write anywhere")
    answer = elman("train", DATA, *SHORT, "--out", "closed/run", cwd=tmp_path)
    refused(answer, 4, "Permission denied", "closed")


TOO_MUCH: dict[str, Callable[..., object]] = {
    "torch": lambda *options: torch.empty(2**55),
    "python": lambda *options: bytearray(2**62),
}


@pytest.mark.parametrize("error", TOO_MUCH)
def test_no_memory_for_the_data(tmp_path: Path, error: str) -> None:
    make_data(tmp_path)
    words = ("train", DATA, *SHORT, "--out", "run", "--json")
    with mock.patch("elman.training.preparation.load_dataset", side_effect=TOO_MUCH[error]):
        answer = elman_here(*words, cwd=tmp_path)
    assert answer.code == answer.facts()["exit_code"] == 7
    assert "--batch-size" in answer.err
    assert not (tmp_path / "run").exists()


def with_room_for(sequences: int, error: str) -> Any:
    """A machine that has room for so many texts at a time."""
    real = ManyToOneTask.loss

    def loss(
        task: ManyToOneTask, epoch: int, batch: int, carried: Carried, share: Share = WHOLE
    ) -> BatchLoss:
        if len(share.part(range(task.sequences(epoch, batch)))) > sequences:
            TOO_MUCH[error]()
        return real(task, epoch, batch, carried, share)

    return mock.patch.object(ManyToOneTask, "loss", loss)


@pytest.mark.parametrize("error", TOO_MUCH)
def test_no_memory_for_a_single_text(tmp_path: Path, error: str) -> None:
    make_data(tmp_path)
    with with_room_for(0, error):
        answer = elman_here("train", DATA, *SHORT, "--out", "run", "--json", cwd=tmp_path)
    assert answer.code == answer.facts()["exit_code"] == 7
    assert "--hidden-size" in answer.err
    assert "a single sequence" in answer.err
    assert elman_here("resume", "run", cwd=tmp_path).code == 0


def test_where_memory_is_short_a_run_goes_on_in_pieces(tmp_path: Path) -> None:
    make_data(tmp_path)
    words = ("train", DATA, *SHORT, "--dropout", 0, "--quiet", "--out")
    trained(*words[1:], "whole", cwd=tmp_path)
    with with_room_for(10, "torch"):
        answer = elman_here(*words, "run", cwd=tmp_path)
    assert answer.code == 0, answer.err
    told = [line for line in answer.err.splitlines() if "Out of memory" in line]
    assert [f"in {pieces} pieces" in line for pieces, line in zip((2, 4, 8), told, strict=True)]
    assert all(line.startswith("WARNING: ") for line in told)
    whole, run = ending(tmp_path / "whole"), ending(tmp_path / "run")
    assert run["state"].pop("pieces") == 8
    assert whole["state"].pop("pieces") == 1
    for line, other in zip(run["lines"], whole["lines"], strict=True):
        assert line["train_loss"] == pytest.approx(other["train_loss"], rel=1e-5)
        assert line["step"] == other["step"]
