"""Times our layers beside torch.nn's: one training step and one prediction, one thread.

The rivals take turns in one process, so that a busy moment of the machine hits them all; a fixed
matrix product timed before and after shows whether the machine changed meanwhile. Outputs are
compared first: no time is reported for an answer that differs.

Run with scripts/bench; the table is also written to benchmarks/results/layers.json.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import elman

RESULTS = Path(__file__).parent / "results" / "layers.json"
Run = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Case:
    """One layer and one batch: [T, B, I] with lengths drawn from shortest to T."""

    kind: str
    steps: int
    batch: int
    inputs: int
    hidden: int
    shortest: int

    def lengths(self) -> Tensor:
        """Lengths spread evenly, so that the longest is T."""
        return torch.linspace(self.shortest, self.steps, self.batch).round().long()


CASES = [
    Case("LSTM", steps=20, batch=32, inputs=64, hidden=128, shortest=20),
    Case("LSTM", steps=20, batch=32, inputs=64, hidden=128, shortest=2),
    Case("GRU", steps=20, batch=32, inputs=64, hidden=128, shortest=2),
    Case("RNN", steps=20, batch=32, inputs=64, hidden=128, shortest=2),
    Case("LSTM", steps=100, batch=16, inputs=128, hidden=256, shortest=5),
    Case("LSTM", steps=100, batch=1, inputs=128, hidden=256, shortest=100),
    Case("LSTM", steps=100, batch=32, inputs=256, hidden=256, shortest=100),
    Case("GRU", steps=100, batch=32, inputs=256, hidden=256, shortest=100),
    Case("LSTM", steps=1000, batch=32, inputs=128, hidden=128, shortest=100),
    Case("GRU", steps=1000, batch=32, inputs=128, hidden=128, shortest=100),
]
FEW_ROUNDS = 3
"""Of cases this long, one round of which takes many seconds on packed batches."""


def rivals(case: Case) -> dict[str, tuple[nn.Module, Run]]:
    """Our layer, torch.nn on the padded batch, and torch.nn on the packed one; same weights."""
    lengths = case.lengths()
    theirs = getattr(nn, case.kind)(case.inputs, case.hidden)
    ours = getattr(elman, case.kind)(case.inputs, case.hidden)
    ours.load_state_dict(theirs.state_dict())

    def packed(batch: Tensor) -> Tensor:
        output, _ = theirs(pack_padded_sequence(batch, lengths, enforce_sorted=False))
        return pad_packed_sequence(output, total_length=case.steps)[0]

    return {
        "elman": (ours, lambda batch: ours(batch, lengths=lengths)[0]),
        "torch padded": (theirs, lambda batch: theirs(batch)[0]),
        "torch packed": (theirs, packed),
    }


def training_step(model: nn.Module, run: Run, batch: Tensor) -> None:
    """Forward and backward, to the weights and to the input."""
    model.zero_grad()
    run(batch.detach().requires_grad_()).sum().backward()


def prediction(_: nn.Module, run: Run, batch: Tensor) -> None:
    """Forward without gradients."""
    with torch.inference_mode():
        run(batch)


def milliseconds(task: Callable[[], object]) -> float:
    """The wall time of one call."""
    start = time.perf_counter()
    task()
    return 1000 * (time.perf_counter() - start)


def measure(case: Case, rounds: int) -> dict[str, dict[str, float]]:
    """Medians in milliseconds: what is done, by whom."""
    batch = torch.randn(case.steps, case.batch, case.inputs)
    contenders = rivals(case)
    torch.testing.assert_close(
        contenders["elman"][1](batch), contenders["torch packed"][1](batch), atol=1e-5, rtol=1e-5
    )
    medians = {}
    for task in (training_step, prediction):
        times: dict[str, list[float]] = {name: [] for name in contenders}
        for _ in range(rounds + 2):
            for name, (model, run) in contenders.items():
                times[name].append(milliseconds(partial(task, model, run, batch)))
        medians[task.__name__] = {
            name: round(statistics.median(values[2:]), 3) for name, values in times.items()
        }
    return medians


def calibration() -> float:
    """Milliseconds of a fixed matrix product: a change means that the machine changed."""
    matrix = torch.ones(512, 512)
    return round(
        statistics.median(milliseconds(partial(torch.mm, matrix, matrix)) for _ in range(50)), 3
    )


def machine() -> dict[str, str]:
    """What the numbers were measured on, and which commit."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"],  # noqa: S607 (git is found on the path)
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.split(": ")[1] for line in lines if line.startswith("model name")]
    processor = names[0] if names else platform.machine()
    return {"processor": processor, "torch": torch.__version__, "threads": "1", "commit": commit}


def main() -> None:
    """Measure every case, print the table, write the JSON."""
    parser = argparse.ArgumentParser(description="Our layers beside torch.nn's, one thread.")
    parser.add_argument("--rounds", type=int, default=15, help="timed turns of each rival")
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    torch.manual_seed(0)
    before = calibration()
    rows = []
    print(f"{'case':34} {'task':14} {'elman':>9} {'padded':>9} {'packed':>9}   milliseconds")
    for case in CASES:
        medians = measure(case, FEW_ROUNDS if case.steps >= 1000 else rounds)
        rows.append({"case": asdict(case), "milliseconds": medians})
        lengths = f"{case.shortest}..{case.steps}"
        name = f"{case.kind} {lengths} B{case.batch} I{case.inputs} H{case.hidden}"
        for task, times in medians.items():
            print(f"{name:34} {task:14}", *(f"{value:9.2f}" for value in times.values()))
    calibrations = [before, calibration()]
    report = {"machine": machine(), "calibration_milliseconds": calibrations, "rows": rows}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(f"calibration before and after: {calibrations} ms; written to {RESULTS}")


if __name__ == "__main__":
    main()
