"""The functions that a cell can apply to its gates, its candidate and its cell state."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from elman.errors import ConfigurationError

if TYPE_CHECKING:  # configurations name cells, and are read before torch is
    from torch import Tensor

ActivationName = Literal[
    "tanh",
    "sigmoid",
    "relu",
    "leaky_relu",
    "thresholded_relu",
    "scaled_tanh",
    "hard_sigmoid",
    "elu",
    "softsign",
    "softplus",
    "affine",
    "identity",
]


@dataclass(frozen=True)
class Activation:
    """A function of one number, applied to each element of a tensor.

        tanh              tanh(a)                        sigmoid       1 / (1 + e^(-a))
        relu              max(0, a)                      softsign      a / (1 + |a|)
        leaky_relu        a, below 0: alpha a            softplus      ln(1 + e^a)
        thresholded_relu  a above alpha, else 0          identity      a
        scaled_tanh       alpha tanh(beta a)             affine        alpha a + beta
        hard_sigmoid      alpha a + beta, within 0 to 1
        elu               a, below 0: alpha (e^a - 1)

    Args:
        name: one of these.
        alpha: its first number; None takes the usual one, or stands where the function has none.
        beta: its second number, likewise.

    Raises:
        ConfigurationError: an unknown name, or a number that the function does not have.

    Source: the operators RNN, GRU and LSTM of ONNX, whose eleven functions these are, with the
    numbers that they have there when none are given; the identity is added.

    Example:
        >>> import torch
        >>> Activation("hard_sigmoid")(torch.tensor([-3.0, 0.5, 3.0]))
        tensor([0.0000, 0.6000, 1.0000])
        >>> Activation("leaky_relu") == Activation("leaky_relu", alpha=0.01)
        True
    """

    name: ActivationName
    alpha: float | None = None
    beta: float | None = None

    def __post_init__(self) -> None:
        if self.name not in get_args(ActivationName):
            raise ConfigurationError(
                f"{self.name!r} is not a function that a cell can apply.",
                where="Activation(name)",
                expected=" or ".join(get_args(ActivationName)),
            )
        for key, usual in zip(("alpha", "beta"), _USUAL.get(self.name, (None, None)), strict=True):
            object.__setattr__(self, key, self._number(key, usual))

    def _number(self, key: str, usual: float | None) -> float | None:
        given = getattr(self, key)
        if given is None:
            return usual
        if usual is None:
            raise ConfigurationError(
                f"The function {self.name!r} has no {key}.",
                where=f"{key} = {given!r}",
                expected=f"None, or one of {', '.join(_with(key))}",
            )
        if isinstance(given, bool) or not isinstance(given, int | float):
            raise _no_number(key, given)
        if not math.isfinite(given):
            raise _no_number(key, given)
        return float(given)

    def __call__(self, a: Tensor) -> Tensor:
        """The function of each element."""
        return _FUNCTIONS[self.name](a, self.alpha, self.beta)

    @property
    def steepest(self) -> float:
        """The largest slope, in magnitude (of the thresholded relu beside its jump)."""
        alpha, beta = abs(self.alpha or 0.0), abs(self.beta or 0.0)
        slopes = {
            "sigmoid": 0.25,
            "scaled_tanh": alpha * beta,
            "hard_sigmoid": alpha,
            "affine": alpha,
            "leaky_relu": max(1.0, alpha),
            "elu": max(1.0, alpha),
        }
        return slopes.get(self.name, 1.0)


Function = Activation | ActivationName
"""What users give: a function in full, or its name."""


def activation(function: Function) -> Activation:
    """An activation by its name, with the usual numbers, or as it is.

    Raises:
        ConfigurationError: an unknown name.
    """
    if isinstance(function, str) and function in _NAMED:
        return _NAMED[function]
    return function if isinstance(function, Activation) else Activation(function)


def shortest(function: Function) -> Function:
    """The name alone where it says everything, else the activation: equal functions become equal.

    Raises:
        ConfigurationError: an unknown name.

    Example:
        >>> shortest(Activation("elu")), shortest(Activation("elu", 2))
        ('elu', Activation(name='elu', alpha=2.0, beta=None))
    """
    full = activation(function)
    return full.name if full == activation(full.name) else full


_USUAL: dict[str, tuple[float | None, float | None]] = {
    "leaky_relu": (0.01, None),
    "thresholded_relu": (1.0, None),
    "scaled_tanh": (1.0, 1.0),
    "hard_sigmoid": (0.2, 0.5),
    "elu": (1.0, None),
    "affine": (1.0, 0.0),
}


def _softplus(a: Tensor) -> Tensor:
    from torch.nn.functional import logsigmoid  # exact for all a; torch's softplus is a above 20

    return -logsigmoid(-a)


# Comparisons are such that NaN stays NaN: a number that is none is never made to look like one.
_FUNCTIONS: dict[str, Callable[[Tensor, Any, Any], Tensor]] = {
    "tanh": lambda a, alpha, beta: a.tanh(),
    "sigmoid": lambda a, alpha, beta: a.sigmoid(),
    "relu": lambda a, alpha, beta: a.relu(),
    "leaky_relu": lambda a, alpha, beta: a.where(a > 0, alpha * a),
    "thresholded_relu": lambda a, alpha, beta: a.masked_fill(a <= alpha, 0),
    "scaled_tanh": lambda a, alpha, beta: alpha * (beta * a).tanh(),
    "hard_sigmoid": lambda a, alpha, beta: (alpha * a + beta).clamp(0, 1),
    "elu": lambda a, alpha, beta: a.where(a > 0, alpha * a.clamp(max=0).expm1()),
    "softsign": lambda a, alpha, beta: a / (1 + a.abs()),
    "softplus": lambda a, alpha, beta: _softplus(a),
    "affine": lambda a, alpha, beta: alpha * a + beta,
    "identity": lambda a, alpha, beta: a,
}

_NAMED: dict[str, Activation] = {name: Activation(name) for name in get_args(ActivationName)}


def _with(key: str) -> list[str]:
    """The functions that have this number."""
    place = ("alpha", "beta").index(key)
    return [repr(name) for name, usual in _USUAL.items() if usual[place] is not None]


def _no_number(key: str, given: object) -> ConfigurationError:
    return ConfigurationError(
        f"{given!r} is no {key} of a function.", where=f"{key} = {given!r}", expected="a number"
    )
