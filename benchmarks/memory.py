"""How far one training step drives up the memory of a process, in a process of its own.

Started by benchmarks/run.py, once a peer and case.
"""

from __future__ import annotations

import argparse
import json
import re
from dataclasses import replace
from pathlib import Path

import torch

from benchmarks.cases import Case
from benchmarks.machine import cores
from benchmarks.peers.every_peer import PEERS
from benchmarks.problem import Problem

_SMALL = 2
"""Steps of the batch that loads everything which only the first call needs."""


def peak_growth(case: Case, peer_name: str) -> float:
    """MiB between the state just before and the peak during one training step."""
    (peer,) = [peer for peer in PEERS if peer.name == peer_name]
    peer.contenders(Problem.of(replace(case, steps=_SMALL)))[0].turn()
    contender = peer.contenders(Problem.of(case))[0]
    # The peak so far is forgotten. getrusage would tell that of the process that started this one.
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    before = _status("VmHWM")
    contender.turn()
    return (_status("VmHWM") - before) / 1024


def _status(field: str) -> int:
    """A field of this process's status, in KiB; VmHWM is the peak of what is resident."""
    text = Path("/proc/self/status").read_text(encoding="utf-8")
    (found,) = re.findall(rf"^{field}:\s+(\d+) kB$", text, re.MULTILINE)
    return int(found)


def main() -> None:
    """Measure the peer and case of the command line, and print MiB as JSON."""
    parser = argparse.ArgumentParser(description="Measure one peer's memory in one case.")
    parser.add_argument("peer")
    parser.add_argument("case", help="as JSON")
    arguments = parser.parse_args()
    torch.set_num_threads(cores())
    growth = peak_growth(Case(**json.loads(arguments.case)), arguments.peer)
    print(json.dumps(round(growth, 1)))


if __name__ == "__main__":
    main()
