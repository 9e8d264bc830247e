"""The figures that are promised are computed as the promise says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from statistics import geometric_mean

import pytest

from benchmarks.cases import LARGE, Case
from benchmarks.results import Results, Row
from benchmarks.summary import Finding, findings, geometric_means
from tests.unit.benchmarks.made_up import results


def figures(measured: Results) -> dict[str, Finding]:
    return {one.what: one for one in findings(measured, one_thread=True)}


def of_row(measured: Results, task: str, cell: str, sizes: str = "") -> Row:
    return next(
        row
        for row in measured.rows
        if (row.case.task, row.case.cell) == (task, cell) and row.case.sizes.startswith(sizes)
    )


def test_far_ahead_every_promise_is_met() -> None:
    verdicts = {one.verdict for one in findings(results(100), one_thread=True)}
    assert verdicts == {"met"}


def test_far_behind_all_fall_short_but_memory() -> None:
    short = [one for one in findings(results(0.1), one_thread=True) if one.verdict != "met"]
    assert {one.verdict for one in short} == {"falls short"}
    assert len(short) == len(figures(results(0.1))) - 2


def test_what_was_not_measured_is_not_met() -> None:
    nothing = Results({}, [], [], [])
    assert {one.verdict for one in findings(nothing, one_thread=True)} == {"not measured"}
    without_onnx = results(100)
    for row in without_onnx.rows:
        row.milliseconds.pop("ONNX Runtime", None)
    missing = [one.what for one in figures(without_onnx).values() if one.verdict != "met"]
    assert missing
    assert all("ONNX Runtime" in what for what in missing)


def test_one_slow_row_shows_in_the_least_and_in_the_mean() -> None:
    measured = results(6)
    of_row(measured, "training", "rnn", "8×").milliseconds["torch padded"] = 10.0 * 3
    found = figures(measured)
    assert found["GRU and RNN training against torch.nn, 8×100×64×64"].figure == pytest.approx(3)
    assert found["GRU and RNN training against torch.nn, 8×100×64×64"].verdict == "falls short"
    mean = found["GRU and RNN training against torch.nn, geometric mean"].figure
    assert mean == pytest.approx(geometric_mean([3, *[6] * 7]))
    assert geometric_means(measured)["RNN and GRU training, beside `torch.nn`"] == mean


def test_inference_is_set_beside_the_faster_of_two() -> None:
    measured = results(2)
    row = of_row(measured, "inference", "lstm", "32×100×256")
    row.milliseconds["ONNX Runtime"] = 10.0 * 0.5
    what = "inference against the faster of torch.nn and ONNX Runtime, slowest"
    assert figures(measured)[what].figure == pytest.approx(0.5)
    row.milliseconds["JAX"] = 1.0  # no part of that promise
    assert figures(measured)[what].figure == pytest.approx(0.5)


def test_share_of_the_limit_is_operations_over_operations() -> None:
    case = Case("training", "lstm", *LARGE)
    assert case.training_operations() == 3 * 2 * 3200 * 4 * 256 * (256 + 256)
    measured = results(1)
    share = figures(measured)[
        "share of torch.mm's rate, training, H >= 256 and B >= 32, slowest cell"
    ]
    slowest = Case("training", "rnn", *LARGE).training_operations() / (2 * 2048**3)
    assert share.figure == pytest.approx(slowest)


def test_ragged_time_is_held_to_the_share_of_real_steps() -> None:
    measured = results(1)
    case = of_row(measured, "ragged training", "lstm").case
    assert case.lengths()[0] == 100
    assert case.lengths()[-1] == 1000
    assert case.share_of_real_steps() == pytest.approx(0.55, abs=0.001)
    what = "ragged time over our padded time × share of real steps, slower of LSTM and GRU"
    assert figures(measured)[what].figure == pytest.approx(1 / case.share_of_real_steps())


def test_reset_before_is_held_to_our_other_gru() -> None:
    measured = results(2)
    of_row(measured, "training", "gru_reset_before").milliseconds["elman reset after"] = 10 / 1.3
    slow = [one for one in figures(measured).values() if "resets before" in one.what]
    assert [one.figure for one in slow] == [pytest.approx(1.3)]
    assert slow[0].verdict == "falls short"


def test_all_threads_have_one_promise() -> None:
    (one,) = findings(results(3), one_thread=False)
    assert one.figure == pytest.approx(3)
    assert one.verdict == "falls short"


def test_a_result_file_holds_what_was_measured(tmp_path: Path) -> None:
    measured = replace(results(2), left_out=["JAX is left out: jax not installed."])
    file = tmp_path / "results" / "cpu.json"
    measured.write(file, [one.to_json() for one in findings(measured, one_thread=True)])
    assert Results.read(file) == measured
    assert '"verdict": "falls short"' in file.read_text(encoding="utf-8")
