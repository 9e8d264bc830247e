"""A run that was stopped at any place, and resumed, ends as the one that never stopped."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from elman.training.shapes.contract import Rivals
from elman.training.shapes.many_to_one.shape import MANY_TO_ONE
from elman.training.share import WHOLE, Share
from elman.training.task import BatchLoss
from tests.e2e.program import elman_here, entries, finished, refused, start, trained
from tests.e2e.samples import labelled, story, write
from tests.e2e.stopping import (
    OPTIONS,
    assert_readable,
    assert_same_ending,
    ending,
    folder_manifest,
    interrupted_after,
    make_data,
)

DATA = ["reviews.csv", "story.txt"]
SHORT, LONG, LONGEST = 2, 25, 80  # epochs

Reference = Callable[[str, int], dict[str, Any]]


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """The ending of a run that nobody stopped, by its data and its number of epochs."""
    home = tmp_path_factory.mktemp("reference")
    make_data(home)
    endings: dict[tuple[str, int], dict[str, Any]] = {}

    def ending_of(data: str, epochs: int) -> dict[str, Any]:
        if (data, epochs) not in endings:
            out = home / f"{data}-{epochs}"
            trained(data, *OPTIONS[data], "--epochs", epochs, "--out", out, cwd=home)
            endings[data, epochs] = ending(out)
        return endings[data, epochs]

    return ending_of


@pytest.fixture
def home(tmp_path: Path) -> Path:
    make_data(tmp_path)
    return tmp_path


def train_words(data: str, epochs: int, *more: object) -> tuple[object, ...]:
    return ("train", data, *OPTIONS[data], "--epochs", epochs, "--out", "run", *more)


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("updates", [1, 2, 5, 11, 12, 13, 23])
def test_ctrl_c_after_any_update(home: Path, data: str, updates: int, reference: Reference) -> None:
    answer = interrupted_after(updates, *train_words(data, SHORT), cwd=home)
    assert answer.code == 130, answer.err
    assert f"Stopped after update {updates}; a checkpoint has been written." in answer.err
    assert "next: elman resume run" in answer.err
    assert assert_readable(home / "run") == updates
    assert elman_here("resume", "run", cwd=home).code == 0
    assert_same_ending(home / "run", reference(data, SHORT))


@pytest.mark.parametrize("data", DATA)
def test_ctrl_c_after_every_second_update(home: Path, data: str, reference: Reference) -> None:
    answer = interrupted_after(2, *train_words(data, SHORT), cwd=home)
    stops = 0
    while answer.code == 130:
        stops += 1
        assert stops < 100
        answer = interrupted_after(2, "resume", "run", cwd=home)
    assert answer.code == 0
    assert stops > 8
    assert_same_ending(home / "run", reference(data, SHORT))


@pytest.mark.parametrize("data", DATA)
def test_ctrl_c_while_it_is_evaluated(home: Path, data: str, reference: Reference) -> None:
    """Between the last update of an epoch and its line in metrics.jsonl."""
    from elman.training import loop

    real, calls = loop.evaluate, 0

    def evaluate(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return real(*arguments)

    with mock.patch.object(loop, "evaluate", evaluate):
        answer = elman_here(*train_words(data, SHORT), cwd=home)
    assert answer.code == 130
    assert len(folder_manifest(home / "run").best.files) == 3
    assert elman_here("resume", "run", cwd=home).code == 0
    assert_same_ending(home / "run", reference(data, SHORT))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stop_while_baselines_are_trained_is_met_at_once(
    home: Path, number: int, code: int, reference: Reference
) -> None:
    def endless(task: object) -> Rivals:
        os.kill(os.getpid(), number)
        time.sleep(60)
        return {}

    begin = time.monotonic()
    shape = replace(MANY_TO_ONE, rivals=endless)
    with mock.patch("elman.training.results.shape_of", return_value=shape):
        answer = elman_here(*train_words("reviews.csv", SHORT), cwd=home)
    assert answer.code == code
    assert time.monotonic() - begin < 30  # and not the minute that it would take
    assert elman_here("resume", "run", cwd=home).code == 0
    assert_same_ending(home / "run", reference("reviews.csv", SHORT))


def test_a_stop_while_data_is_read_leaves_nothing(home: Path) -> None:
    def endless(options: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(60)

    before = entries(home)
    with mock.patch("elman.training.preparation.load_dataset", endless):
        answer = elman_here(*train_words("reviews.csv", SHORT), cwd=home)
    assert answer.code == 143
    assert "nothing has been written" in answer.err
    assert entries(home) == before


def progress_of(process: subprocess.Popen[bytes], run: Path) -> None:
    """Wait until a run folder changes: the program is at work."""
    before = saved(run)
    while saved(run) == before and process.poll() is None:
        time.sleep(0.002)


def saved(run: Path) -> int:
    path = run / "run.json"
    return path.stat().st_mtime_ns if path.exists() else 0


@pytest.mark.parametrize(
    ("data", "number", "code"),
    [("reviews.csv", signal.SIGTERM, 143), ("story.txt", signal.SIGINT, 130)],
)
def test_signals_stop_a_process_soon(
    home: Path, data: str, number: int, code: int, reference: Reference
) -> None:
    process = start(*train_words(data, LONG, "--checkpoint-seconds", 0), cwd=home)
    for _ in range(3):  # the run folder, and the first updates
        progress_of(process, home / "run")
    begin = time.monotonic()
    process.send_signal(number)
    answer = finished(process)
    assert answer.code == code, answer.err
    assert time.monotonic() - begin < 5
    assert assert_readable(home / "run") >= 1
    assert elman_here("resume", "run", cwd=home).code == 0
    assert_same_ending(home / "run", reference(data, LONG))


def test_two_interrupts_at_once(home: Path, reference: Reference) -> None:
    process = start(*train_words("reviews.csv", LONG, "--checkpoint-seconds", 0), cwd=home)
    progress_of(process, home / "run")
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    assert finished(process).code == 130
    assert_readable(home / "run")
    assert elman_here("resume", "run", cwd=home).code == 0
    assert_same_ending(home / "run", reference("reviews.csv", LONG))


def kill_and_resume(home: Path, data: str, epochs: int, kills: int, seed: int) -> list[int]:
    """Kill a run at random moments and resume it each time; the updates saved at each kill.

    Every checkpoint follows every update, so that many kills fall into the writing of one.
    """
    draw, run, steps = random.Random(seed), home / "run", [0]  # noqa: S311
    for kill in range(kills):
        words = ("resume", "run")
        if not run.exists():
            words = train_words(data, epochs, "--checkpoint-seconds", 0)  # type: ignore[assignment]
        process = start(*words, cwd=home)
        if kill % 5 == 4:  # at any moment, its start included
            time.sleep(draw.uniform(0, 1.5))
        else:
            progress_of(process, run)
            time.sleep(draw.uniform(0, 0.2))
        process.kill()
        _, err = process.communicate()
        assert process.returncode == -signal.SIGKILL, err.decode()
        if run.exists():
            steps.append(assert_readable(run))
    assert steps == sorted(steps)
    return steps


def assert_killed_well(
    home: Path, data: str, epochs: int, kills: int, reference: Reference
) -> None:
    steps = kill_and_resume(home, data, epochs, kills, seed=kills)
    print(f"{data}: updates saved at each of {kills} kills: {steps}")
    assert steps[-1] > 0
    answer = elman_here("resume", "run", cwd=home)
    assert answer.code == 0, answer.err
    assert_same_ending(home / "run", reference(data, epochs))


@pytest.mark.slow
@pytest.mark.parametrize("data", DATA)
def test_killed_twenty_times(home: Path, data: str, reference: Reference) -> None:
    assert_killed_well(home, data, LONGEST, 20, reference)


def test_changed_data_is_refused(home: Path, reference: Reference) -> None:
    interrupted_after(5, *train_words("reviews.csv", SHORT), cwd=home)
    whole = (home / "reviews.csv").read_bytes()
    (home / "reviews.csv").write_bytes(whole + b"one more,pos\n")
    before = {name: saved(home / "run") for name in entries(home)}
    refused(elman_here("resume", "run", cwd=home), 3, "reviews.csv", "SHA-256", "--data")
    refused(elman_here("evaluate", "run", cwd=home), 3, "reviews.csv", "SHA-256")
    assert {name: saved(home / "run") for name in entries(home)} == before
    assert elman_here("predict", "run", "a film", cwd=home).code == 0
    (home / "reviews.csv").write_bytes(whole)
    assert elman_here("resume", "run", cwd=home).code == 0
    assert_same_ending(home / "run", reference("reviews.csv", SHORT))


def test_moved_data_is_found_with_data(home: Path, reference: Reference) -> None:
    interrupted_after(5, *train_words("story.txt", SHORT), cwd=home)
    (home / "story.txt").rename(home / "tale.txt")
    refused(elman_here("resume", "run", cwd=home), 3, "story.txt")
    other = story(home / "other.txt", first=3)
    refused(elman_here("resume", "run", "--data", other, cwd=home), 3, "other.txt", "SHA-256")
    answer = elman_here("resume", "run", "--data", "tale.txt", cwd=home)
    assert answer.code == 0, answer.err
    assert_same_ending(home / "run", reference("story.txt", SHORT))


def test_a_moved_run_is_resumed(home: Path, reference: Reference) -> None:
    interrupted_after(5, *train_words("reviews.csv", SHORT), cwd=home)
    (home / "deep" / "down").mkdir(parents=True)
    (home / "run").rename(home / "deep" / "down" / "run")
    assert elman_here("resume", "down/run", cwd=home / "deep").code == 0
    assert_same_ending(home / "deep" / "down" / "run", reference("reviews.csv", SHORT))


def test_resuming_a_finished_run_says_its_results_again(home: Path) -> None:
    first = trained("reviews.csv", *OPTIONS["reviews.csv"], "--epochs", 2, cwd=home)
    before = {path: path.stat().st_mtime_ns for path in (home / "runs").rglob("*")}
    again = elman_here("resume", "runs/reviews", "--json", cwd=home)
    assert again.facts() == first.facts()
    assert {path: path.stat().st_mtime_ns for path in (home / "runs").rglob("*")} == before


def test_the_given_files_of_all_parts_are_watched(home: Path) -> None:
    for name, first in [("valid.csv", 1), ("test.csv", 2)]:
        write(home / name, labelled(10, first))
    files = ("--validation", "valid.csv", "--test", "test.csv")
    interrupted_after(5, *train_words("reviews.csv", SHORT, *files), cwd=home)
    write(home / "test.csv", labelled(11, 2))
    refused(elman_here("resume", "run", cwd=home), 3, "SHA-256")
    write(home / "test.csv", labelled(10, 2))
    assert elman_here("resume", "run", cwd=home).code == 0


def test_a_loss_that_turns_nan_keeps_the_checkpoint(home: Path, reference: Reference) -> None:
    from elman.training.shapes.many_to_one.task import ManyToOneTask

    real, calls = ManyToOneTask.loss, 0

    def loss(
        task: ManyToOneTask, epoch: int, batch: int, carried: Any, share: Share = WHOLE
    ) -> BatchLoss:
        nonlocal calls
        calls += share == WHOLE
        outcome = real(task, epoch, batch, carried, share)
        return outcome if calls < 15 else BatchLoss(outcome.mean * float("nan"), 4, 9)

    with mock.patch.object(ManyToOneTask, "loss", loss):
        answer = elman_here(*train_words("reviews.csv", SHORT), cwd=home)
    refused(answer, 6, "epoch 2, batch 3", "reviews.csv, rows", "weights were not touched")
    assert assert_readable(home / "run") == 12
    assert elman_here("resume", "run", cwd=home).code == 0
    assert_same_ending(home / "run", reference("reviews.csv", SHORT))


def test_with_other_threads_it_goes_on_and_says_what_is_lost(
    home: Path, reference: Reference
) -> None:
    interrupted_after(5, *train_words("reviews.csv", SHORT), cwd=home)
    shutil.copytree(home / "run", home / "same")
    answer = elman_here("resume", "run", "--threads", 2, "--quiet", cwd=home)
    assert answer.code == 0, answer.err
    assert answer.err.startswith("WARNING: The run goes on with 2 threads instead of 1 thread.")
    assert "no longer equal, bit for bit" in answer.err
    same = elman_here("resume", "same", "--threads", 1, "--quiet", cwd=home)
    assert same.err == ""
    assert_same_ending(home / "same", reference("reviews.csv", SHORT))
