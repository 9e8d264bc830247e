"""One case in a process of its own: equal answers first, then the contenders take turns.

Started by benchmarks/run.py, once a case, so that no library's threads or memory reach the next.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import statistics
import sys
import time
from random import Random

import torch

from benchmarks.cases import Case
from benchmarks.machine import busy_seconds, calibration, cores
from benchmarks.peers.every_peer import PEERS, Peer, contenders
from benchmarks.problem import Contender, Problem
from benchmarks.results import Row
from benchmarks.verify import Refused, compare

_SHORTEST_TURN = 0.02
"""Seconds: what takes less is done several times in one turn."""


def measure(case: Case, rounds: int, peers: tuple[Peer, ...] = PEERS) -> Row:
    """The medians of a case, in milliseconds.

    Raises:
        Refused: the contenders do not agree.
    """
    rivals = contenders(Problem.of(case), peers)
    with torch.inference_mode(not case.learns):
        differences = compare(rivals)
        before = calibration()
        start, others = time.perf_counter(), _seconds_of_others()
        milliseconds = _take_turns(rivals, case.rounds(rounds))
        taken = (_seconds_of_others() - others) / (time.perf_counter() - start) / cores()
    calibrations = (round(before, 4), round(calibration(), 4))
    return Row(case, milliseconds, calibrations, round(taken, 3), differences)


def _seconds_of_others() -> float:
    return busy_seconds() - time.process_time()


def _take_turns(rivals: list[Contender], rounds: int) -> dict[str, float]:
    """Each round has an order of its own, drawn, so that nobody always follows the same one."""
    repeats = {
        rival.name: math.ceil(_SHORTEST_TURN / max(_seconds(rival, 1), 1e-9)) for rival in rivals
    }
    times: dict[str, list[float]] = {rival.name: [] for rival in rivals}
    gc.disable()
    for number in range(rounds):
        gc.collect()
        for rival in Random(number).sample(rivals, len(rivals)):  # noqa: S311 (no secret)
            times[rival.name].append(1000 * _seconds(rival, repeats[rival.name]))
    gc.enable()
    return {name: round(statistics.median(found), 5) for name, found in times.items()}


def _seconds(rival: Contender, repeats: int) -> float:
    """The mean wall time of some turns in a row."""
    start = time.perf_counter()
    for _ in range(repeats):
        rival.turn()
    return (time.perf_counter() - start) / repeats


def main() -> None:
    """Measure the case that the command line gives as JSON, and print the row as JSON."""
    parser = argparse.ArgumentParser(description="Measure one case, given as JSON.")
    parser.add_argument("case")
    parser.add_argument("--rounds", type=int, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(cores())
    case = Case(**json.loads(arguments.case))
    try:
        print(json.dumps(measure(case, arguments.rounds).to_json()))
    except Refused as refusal:
        sys.exit(f"{case.name}: {refusal}")


if __name__ == "__main__":
    main()
