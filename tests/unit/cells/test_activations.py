"""The functions of the cells: their formulas, their numbers, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, get_args

import pytest
import torch

from elman.cells.activations import Activation, ActivationName, activation, shortest
from elman.errors import ConfigurationError

# Each once more, for one number at a time.
FORMULAS: dict[str, Callable[[float, float, float], float]] = {
    "tanh": lambda a, alpha, beta: math.tanh(a),
    "sigmoid": lambda a, alpha, beta: 1 / (1 + math.exp(-a)),
    "relu": lambda a, alpha, beta: max(0.0, a),
    "leaky_relu": lambda a, alpha, beta: a if a >= 0 else alpha * a,
    "thresholded_relu": lambda a, alpha, beta: a if a > alpha else 0.0,
    "scaled_tanh": lambda a, alpha, beta: alpha * math.tanh(beta * a),
    "hard_sigmoid": lambda a, alpha, beta: min(max(alpha * a + beta, 0.0), 1.0),
    "elu": lambda a, alpha, beta: a if a >= 0 else alpha * (math.exp(a) - 1),
    "softsign": lambda a, alpha, beta: a / (1 + abs(a)),
    "softplus": lambda a, alpha, beta: math.log(1 + math.exp(a)),
    "affine": lambda a, alpha, beta: alpha * a + beta,
    "identity": lambda a, alpha, beta: a,
}
USUAL = {
    "leaky_relu": (0.01, None), "thresholded_relu": (1.0, None), "scaled_tanh": (1.0, 1.0),
    "hard_sigmoid": (0.2, 0.5), "elu": (1.0, None), "affine": (1.0, 0.0),
}  # fmt: skip
POINTS = torch.tensor([-30.0, -2.5, -0.5, -1e-9, 0.0, 1e-9, 0.5, 2.5, 30.0], dtype=torch.float64)

every_name = pytest.mark.parametrize("name", get_args(ActivationName))


def other_numbers(name: ActivationName) -> Activation:
    """The function with numbers that are not the usual ones, where it has some."""
    usual = Activation(name)
    return Activation(
        name,
        None if usual.alpha is None else usual.alpha * 0.75,
        None if usual.beta is None else usual.beta - 0.25,
    )


def test_the_names_are_onnx_s_eleven_and_the_identity() -> None:
    assert set(get_args(ActivationName)) == set(FORMULAS)
    assert len(FORMULAS) == 12


@every_name
def test_the_usual_numbers_are_onnx_s(name: ActivationName) -> None:
    found = Activation(name)
    assert (found.alpha, found.beta) == USUAL.get(name, (None, None))


@every_name
def test_each_function_is_its_formula(name: ActivationName) -> None:
    for function in (Activation(name), other_numbers(name)):
        alpha, beta = function.alpha or 0.0, function.beta or 0.0
        expected = [FORMULAS[name](float(a), alpha, beta) for a in POINTS]
        found = function(POINTS)
        assert found.dtype == torch.float64
        assert torch.allclose(found, torch.tensor(expected, dtype=torch.float64), 1e-14, 1e-15)


@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
@every_name
def test_each_function_has_gradients_once_twice_and_forward(name: ActivationName) -> None:
    # Away from the kinks, where a difference quotient is no derivative.
    a = torch.tensor([-4.0, -1.3, -0.2, 0.3, 1.7, 4.5], dtype=torch.float64, requires_grad=True)
    function = other_numbers(name)
    assert torch.autograd.gradcheck(function, a, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(function, a)


@every_name
def test_no_number_stays_no_number(name: ActivationName) -> None:
    assert bool(Activation(name)(torch.tensor([torch.nan])).isnan())


@every_name
def test_values_and_slopes_far_out_are_finite(name: ActivationName) -> None:
    a = torch.tensor([-800.0, 0.0, 800.0], requires_grad=True)
    value = other_numbers(name)(a)
    (slope,) = torch.autograd.grad(value.sum(), a)
    assert bool(value.isfinite().all())
    assert bool(slope.isfinite().all())


def test_softplus_has_its_slope_at_zero_too() -> None:
    zero = torch.zeros(1, requires_grad=True)
    (slope,) = torch.autograd.grad(Activation("softplus")(zero).sum(), zero)
    assert float(slope) == 0.5


def test_equal_functions_are_equal_and_hash_alike() -> None:
    one, other = Activation("elu"), Activation("elu", alpha=1)
    assert one == other
    assert hash(one) == hash(other)
    assert shortest(other) == "elu"
    assert shortest("elu") == "elu"
    assert shortest(Activation("elu", 2)) == Activation("elu", 2.0)
    assert activation("elu") == one
    assert activation(one) is one


@pytest.mark.parametrize("name", ["swish", "Tanh", "", None, 3, ["tanh"], torch.tanh])
def test_an_unknown_function_is_answered_with_the_known_ones(name: Any) -> None:
    for make in (Activation, activation, shortest):
        with pytest.raises(ConfigurationError) as caught:
            make(name)
        assert repr(name) in caught.value.what
        assert "tanh or sigmoid or relu" in caught.value.expected


@pytest.mark.parametrize(("name", "key"), [("tanh", "alpha"), ("elu", "beta"), ("relu", "alpha")])
def test_a_number_that_the_function_does_not_have(name: Any, key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Activation(name, **{key: 0.5})
    assert caught.value.what == f"The function {name!r} has no {key}."
    assert caught.value.where == f"{key} = 0.5"
    assert "'hard_sigmoid'" in caught.value.expected
    assert repr(name) not in caught.value.expected


@pytest.mark.parametrize("value", ["0.5", True, float("nan"), float("inf"), [1.0]])
def test_what_is_no_number(value: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Activation("elu", alpha=value)
    assert repr(value) in caught.value.where
    assert caught.value.expected == "a number"


@pytest.mark.parametrize("name", get_args(ActivationName))
@pytest.mark.parametrize("numbers", [(None, None), (0.4, 0.3), (-1.5, 2.0)], ids=str)
def test_no_slope_is_steeper_than_the_steepest(
    name: ActivationName, numbers: tuple[float | None, float | None]
) -> None:
    usual = Activation(name)
    own = [
        given if has is not None else None
        for given, has in zip(numbers, (usual.alpha, usual.beta), strict=True)
    ]
    function = Activation(name, *own)
    a = torch.linspace(-8, 8, 40_001, dtype=torch.float64, requires_grad=True)
    (slopes,) = torch.autograd.grad(function(a).sum(), a)
    assert float(slopes.abs().max()) == pytest.approx(function.steepest, abs=2e-3)
