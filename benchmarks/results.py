"""What was measured, as it stands in the result files."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from benchmarks.cases import Case

RESULTS = Path(__file__).parent / "results"
DISTURBED = 0.10
LIMIT = "torch.mm"
LIMIT_SIZE = 2048
"""Rows and columns of the product whose rate stands for what the machine can do."""


def result_file(threads: int, cores: int) -> Path:
    """Where the results go."""
    name = (
        "1-thread" if threads == 1 else "all-threads" if threads == cores else f"{threads}-threads"
    )
    return RESULTS / f"cpu-{name}.json"


@dataclass(frozen=True)
class Row:
    """The times of one case.

    Attributes:
        case: the case.
        milliseconds: of one turn of each contender, the median over the rounds.
        calibration_milliseconds: of a fixed matrix product, before and after.
        taken_by_others: the share of our cores' time that other processes had meanwhile.
        largest_difference: between each contender's answers and ours, verified before.
    """

    case: Case
    milliseconds: dict[str, float]
    calibration_milliseconds: tuple[float, float]
    taken_by_others: float
    largest_difference: dict[str, float]

    @property
    def disturbance(self) -> str | None:
        """Why the times may be wrong: the machine changed, or it was not ours alone."""
        before, after = self.calibration_milliseconds
        if abs(after / before - 1) > DISTURBED:
            return f"the machine's speed changed ({before:.2f} ms, then {after:.2f} ms)"
        if self.taken_by_others > DISTURBED:
            return f"other processes took {self.taken_by_others:.0%} of the time"
        return None

    @property
    def best_peer(self) -> str | None:
        """The quickest of the others; None where nobody else was there."""
        peers = [name for name in self.milliseconds if name != LIMIT and "elman" not in name]
        return min(peers, key=self.milliseconds.__getitem__, default=None)

    @property
    def times_faster_than_best_peer(self) -> float | None:
        """How often we do the task while the best peer does it once."""
        return None if self.best_peer is None else self.times_faster(self.best_peer)

    def times_faster(self, than: str) -> float:
        """How often we do the task while another does it once."""
        return self.milliseconds[than] / self.milliseconds[self.case.ours]

    def to_json(self) -> dict[str, Any]:
        """With what is computed from the times."""
        return {
            **asdict(self),
            "disturbance": self.disturbance,
            "best_peer": self.best_peer,
            "times_faster_than_best_peer": self.times_faster_than_best_peer,
        }

    @classmethod
    def from_json(cls, written: dict[str, Any]) -> Self:
        """The row that `to_json` wrote."""
        before, after = written["calibration_milliseconds"]
        return cls(
            Case(**written["case"]),
            written["milliseconds"],
            (before, after),
            written["taken_by_others"],
            written["largest_difference"],
        )


@dataclass(frozen=True)
class Memory:
    """How far one training step of a peer drives up the memory of a process."""

    case: Case
    peer: str
    mebibytes: float


@dataclass(frozen=True)
class Results:
    """One result file.

    Attributes:
        machine: what it was measured on.
        left_out: what was not measured, and why, a sentence each.
        rows: the times.
        memory: the peaks.
    """

    machine: dict[str, str]
    left_out: list[str]
    rows: list[Row]
    memory: list[Memory]

    def write(self, file: Path, summary: list[dict[str, Any]]) -> None:
        """Write the file, with the summary of it."""
        file.parent.mkdir(exist_ok=True)
        written = {
            "machine": self.machine,
            "left_out": self.left_out,
            "summary": summary,
            "rows": [row.to_json() for row in self.rows],
            "memory": [asdict(one) for one in self.memory],
        }
        file.write_text(json.dumps(written, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read what `write` wrote."""
        written = json.loads(file.read_text(encoding="utf-8"))
        memory = [Memory(**one | {"case": Case(**one["case"])}) for one in written["memory"]]
        rows = [Row.from_json(row) for row in written["rows"]]
        return cls(written["machine"], written["left_out"], rows, memory)
