"""How weights begin: each scheme as its paper has it, and what it is refused for."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

import elman
from elman.errors import ConfigurationError
from tests.layer_kinds import every_layer, make_layer

KINDS = [elman.RNN, elman.LSTM, elman.GRU]
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
NORMS = {
    "norm_ih": 1,
    "norm_hh": 1,
    "norm_c": 1,
    "norm_sum": 1,
    "norm_c_bias": 0,
    "norm_sum_bias": 0,
}


def weights_of(layer: Any, name: str) -> list[Tensor]:
    """Of all layers and directions."""
    found = [w.detach() for key, w in layer.named_parameters() if key.startswith(name + "_l")]
    assert found
    return found


def assert_uniform(weight: Tensor, bound: float) -> None:
    assert float(weight.abs().max()) <= bound
    assert float(weight.abs().max()) > 0.9 * bound
    assert abs(float(weight.mean())) < 0.1 * bound
    assert float(weight.std()) == pytest.approx(bound / math.sqrt(3), rel=0.1)


@every_layer
def test_torch_s_own_is_uniform_between_roots_of_the_width(name: str) -> None:
    torch.manual_seed(0)
    layer = make_layer(name, 9, 36, num_layers=2, bidirectional=True)
    bound = 1 / 6
    for key, weight in layer.named_parameters():
        if key.startswith("norm"):
            continue
        assert float(weight.detach().abs().max()) <= bound
        if weight.numel() > 1000:
            assert_uniform(weight.detach(), bound)


@every_layer
def test_norms_begin_as_no_change(name: str) -> None:
    inits: list[dict[str, Any]] = [{"init": "torch"}, {"init": "keras"}]
    for options in inits:
        for key, weight in make_layer(name, 3, 4, num_layers=2, **options).named_parameters():
            field = key.rsplit("_l", 1)[0]
            if field.startswith("norm"):
                assert weight.unique().tolist() == [NORMS[field]]


@every_kind
def test_keras_is_glorot_orthogonal_and_a_forget_bias_of_one(kind: Any) -> None:
    torch.manual_seed(0)
    layer = kind(20, 40, num_layers=2, bidirectional=True, init="keras")
    gates = layer.cell.gates
    for number, weight in enumerate(weights_of(layer, "weight_ih")):
        width = 20 if number < 2 else 80
        assert_uniform(weight, math.sqrt(6 / (width + gates * 40)))
    for weight in weights_of(layer, "weight_hh"):
        assert torch.allclose(weight.T @ weight, torch.eye(40), atol=1e-5)
    forget = torch.zeros(gates * 40)
    if kind is elman.LSTM:
        forget[40:80] = 1
    pairs = zip(weights_of(layer, "bias_ih"), weights_of(layer, "bias_hh"), strict=True)
    assert all(torch.equal(one + other, forget) for one, other in pairs)


def test_keras_with_a_projection_peepholes_and_no_biases() -> None:
    layer = elman.LSTM(20, 40, proj_size=10, peephole=True, bias=False, init="keras")
    (hh,), (hr,) = weights_of(layer, "weight_hh"), weights_of(layer, "weight_hr")
    assert torch.allclose(hh.T @ hh, torch.eye(10), atol=1e-5)
    assert_uniform(hr, math.sqrt(6 / 50))
    assert not weights_of(layer, "peephole")[0].any()


def test_identity_is_that_of_le_jaitly_and_hinton() -> None:
    torch.manual_seed(0)
    layer = elman.RNN(30, 40, 2, "relu", bidirectional=True, init="identity")
    assert all(torch.equal(weight, torch.eye(40)) for weight in weights_of(layer, "weight_hh"))
    for weight in weights_of(layer, "weight_ih"):
        assert float(weight.std()) == pytest.approx(0.001, rel=0.1)
        assert abs(float(weight.mean())) < 1e-4
    assert not any(weight.any() for weight in layer.parameters() if weight.dim() == 1)


@pytest.mark.parametrize("coupled", [False, True])
def test_chrono_of_an_lstm(coupled: bool) -> None:
    torch.manual_seed(0)
    layer = elman.LSTM(
        3, 400, num_layers=2, coupled=coupled, peephole=True, init="chrono", t_max=100
    )
    for bias in weights_of(layer, "bias_ih"):
        i, f, g, o = bias.chunk(4)
        assert torch.equal(i, -f)
        assert not g.any()
        assert not o.any()
        times = f.exp()
        assert 1 <= float(times.min()) < 2
        assert 97 < float(times.max()) <= 99.001
        assert float(times.mean()) == pytest.approx(50, rel=0.1)
    assert not any(bias.any() for bias in weights_of(layer, "bias_hh"))
    assert not any(weight.any() for weight in weights_of(layer, "peephole"))
    assert_uniform(weights_of(layer, "weight_ih")[0], 1 / 20)
    assert_uniform(weights_of(layer, "weight_hh")[1], 1 / 20)


@pytest.mark.parametrize("reset_after", [False, True])
def test_chrono_of_a_gru_is_on_the_gate_that_keeps_the_state(reset_after: bool) -> None:
    layer = elman.GRU(3, 400, reset_after=reset_after, init="chrono", t_max=50.5)
    (bias,) = weights_of(layer, "bias_ih")
    r, z, n = bias.chunk(3)
    assert not r.any()
    assert not n.any()
    assert 1 <= float(z.exp().min()) < 2
    assert 47 < float(z.exp().max()) <= 49.51
    given = torch.rand(1, 400)
    with torch.no_grad():
        layer.get_parameter("weight_ih_l0").zero_()
        layer.get_parameter("weight_hh_l0").zero_()
        _, h = layer(torch.zeros(1, 3), given)
    assert torch.allclose(h, given * torch.sigmoid(z))


def test_the_forget_bias_is_what_both_biases_add_up_to() -> None:
    for init in ("torch", "keras"):
        layer = elman.LSTM(3, 4, 2, bidirectional=True, forget_bias=2.5, init=init)
        biases = zip(weights_of(layer, "bias_ih"), weights_of(layer, "bias_hh"), strict=True)
        for one, two in biases:
            assert (one + two)[4:8].tolist() == [2.5] * 4
    torch.manual_seed(0)
    plain = elman.LSTM(3, 4).state_dict()
    torch.manual_seed(0)
    other = elman.LSTM(3, 4, forget_bias=0).state_dict()
    for key, bias in other.items():
        if key.startswith("bias"):
            assert not bias[4:8].any()
            assert torch.equal(bias[:4], plain[key][:4])
            assert torch.equal(bias[8:], plain[key][8:])
        else:
            assert torch.equal(bias, plain[key])


@every_kind
def test_reset_parameters_draws_anew_as_the_layer_began(kind: Any) -> None:
    layer = kind(3, 4, init="keras", initial_state="learned")
    torch.manual_seed(7)
    layer.reset_parameters()
    first = [weight.detach().clone() for weight in layer.parameters()]
    with torch.no_grad():
        for weight in layer.parameters():
            weight.fill_(9)
    torch.manual_seed(7)
    layer.reset_parameters()
    pairs = zip(first, layer.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)


REFUSED: list[tuple[Any, dict[str, Any], str, str]] = [
    (elman.RNN, {"init": "xavier"}, "init = 'xavier'", "'torch' or 'keras' or 'identity'"),
    (elman.RNN, {"init": "identity"}, "init = 'identity'", "nonlinearity='relu'"),
    (elman.GRU, {"init": "identity"}, "init = 'identity'", "nonlinearity='relu'"),
    (elman.RNN, {"init": "chrono", "t_max": 9}, "init = 'chrono'", "an LSTM or a GRU"),
    (elman.LSTM, {"init": "chrono", "t_max": 9, "bias": False}, "init = 'chrono'", "with biases"),
    (elman.GRU, {"init": "chrono", "t_max": 9, "norm": "dreamer"}, "init = 'chrono'", "Dreamer"),
    (elman.LSTM, {"init": "chrono"}, "t_max = None", "t_max with init='chrono'"),
    (elman.LSTM, {"t_max": 9}, "init = 'torch', t_max = 9", "and only there"),
    (elman.LSTM, {"init": "chrono", "t_max": 2}, "t_max = 2", "above 2"),
    (elman.LSTM, {"init": "chrono", "t_max": "9"}, "t_max = '9'", "above 2"),
    (elman.LSTM, {"init": "chrono", "t_max": math.inf}, "t_max = inf", "above 2"),
    (elman.GRU, {"forget_bias": 1.0}, "forget_bias = 1.0", "an LSTM, which has a forget gate"),
    (elman.RNN, {"forget_bias": 1.0}, "forget_bias = 1.0", "an LSTM, which has a forget gate"),
    (elman.LSTM, {"forget_bias": "1"}, "forget_bias = '1'", "a number, or None"),
    (elman.LSTM, {"forget_bias": math.nan}, "forget_bias = nan", "a number, or None"),
    (elman.LSTM, {"forget_bias": True}, "forget_bias = True", "a number, or None"),
    (elman.LSTM, {"forget_bias": 1.0, "bias": False}, "forget_bias = 1.0", "bias=False"),
    (elman.LSTM, {"forget_bias": 1.0, "coupled": True}, "forget_bias = 1.0", "coupled=True"),
    (elman.LSTM, {"forget_bias": 1.0, "init": "chrono", "t_max": 9}, "forget_bias = 1.0",
     "init='chrono'"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "options", "where", "expected"), REFUSED, ids=str)
def test_what_cannot_begin_so(
    kind: Any, options: dict[str, Any], where: str, expected: str
) -> None:
    with pytest.raises(ConfigurationError, match="cannot begin so") as caught:
        kind(3, 4, **options)
    assert where in caught.value.where
    assert expected in caught.value.expected
