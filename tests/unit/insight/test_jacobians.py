"""The product of the Jacobians is the derivative of the last state by an earlier one."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

import elman
from elman.errors import UsageError
from elman.insight.jacobians import state_jacobians
from tests.layer_kinds import every_layer, make_layer, parts, whole

STEPS, WIDTH, UNITS = 5, 3, 4


def last_by_earlier(layer: Any, x: Tensor, lag: int) -> Tensor:
    """∂s_T/∂s_(T - lag) by autograd, for one sequence."""
    start = parts(layer(x[: len(x) - lag])[1])
    widths = [part.shape[-1] for part in start]

    def go_on(flat: Tensor) -> Tensor:
        state = whole([part[None] for part in flat.split(widths)])
        rest = x[len(x) - lag :]
        return torch.cat([part.flatten() for part in parts(layer(rest, state)[1])])

    flat = torch.cat([part.detach().flatten() for part in start])
    return torch.autograd.functional.jacobian(go_on, flat)  # type: ignore[no-any-return]


@every_layer
def test_the_product_is_the_derivative_over_several_steps(name: str) -> None:
    torch.manual_seed(0)
    layer = make_layer(name, WIDTH, UNITS, dtype=torch.float64)
    x = torch.randn(STEPS, WIDTH, dtype=torch.float64)
    (found,) = state_jacobians(lambda: layer(x))
    assert found.lags.tolist() == [0, 1, 2, 3, 4]
    for lag, singular in zip(found.lags.tolist(), found.singular, strict=True):
        wanted = torch.linalg.svdvals(last_by_earlier(layer, x, lag))
        torch.testing.assert_close(singular, wanted, atol=1e-12, rtol=1e-9)
    assert found.factor == pytest.approx(float(found.norms[-1]) ** 0.25)
    assert (found.bound is None) == (layer.cell.kind != "rnn" or layer.cell.norm != "none")
    assert (found.highway is None) == (layer.cell.kind == "rnn")


def test_a_direction_from_the_end_ends_at_the_first_step() -> None:
    torch.manual_seed(0)
    both = elman.GRU(WIDTH, UNITS, bidirectional=True, dtype=torch.float64)
    alone = elman.GRU(WIDTH, UNITS, dtype=torch.float64)
    for name, weight in alone.named_parameters():
        weight.data.copy_(both.get_parameter(f"{name}_reverse").data)
    x = torch.randn(STEPS, WIDTH, dtype=torch.float64)
    _, found = state_jacobians(lambda: both(x))
    (wanted,) = state_jacobians(lambda: alone(x.flip(0)))
    assert found.place.reverse
    torch.testing.assert_close(found.singular, wanted.singular)


def test_the_bound_holds_and_a_linear_network_with_a_scaled_rotation_meets_it() -> None:
    layer = elman.RNN(WIDTH, UNITS, nonlinearity="identity", dtype=torch.float64)
    turn, _ = torch.linalg.qr(torch.randn(UNITS, UNITS, dtype=torch.float64))
    layer.get_parameter("weight_hh_l0").data.copy_(0.9 * turn)
    (found,) = state_jacobians(lambda: layer(torch.randn(STEPS, WIDTH, dtype=torch.float64)))
    assert found.bound is not None
    torch.testing.assert_close(found.norms, 0.9 ** found.lags.double())
    torch.testing.assert_close(found.bound, found.norms)
    assert found.factor == pytest.approx(0.9)


def test_without_recurrent_weights_all_of_an_lstm_s_memory_is_the_highway() -> None:
    layer = elman.LSTM(WIDTH, UNITS, forget_bias=2.0, dtype=torch.float64)
    layer.get_parameter("weight_hh_l0").data.zero_()
    x = torch.randn(STEPS, WIDTH, dtype=torch.float64)
    (found,) = state_jacobians(lambda: layer(x))
    f = layer.trace(x).layers[0][0]["f"][:, 0]
    assert found.highway is not None
    for lag, units in zip(found.lags.tolist(), found.highway.units, strict=True):
        torch.testing.assert_close(units, f[STEPS - lag :].prod(0))
    torch.testing.assert_close(found.highway.past, found.highway.whole)
    torch.testing.assert_close(found.highway.through, torch.zeros(5).double())
    assert (found.highway.part, found.highway.gate) == ("c", "f")


def test_a_gru_s_two_ways_add_up_at_one_step() -> None:
    layer = elman.GRU(WIDTH, UNITS, dtype=torch.float64)
    x = torch.randn(2, WIDTH, dtype=torch.float64)
    (found,) = state_jacobians(lambda: layer(x))
    z = layer.trace(x).layers[0][0]["z"][1, 0]
    rest = last_by_earlier(layer, x, 1) - torch.diag(z)
    assert found.highway is not None
    torch.testing.assert_close(found.highway.through[1], torch.linalg.matrix_norm(rest, 2))


def test_a_long_input_is_looked_at_in_places() -> None:
    layer = elman.RNN(WIDTH, UNITS)
    (found,) = state_jacobians(lambda: layer(torch.randn(200, WIDTH)))
    assert len(found.lags) == len(found.singular) == 32
    assert found.lags[0] == 0
    assert found.lags[-1] == 199


def test_several_sequences_at_once_are_refused() -> None:
    layer = elman.RNN(WIDTH, UNITS)
    with pytest.raises(UsageError, match="Jacobians are of one input"):
        state_jacobians(lambda: layer(torch.randn(STEPS, 2, WIDTH)))
