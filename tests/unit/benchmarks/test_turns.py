"""Who takes part, in which order, and what becomes of the times."""

from __future__ import annotations

import time
from itertools import cycle

import pytest

from benchmarks import run
from benchmarks.cases import CASES
from benchmarks.machine import busy_seconds, cores
from benchmarks.measure import measure
from benchmarks.peers.every_peer import PEERS, Peer, contenders
from benchmarks.problem import Contender, Problem
from benchmarks.results import Row
from elman.kernels.engine import EngineStatus
from tests.unit.benchmarks.made_up import SMALL, Turns


class Clock:
    """A clock that stands still but when a contender works."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.turns = Turns()
        monkeypatch.setattr("benchmarks.measure.time.perf_counter", lambda: self.now)
        monkeypatch.setattr("benchmarks.measure.calibration", lambda: 1.0)

    def contender(self, name: str, *seconds: float) -> Contender:
        """Works so long, turn after turn; then as long again."""
        waits = cycle(seconds)
        told = self.turns.contender(name)

        def turn() -> None:
            self.now += next(waits)
            told.turn()

        return Contender(name, turn, told.answers)

    def measure(self, rounds: int, *rivals: Contender) -> Row:
        return measure(SMALL, rounds, (self.turns.peer(*rivals),))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_contenders_take_turns_and_nobody_always_follows_the_same_one(clock: Clock) -> None:
    names = ("elman", "b", "c")
    row = clock.measure(20, *(clock.contender(name, 0.03) for name in names))
    trial, turns = clock.turns.names[:3], clock.turns.names[3:]
    assert trial == ["elman", "b", "c"]
    rounds = [turns[start : start + 3] for start in range(0, 60, 3)]
    assert all(sorted(one) == sorted(names) for one in rounds)
    for name in names:
        before = {turns[place - 1] for place in range(1, 60) if turns[place] == name}
        assert before >= set(names) - {name}
    assert row.milliseconds == dict.fromkeys(names, pytest.approx(30))


def test_what_is_quick_is_done_many_times_in_one_turn(clock: Clock) -> None:
    row = clock.measure(3, clock.contender("elman", 0.0005), clock.contender("b", 0.03))
    assert clock.turns.names.count("elman") == 1 + 3 * 40  # 20 ms of half a millisecond
    assert clock.turns.names.count("b") == 1 + 3
    assert row.milliseconds == {"elman": pytest.approx(0.5), "b": pytest.approx(30)}


def test_the_median_is_told_and_not_the_mean(clock: Clock) -> None:
    row = clock.measure(3, clock.contender("elman", 0.03, 0.03, 0.9, 0.04))
    assert row.milliseconds["elman"] == pytest.approx(40)


@pytest.mark.parametrize(
    ("after", "others", "reason"),
    [
        (1.09, 0.09, None),
        (1.11, 0.0, "speed changed"),
        (0.89, 0.0, "speed changed"),
        (1.0, 0.11, "other processes took 11% of the time"),
    ],
)
def test_a_disturbed_case_is_told(after: float, others: float, reason: str | None) -> None:
    row = Row(SMALL, {"elman": 1.0, "b": 2.0}, (1.0, after), others, {})
    assert (row.disturbance is None) == (reason is None)
    assert (reason or "") in (row.disturbance or "")
    assert ("DISTURBED" in run.row_line(row)) == (reason is not None)


@pytest.mark.parametrize(
    ("taken", "tries", "kept"),
    [([0.0, 0.0], 1, 0.0), ([0.5, 0.09], 2, 0.09), ([0.4, 0.3, 0.5, 0.0], 3, 0.3)],
)
def test_a_disturbed_case_is_measured_again(taken: list[float], tries: int, kept: float) -> None:
    rows = iter([Row(SMALL, {"elman": 1.0}, (1.0, 1.0), share, {}) for share in taken])
    assert run.undisturbed(lambda: next(rows)).taken_by_others == kept
    assert len(list(rows)) == len(taken) - tries


def test_the_time_of_other_processes_is_counted(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    spent = iter([100.0, 100.0 + 0.06 * cores()])
    monkeypatch.setattr("benchmarks.measure.busy_seconds", lambda: next(spent))
    monkeypatch.setattr("benchmarks.measure.time.process_time", lambda: 0.0)
    row = clock.measure(3, clock.contender("elman", 0.05))
    assert row.taken_by_others == pytest.approx(0.06 / 0.2)  # a trial and three rounds


def test_our_own_work_is_not_that_of_others() -> None:
    before, start = busy_seconds(), time.process_time()
    while time.process_time() < start + 0.1:
        pass
    assert busy_seconds() >= before + 0.05  # counted in hundredths of a second


def test_the_best_peer_is_neither_ours_nor_the_limit() -> None:
    times = {"elman": 2.0, "elman padded": 1.0, "torch.mm": 0.1, "JAX": 5.0, "torch padded": 4.0}
    row = Row(SMALL, times, (1.0, 1.0), 0.0, {})
    assert row.best_peer == "torch padded"
    assert row.times_faster_than_best_peer == 2
    assert "2.00 × torch padded" in run.row_line(row)
    assert Row.from_json(row.to_json()) == row


def test_without_a_peer_nothing_is_beaten() -> None:
    row = Row(SMALL, {"elman": 2.0, "elman reset after": 1.0}, (1.0, 1.0), 0.0, {})
    assert row.times_faster_than_best_peer is None
    assert "nobody else" in run.row_line(row)


def test_a_missing_peer_is_announced_and_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    turns = Turns()
    here = turns.peer(turns.contender("elman"))
    absent = Peer("Nobody", ("no_such_package",), here.tasks, here.contenders)
    told = ["Nobody is left out: no_such_package not installed."]
    assert run.announce((here, absent), cases=()) == told
    assert capsys.readouterr().out.splitlines() == told
    assert len(contenders(Problem.of(SMALL), (here, absent))) == 1


@pytest.mark.parametrize("has", [True, False])
def test_bf16_is_announced_and_left_out_where_the_processor_has_none(
    has: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (case,) = run.chosen("bf16 training, lstm")
    status = EngineStatus(True, "", {"avx512_bf16": has})
    monkeypatch.setattr("benchmarks.peers.elman_layers.engine_status", lambda: status)
    reason = f"{case.name} is left out: the processor multiplies no bfloat16."
    assert run.announce(PEERS[:1], (case,)) == ([] if has else [reason])
    assert (reason in capsys.readouterr().out) is not has


def test_cases_are_chosen_by_a_part_of_their_name() -> None:
    assert run.chosen("") == CASES
    assert [case.name for case in run.chosen("inference, gru, 8x100")] == [
        "inference, gru, 8×100×64×64"
    ]
    assert {case.task for case in run.chosen("training*256")} == {"training", "bf16 training"}
    assert run.chosen("nothing of the kind") == ()


def test_no_two_cases_have_one_name() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 40
