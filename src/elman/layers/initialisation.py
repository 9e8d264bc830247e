"""How the weights of a layer begin.

torch      every weight and bias uniform between -1/√H and 1/√H, as in `torch.nn`
keras      as in Keras: W uniform between ±√(6 / (I + G·H)) (Glorot, Bengio 2010, equation 16), R
           with orthonormal columns (Saxe, McClelland, Ganguli 2014, arXiv:1312.6120), biases 0, but
           the LSTM's forget bias 1 (Jozefowicz, Zaremba, Sutskever 2015)
identity   R the identity, W normal with deviation 0.001, biases 0: for relu networks (Le, Jaitly,
           Hinton 2015, arXiv:1504.00941)
chrono     as torch, but biases 0, and those of the gates that keep the state ln u with u uniform
           between 1 and t_max - 1, so that memories last up to t_max steps (Tallec, Ollivier 2018,
           arXiv:1804.11188): forget gate ln u and input gate -ln u of an LSTM, update gate ln u of
           a GRU

In all of them norms begin with gain 1 and shift 0, and a learned initial state at 0. Peepholes
begin like weights with torch, else at 0.
"""

from __future__ import annotations

import math
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from elman.cells.spec import CellSpec, CellWeights
from elman.errors import ConfigurationError

Init = Literal["torch", "keras", "identity", "chrono"]


def initialise(
    weights: CellWeights,
    cell: CellSpec,
    init: Init,
    *,
    t_max: float | None = None,
    forget_bias: float | None = None,
) -> None:
    """Fill the weights of one direction of one layer, which `check_init` has no objection to.

    Args:
        weights: to be filled.
        cell: what they are the weights of.
        init: the name of a scheme.
        t_max: the longest time to remember, in steps; for chrono.
        forget_bias: what the two biases of an LSTM's forget gate add up to; None leaves it to the
            scheme.
    """
    units = weights.ih.shape[0] // cell.gates
    with torch.no_grad():
        _SCHEMES[init](weights, units)
        if init == "chrono":
            _chrono(weights, cell, units, t_max or math.nan)
        if init == "keras" and cell.kind == "lstm" and forget_bias is None:
            forget_bias = 1.0
        if forget_bias is not None and weights.bias_ih is not None and weights.bias_hh is not None:
            weights.bias_ih[units : 2 * units] = forget_bias
            weights.bias_hh[units : 2 * units] = 0
        for name in ("norm_ih", "norm_hh", "norm_c", "norm_sum"):
            _fill(getattr(weights, name), 1)
        for name in ("norm_c_bias", "norm_sum_bias"):
            _fill(getattr(weights, name), 0)


def check_init(
    cell: CellSpec, init: Init, *, bias: bool, t_max: float | None, forget_bias: float | None
) -> None:
    """Refuse what cannot begin so.

    Raises:
        ConfigurationError: an unknown scheme, one that is made for other cells, or a number that
            is missing or superfluous.
    """
    for wrong, where, expected in [
        (init not in get_args(Init), f"init = {init!r}", " or ".join(map(repr, get_args(Init)))),
        (
            init == "identity" and (cell.kind, cell.nonlinearity) != ("rnn", "relu"),
            "init = 'identity'",
            "RNN(nonlinearity='relu'), which it is made for",
        ),
        (
            init == "chrono" and (cell.kind == "rnn" or not bias or cell.norm == "dreamer"),
            "init = 'chrono'",
            "an LSTM or a GRU with biases and without Dreamer's norm, which would undo them",
        ),
        (
            (init == "chrono") != (t_max is not None),
            f"init = {init!r}, t_max = {t_max!r}",
            "t_max with init='chrono', and only there",
        ),
        (
            t_max is not None and not (_is_number(t_max) and t_max > 2),
            f"t_max = {t_max!r}",
            "a number of steps above 2",
        ),
        (
            forget_bias is not None and not _is_number(forget_bias),
            f"forget_bias = {forget_bias!r}",
            "a number, or None",
        ),
        (
            forget_bias is not None and cell.kind != "lstm",
            f"forget_bias = {forget_bias!r}",
            "None, or an LSTM, which has a forget gate",
        ),
        (
            forget_bias is not None and (init == "chrono" or not bias or cell.coupled),
            f"forget_bias = {forget_bias!r}",
            "None with init='chrono', with bias=False and with coupled=True",
        ),
    ]:
        if wrong:
            raise ConfigurationError(
                "The weights of this layer cannot begin so.", where=where, expected=expected
            )


def _torch(weights: CellWeights, units: int) -> None:
    for weight in _plain(weights):
        nn.init.uniform_(weight, -(units**-0.5), units**-0.5)


def _keras(weights: CellWeights, units: int) -> None:
    nn.init.xavier_uniform_(weights.ih)
    nn.init.orthogonal_(weights.hh)
    if weights.hr is not None:
        nn.init.xavier_uniform_(weights.hr)
    _no_biases(weights)


def _identity(weights: CellWeights, units: int) -> None:
    nn.init.normal_(weights.ih, std=0.001)
    nn.init.eye_(weights.hh)
    _no_biases(weights)


def _torch_without_biases(weights: CellWeights, units: int) -> None:
    _torch(weights, units)
    _no_biases(weights)


def _chrono(weights: CellWeights, cell: CellSpec, units: int, t_max: float) -> None:
    if weights.bias_ih is None:
        return
    times = torch.log(torch.empty_like(weights.bias_ih[:units]).uniform_(1, t_max - 1))
    weights.bias_ih[units : 2 * units] = (
        times  # the forget gate of an LSTM, the update gate of a GRU
    )
    if cell.kind == "lstm":
        weights.bias_ih[:units] = -times


_SCHEMES = {
    "torch": _torch,
    "keras": _keras,
    "identity": _identity,
    "chrono": _torch_without_biases,
}


def _plain(weights: CellWeights) -> list[Tensor]:
    """The weights that are no norm's, in the order in which `torch.nn` draws them."""
    first = (*weights[:5], weights.peephole)
    return [weight for weight in first if weight is not None]


def _no_biases(weights: CellWeights) -> None:
    for weight in (weights.bias_ih, weights.bias_hh, weights.peephole):
        _fill(weight, 0)


def _fill(weight: Tensor | None, value: float) -> None:
    if weight is not None:
        nn.init.constant_(weight, value)


def _is_number(value: object) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isfinite(value)  # type: ignore[arg-type]
