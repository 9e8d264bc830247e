"""What is seen: help at once, plain lines or a live bar, nothing but results with --quiet."""

from __future__ import annotations

import os
import pty
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from elman.cli.verbs import VERBS, Verb
from tests.e2e.conftest import Trained
from tests.e2e.program import COMMAND, elman, elman_here, environment
from tests.e2e.samples import TINY, labelled, write

LIMIT = 0.5  # seconds


def median_seconds(*command: str, times: int = 3) -> float:
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True, env=environment())
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def test_help_comes_within_half_a_second() -> None:
    """The program's own share of the time, where the machine is too busy for Typer alone."""
    command = [word for word in COMMAND if word not in ("-W", "error")]
    busy = max(1.0, median_seconds(sys.executable, "-c", "import typer.rich_utils") / 0.2)
    assert median_seconds(*command, "--help") < LIMIT * busy
    for verb in VERBS:
        assert median_seconds(*command, verb, "--help", times=1) < 2 * LIMIT * busy


@pytest.mark.parametrize("verb", VERBS)
def test_the_list_of_verbs_has_the_first_line_of_the_help_of_each(verb: str) -> None:
    assert Verb(verb).load().help.splitlines()[0] == VERBS[verb]


@pytest.mark.parametrize("words", [("--help",), *((verb, "--help") for verb in VERBS)])
def test_help_needs_no_torch(words: tuple[str, ...]) -> None:
    code = (
        "import sys; sys.argv[1:] = sys.argv[1:]\n"
        "from elman.cli import main\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert end.code == 0\n"
        "heavy = {'torch', 'numpy', 'pyarrow', 'safetensors'} & set(sys.modules)\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout


def test_train_help_has_every_option_with_its_values_and_default() -> None:
    shown = elman("train", "--help", cwd=Path.cwd()).out
    for words in ("--hidden-size", "rnn|lstm|gru", "adamw|sgd", "50000", "--no-bidirectional",
                  "--config", "--json", "--quiet", "--seed"):  # fmt: skip
        assert words in shown, words


def test_quiet_prints_results_only(tmp_path: Path) -> None:
    write(tmp_path / "reviews.csv", labelled())
    answer = elman_here("train", "reviews.csv", *TINY, "--quiet", cwd=tmp_path)
    assert (answer.code, answer.err) == (0, "")
    assert re.search(r"this model +0\.\d{4}", answer.out)
    assert "majority class" in answer.out
    assert answer.lines()[-1] == "report: runs/reviews/report.html"
    for words in (("evaluate", "runs/reviews"), ("predict", "runs/reviews", "film"),
                  ("resume", "runs/reviews")):  # fmt: skip
        again = elman_here(*words, "--quiet", cwd=tmp_path)
        assert (again.code, again.err) == (0, "")
        assert again.out


def test_plain_lines_where_there_is_no_terminal(reviews_run: Trained) -> None:
    lines = reviews_run.answer.err.splitlines()
    assert lines[0].startswith("data: reviews.csv, many to one: column 'label'")
    assert any(line.startswith("split: 48 train, 6 validation, 6 test") for line in lines)
    assert sum(line.startswith("epoch ") for line in lines) == 2
    assert "\x1b" not in reviews_run.answer.err
    assert "\r" not in reviews_run.answer.err


def test_a_live_bar_on_a_terminal(tmp_path: Path) -> None:
    write(tmp_path / "reviews.csv", labelled())
    master, slave = pty.openpty()
    env = environment() | {"TERM": "xterm-256color"}
    del env["NO_COLOR"]
    words = ("train", "reviews.csv", *TINY, "--epochs", 40, "--patience", 0)
    with subprocess.Popen(
        [*COMMAND, *map(str, words)],
        cwd=tmp_path, env=env, stdin=slave, stdout=slave, stderr=slave,
    ) as process:  # fmt: skip
        os.close(slave)
        shown = b""
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:  # the terminal is gone when the last that held it has ended
                break
            if not piece:
                break
            shown += piece
    os.close(master)
    text = shown.decode()
    assert process.returncode == 0, text
    assert "Traceback" not in text
    bare = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    assert re.search(r"[\d,]+/[\d,]+ +[\d,]+ steps/s +loss \d\.\d{4} +gradient", bare), bare[-2000:]
    assert "report: runs/reviews/report.html" in bare


def test_doctor_says_what_computes(tmp_path: Path) -> None:
    facts = elman_here("doctor", "--json", cwd=tmp_path).facts()
    assert facts["elman"]
    assert facts["libraries"]["torch"]
    assert "reference" in facts["kernels"]
    shown = elman_here("doctor", cwd=tmp_path).out
    assert "CPU engine" in shown


def test_an_error_is_json_too(tmp_path: Path) -> None:
    answer = elman_here("train", "nothing.csv", "--json", cwd=tmp_path)
    facts = answer.facts()
    assert facts["exit_code"] == answer.code == 3
    assert facts["error"] == "DataError"
    assert all(facts[key] for key in ("what", "where", "expected", "next"))


def test_debug_shows_the_traceback_that_is_otherwise_kept_back(tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "train", "nothing.csv", "--debug"],
        cwd=tmp_path, env=environment(), capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 3
    assert "Traceback" in done.stderr


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_letters_that_the_terminal_lacks_are_escaped(
    reviews_run: Trained, tmp_path: Path, encoding: str
) -> None:
    done = subprocess.run(
        [*COMMAND, "predict", str(reviews_run.run), "नाम"],
        cwd=tmp_path, env=environment() | {"PYTHONIOENCODING": encoding}, capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert rb"\u0928" in done.stdout
