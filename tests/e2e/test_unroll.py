"""`elman unroll` as a user types it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.program import elman, elman_here, entries, refused


def test_it_prints_all_equations_and_the_check(tmp_path: Path) -> None:
    answer = elman("unroll", cwd=tmp_path)
    assert answer.code == 0, answer.err
    assert answer.err == ""
    assert "31 parameters" in answer.out
    assert "a_1 = W x_1 + b + R h_0" in answer.out
    assert "∂h_2 = Rᵀ ∂a_3" in answer.out
    assert "the gradients are those of autograd" in " ".join(answer.out.split())
    assert max(map(len, answer.lines())) <= 100


def test_numbers_for_programs(tmp_path: Path) -> None:
    options = ("--input", "1,0,0,0,0 0,1,0,0,0", "--target", 0.5, "--json")
    facts = elman_here("unroll", "lstm", *options, cwd=tmp_path).facts()
    assert facts["parameters"] == 112
    assert facts["inputs"] == [[1, 0, 0, 0, 0], [0, 1, 0, 0, 0]]
    assert facts["loss"] == pytest.approx((facts["output"] - 0.5) ** 2 / 2)
    assert elman_here("unroll", "lstm", *options, cwd=tmp_path).facts() == facts


def test_a_page_is_written_and_an_older_one_replaced(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("old")
    answer = elman_here("unroll", "gru", "--out", "page.html", cwd=tmp_path)
    assert answer.lines()[-1] == "page: page.html"
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "85 parameters" in page
    assert "elman unroll gru --steps 3 --seed 0 --target 1 --out page.html" in page
    assert entries(tmp_path) == ["page.html"]
    quiet = elman_here("unroll", "gru", "--out", "page.html", "--quiet", cwd=tmp_path)
    assert quiet.lines() == ["page: page.html"]


def test_quiet_prints_the_result(tmp_path: Path) -> None:
    assert elman_here("unroll", "--quiet", cwd=tmp_path).lines() == [
        "output 0.170607, loss 0.343947"
    ]


def test_what_makes_no_sense_is_refused(tmp_path: Path) -> None:
    refused(elman_here("unroll", "--input", "1,2", cwd=tmp_path), 2, "Step 1 of the input is 1, 2.")
    refused(elman_here("unroll", "--steps", 99, cwd=tmp_path), 2, "1 to 20")
    assert elman_here("unroll", "transformer", cwd=tmp_path).code == 2
    answer = elman_here("unroll", "--out", "nowhere/page.html", cwd=tmp_path)
    refused(answer, 4, "No such file or directory", "nowhere/page.html")
    (tmp_path / "folder").mkdir()
    refused(elman_here("unroll", "--out", "folder", cwd=tmp_path), 4, "Is a directory")
    assert entries(tmp_path) == ["folder"]
