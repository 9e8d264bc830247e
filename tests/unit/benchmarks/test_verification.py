"""No time without a green contract and equal answers."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

from benchmarks import run
from benchmarks.measure import measure
from benchmarks.problem import Contender
from benchmarks.verify import Refused, contract_tests
from tests.unit.benchmarks.made_up import SMALL, Turns

WRONG = {
    "off": torch.tensor([1, 1, 1.001]),
    "not a number": torch.tensor([1, 1, torch.nan]),
    "of another shape": torch.ones(3, 1),
}


def red(folder: Path) -> str:
    (folder / "test_red.py").write_text("def test_red() -> None:\n    assert 1 == 2\n")
    return str(folder)


@pytest.mark.parametrize("answer", WRONG.values(), ids=WRONG)
def test_a_wrong_answer_is_refused_before_anybody_has_a_turn(answer: Tensor) -> None:
    turns = Turns()
    peer = turns.peer(turns.contender("elman"), turns.contender("wrong", answer))
    with pytest.raises(Refused, match=r"The output of wrong .* Nothing is timed"):
        measure(SMALL, 3, (peer,))
    assert turns.names == []


def test_an_answer_that_is_missing_is_refused() -> None:
    turns = Turns()
    silent = Contender("silent", turns.names.clear, dict)
    with pytest.raises(Refused, match="Not both elman and silent give: output"):
        measure(SMALL, 3, (turns.peer(turns.contender("elman"), silent),))


def test_gradients_are_held_to_a_share_of_their_magnitude() -> None:
    def contender(name: str, error: float) -> Contender:
        gradient = torch.tensor([0.0, 1000.0 + error])
        return Contender(name, lambda: None, lambda: {"gradient of batch": gradient})

    turns = Turns()
    row = measure(SMALL, 1, (turns.peer(contender("elman", 0), contender("near", 0.001)),))
    assert 0 < row.largest_difference["near"] < 2e-6
    with pytest.raises(Refused, match="gradient of batch of far"):
        measure(SMALL, 1, (turns.peer(contender("elman", 0), contender("far", 0.1)),))


def test_on_a_red_contract_nothing_is_measured(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="contract tests are red, so nothing is timed") as refusal:
        run.run((SMALL,), 1, memory=False, contract=red(tmp_path))
    assert "test_red" in str(refusal.value)


def test_a_green_contract_passes(tmp_path: Path) -> None:
    (tmp_path / "test_green.py").write_text("def test_green() -> None:\n    pass\n")
    contract_tests(str(tmp_path))


def test_the_command_says_why_and_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise Refused("The contract tests are red.")

    monkeypatch.setattr(run, "run", refuse)
    monkeypatch.setattr(run, "keep_to", lambda _: None)
    monkeypatch.setattr("benchmarks.results.RESULTS", tmp_path)
    monkeypatch.setattr(sys, "argv", ["run.py"])
    with pytest.raises(SystemExit) as stop:
        run.main()
    assert stop.value.code == "The contract tests are red."  # printed; the exit code is 1
    assert list(tmp_path.iterdir()) == []
