"""`elman counts` as a user types it."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.conftest import Trained
from tests.e2e.program import elman_here, refused
from tests.e2e.samples import labelled, write


def test_a_cell_is_counted_by_formula(tmp_path: Path) -> None:
    answer = elman_here("counts", "lstm", "--input-size", 5, "--hidden-size", 3, cwd=tmp_path)
    assert answer.code == 0, answer.err
    assert "4(dh + h² + 2h), d = 5, h = 3" in answer.out
    assert "all parameters" in answer.out
    assert max(map(len, answer.lines())) <= 100
    quiet = elman_here("counts", "gru", "--bidirectional", "--quiet", cwd=tmp_path)
    assert quiet.lines() == [str(2 * 3 * (64 * 128 + 128**2 + 2 * 128))]
    huge = elman_here("counts", "rnn", "--hidden-size", 10**7, "--quiet", cwd=tmp_path)
    assert huge.lines() == [str(10**7 * (64 + 10**7 + 2))]  # no such layer is made


def test_a_run_s_model_is_counted(reviews_run: Trained, tmp_path: Path) -> None:
    facts = elman_here("counts", reviews_run.run, "--json", cwd=tmp_path).facts()
    layers = sum(
        block["count"] for _, every in facts["layers"] for one in every for block in one["blocks"]
    )
    assert facts["parameters"] == layers + sum(number for *_, number in facts["others"])
    assert {name for name, *_ in facts["others"]} >= {"embedding.weight", "output.weight"}
    assert "embedding.weight" in elman_here("counts", reviews_run.run, cwd=tmp_path).out


def test_padding_is_told_for_the_user_s_own_lengths(tmp_path: Path) -> None:
    path = write(tmp_path / "reviews.csv", labelled(40))
    answer = elman_here("counts", "rnn", "--data", path, cwd=tmp_path)
    assert "reviews.csv: " in answer.out
    assert "Elman's layers compute none." in " ".join(answer.out.split())
    facts = elman_here("counts", "rnn", "--data", path, "--json", cwd=tmp_path).facts()["padding"]
    assert 0 <= facts["bucketed"] <= facts["fixed"] < 1


def test_what_is_neither_cell_nor_run_is_refused(tmp_path: Path) -> None:
    refused(elman_here("counts", "nowhere", cwd=tmp_path), 4, "nowhere")
