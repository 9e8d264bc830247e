"""Times our layers beside torch.nn, ONNX Runtime and JAX, on one core or on several.

The contract tests run first. Then each case has a process of its own: the contenders' answers are
compared, and they take turns, so that a busy moment of the machine hits them all. One wrong answer,
and nothing is reported. Run it with scripts/bench.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict
from fnmatch import fnmatch
from functools import partial

from benchmarks.cases import CASES, MEMORY, Case
from benchmarks.machine import cores, description, keep_to
from benchmarks.peers.elman_layers import why_left_out
from benchmarks.peers.every_peer import PEERS, Peer
from benchmarks.results import Memory, Results, Row, result_file
from benchmarks.summary import findings
from benchmarks.verify import CONTRACT, Refused, contract_tests

_TRIES = 3


def announce(peers: tuple[Peer, ...] = PEERS, cases: tuple[Case, ...] = CASES) -> list[str]:
    """Say what will be left out and why, and return it."""
    reasons = [reason for peer in peers if (reason := peer.missing())]
    reasons += [
        f"{case.name} is left out: {reason}." for case in cases if (reason := why_left_out(case))
    ]
    for reason in reasons:
        print(reason, flush=True)
    return reasons


def chosen(pattern: str) -> tuple[Case, ...]:
    """The cases whose name has the pattern somewhere in it; x stands for × as well."""
    wanted = f"*{pattern.replace('x', '[x×]')}*"
    return tuple(case for case in CASES if fnmatch(case.name, wanted))


def row_line(row: Row) -> str:
    """A row for people."""
    times = "  ".join(f"{name} {value:.4g}" for name, value in row.milliseconds.items())
    warning = f"  DISTURBED: {row.disturbance}" if row.disturbance else ""
    ratio = row.times_faster_than_best_peer
    beside = "nobody else" if ratio is None else f"{ratio:.2f} × {row.best_peer}"
    return f"{row.case.name:45} {beside:22} ms: {times}{warning}"


def _child(module: str, *arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 (our own modules)
        [sys.executable, "-m", f"benchmarks.{module}", *arguments],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Refused(f"benchmarks.{module} ended with {done.returncode}; the reason stands above.")
    return done.stdout.splitlines()[-1]


def undisturbed(measure: Callable[[], Row]) -> Row:
    """The first row that nothing disturbed; after a few tries the least disturbed."""
    rows: list[Row] = []
    while len(rows) < _TRIES and (not rows or rows[-1].disturbance):
        rows.append(measure())
        print(row_line(rows[-1]), flush=True)
    return min(rows, key=lambda row: (row.disturbance is not None, row.taken_by_others))


def _as_json(case: Case) -> str:
    return json.dumps(asdict(case))


def _measured(case: Case, rounds: int) -> Row:
    written = _child("measure", _as_json(case), "--rounds", str(rounds))
    return Row.from_json(json.loads(written))


def run(cases: tuple[Case, ...], rounds: int, *, memory: bool, contract: str = CONTRACT) -> Results:
    """Verify, then measure.

    Raises:
        Refused: a test is red, or a contender gives a wrong answer.
    """
    machine, left_out = description(), announce(cases=cases)
    contract_tests(contract)
    rows = []
    for case in cases:
        if why_left_out(case) is None:
            rows.append(undisturbed(partial(_measured, case, rounds)))
    peaks = []
    for case, peer in MEMORY if memory else ():
        peaks.append(Memory(case, peer, json.loads(_child("memory", peer, _as_json(case)))))
        print(f"peak memory, {case.name}, {peer}: {peaks[-1].mebibytes} MiB", flush=True)
    return Results(machine, left_out, rows, peaks)


def _whole(text: str) -> int:
    """A number of the command line."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no whole number of 1 or more")
    return int(text)


def _threads(text: str) -> int:
    """How many cores are asked for; all of them by name."""
    threads = cores() if text == "all" else _whole(text)
    if threads > cores():
        raise argparse.ArgumentTypeError(f"there are {cores()} cores, not {threads}")
    return threads


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/bench", description="Our layers and their peers."
    )
    parser.add_argument("--threads", type=_threads, default=1, help="N or all; 1 if left out")
    parser.add_argument("--rounds", type=_whole, default=15, help="turns of each contender; 15")
    parser.add_argument(
        "--only",
        type=chosen,
        metavar="PATTERN",
        help="cases with this in their printed name (* stands for anything); no file is written",
    )
    arguments = parser.parse_args()
    if arguments.only == ():
        parser.error("--only: there is no such case")
    return arguments


def main() -> None:
    """Measure, print the table and the summary, and write the result file."""
    arguments = _arguments()
    whole, threads, all_cores = arguments.only is None, arguments.threads, cores()
    keep_to(threads)
    try:
        results = run(CASES if whole else arguments.only, arguments.rounds, memory=whole)
    except Refused as refusal:
        sys.exit(str(refusal))
    summary = findings(results, one_thread=threads == 1)
    told = [one.line() for one in summary if whole or one.figure is not None]
    print("", *told, "", sep="\n")
    for row in results.rows:
        if row.disturbance:
            print(f"Disturbed each time: {row.case.name}: {row.disturbance}")
    if whole:
        file = result_file(threads, all_cores)
        results.write(file, [finding.to_json() for finding in summary])
        print(f"Written to {file}. Renew README.md: .venv/bin/python -m tests.docs.generated")


if __name__ == "__main__":
    main()
