"""Stuck gates and dead units, and advice that quotes the number that caused it."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import elman
from elman.insight.advice import advice
from elman.insight.health import DeadUnits, Saturation, dead_units, saturation
from elman.insight.jacobians import StateJacobians, state_jacobians
from elman.insight.optimisation import Optimisation, _told
from elman.insight.pictures.health import _optimised
from elman.insight.pictures.kinds import Lines
from elman.insight.place import Place
from elman.insight.recording import record
from elman.insight.truncation import Truncation

PLACE = Place(0, False)


def run_of(**changes: Any) -> Optimisation:
    usual: dict[str, Any] = {
        "updates": (10, 20), "norms": (4.0, 2.5), "clipped": (0.9, 0.2), "clip": "norm",
        "clip_at": 3.0, "window": 0,
    }  # fmt: skip
    return Optimisation(**usual | changes)


def test_saturated_shares_are_counted_gate_by_gate() -> None:
    layer = elman.LSTM(2, 4)
    for name in ("weight_ih_l0", "weight_hh_l0", "bias_hh_l0"):
        torch.nn.init.zeros_(layer.get_parameter(name))
    i, f, g, o = [-9.0, -9.0, -9.0, 0.0], [9.0, 9.0, 0.0, 0.0], [9.0] * 4, [0.0] * 4
    layer.get_parameter("bias_ih_l0").data.copy_(torch.tensor([*i, *f, *g, *o]))
    found = saturation(record(lambda: layer(torch.randn(3, 2))))
    assert [one.gate for one in found] == ["i", "f", "o"]
    assert [one.low.tolist() for one in found] == [[0.75] * 3, [0.0] * 3, [0.0] * 3]
    assert [one.high.tolist() for one in found] == [[0.0] * 3, [0.5] * 3, [0.0] * 3]
    assert [one.share for one in found] == [0.75, 0.5, 0.0]


def test_a_simple_network_s_state_saturates_at_both_ends_of_tanh() -> None:
    layer = elman.RNN(1, 4, bias=False)
    torch.nn.init.zeros_(layer.get_parameter("weight_hh_l0"))
    layer.get_parameter("weight_ih_l0").data.copy_(torch.tensor([[9.0], [-9.0], [0.1], [0.0]]))
    (found,) = saturation(record(lambda: layer(torch.ones(2, 1))))
    assert (found.gate, found.low.tolist(), found.high.tolist()) == ("h", [0.25] * 2, [0.25] * 2)


def test_functions_without_ends_do_not_saturate() -> None:
    layer = elman.RNN(2, 3, nonlinearity="relu")
    assert saturation(record(lambda: layer(torch.randn(3, 2)))) == ()
    assert dead_units(record(lambda: elman.GRU(2, 3)(torch.randn(3, 2)))) == ()


def jacobians_of(kind: type, scale: float, steps: int = 25) -> tuple[StateJacobians, ...]:
    torch.manual_seed(0)
    options = {"nonlinearity": "identity"} if kind is elman.RNN else {}
    layer = kind(2, 4, **options)
    weight = layer.get_parameter("weight_hh_l0")
    weight.data.copy_(scale * torch.eye(4).repeat(len(weight) // 4, 1))
    return state_jacobians(lambda: layer(torch.zeros(steps, 2)))


def test_a_vanishing_gradient_is_told_with_its_number_and_a_cure() -> None:
    (sentence,) = advice(jacobians_of(elman.RNN, 0.5), (), (), None, None)
    assert "layer 0 the gradient by the state at lag 20 is 1.91 × 10⁻⁶ of that at lag 1" in sentence
    assert "it vanishes; try an LSTM or a GRU, or orthogonal recurrent weights." in sentence


def test_an_exploding_gradient_is_told() -> None:
    (sentence,) = advice(jacobians_of(elman.RNN, 2.0), (), (), None, None)
    assert "at lag 20 is 524,288 of that at lag 1: it explodes; clip its norm" in sentence


def test_an_lstm_that_forgets_is_sent_to_its_forget_bias() -> None:
    (sentence,) = advice(jacobians_of(elman.LSTM, 0.1), (), (), None, None)
    assert "try a forget bias of 1 or more" in sentence


def test_the_other_pieces_of_advice_quote_their_numbers() -> None:
    stuck = Saturation(PLACE, "i", torch.full((4,), 0.72), torch.zeros(4))
    windows = torch.tensor([1, 2, 4, 8])
    dropped = torch.tensor([0.9, 0.6, 0.25, 0.0])
    cut = Truncation(windows, dropped, dropped, 1 - dropped)
    found = advice(
        (), (stuck,), (DeadUnits(PLACE, 5, 8),), cut, run_of(window=5, clipped=(0.1, 0.8))
    )
    assert len(found) == 4
    assert "72.0% of the input gate is within 5 % of an end" in found[0]
    assert "5 of 8 relu units were 0 at every step" in found[1]
    assert "older than 4 steps the gradient is off by 25.0%" in found[2]
    assert "80.0% of the updates were clipped, their mean norm being 2.5 beside 3" in found[3]


@pytest.mark.parametrize("kind", [elman.RNN, elman.GRU])
def test_where_nothing_is_wrong_nothing_is_advised(kind: type) -> None:
    scale = 1.0 if kind is elman.RNN else 3.0
    quiet = Saturation(PLACE, "f", torch.ones(4), torch.zeros(4))
    found = advice(jacobians_of(kind, scale), (quiet,), (DeadUnits(PLACE, 1, 8),), None, run_of())
    assert found == ()


def test_what_clipping_left_is_what_the_run_wrote_down() -> None:
    """The mean of the norms left, which may be less than the mean norm cut at the threshold."""
    line = {"step": 10, "gradient_norm": 3.0, "clipped_share": 0.5, "gradient_norm_left": 1.5}
    found = _told([{**line, "step": 5, "gradient_norm_left": None}, line], {"clip_at": 2.0})
    assert found.left == (None, 1.5)
    chart, _ = _optimised(found)
    assert isinstance(chart, Lines)
    assert [(one.name, one.points) for one in chart.series] == [
        ("before clipping", [(5, 3.0), (10, 3.0)]),
        ("after clipping", [(10, 1.5)]),
    ]
    chart, _ = _optimised(run_of())
    assert isinstance(chart, Lines)
    assert [one.name for one in chart.series] == ["before clipping"]
