"""The options that RNN, LSTM and GRU share beyond those of `torch.nn`, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal, TypedDict, get_args

from elman.cells.spec import CellSpec
from elman.errors import ConfigurationError
from elman.kernels.contract import Precision
from elman.layers.initialisation import Init

if TYPE_CHECKING:
    from elman.layers.recurrent import Recurrent

InitialState = Literal["zeros", "random", "learned"]


class LayerOptions(TypedDict, total=False):
    """What every layer can do beyond `torch.nn`, by keyword. Rates are from 0 to 1.

    Attributes:
        input_dropout: variational dropout in training: the rate at which the input of each layer
            of the stack loses values, the same ones at every step of a sequence.
        recurrent_dropout: variational dropout in training: the rate at which the recurrent weights
            do not see values of h, the same ones at every step of a sequence.
        weight_dropout: DropConnect in training: the rate at which recurrent weights are 0, the
            same ones for a whole call.
        zoneout: the rate at which values of the state stay as they were, drawn anew for each step
            in training; in evaluation each value moves by its expectation. One number for RNN and
            GRU; for an LSTM a pair, of h and of c.
        init: how the weights begin: "torch", "keras", "identity" or "chrono"; see
            `elman.layers.initialisation`.
        t_max: for `init="chrono"`, the longest time over which something is to be remembered, in
            steps.
        initial_state: what stands for a state that is not given: "zeros"; "random", a draw from
            the standard normal distribution at each call in training (zeros in evaluation); or
            "learned", parameters `h_0_l0` and so on that begin at 0.
        kernel: "auto", or the name of the kernel to insist on.
        precision: "full" computes in the dtype of the weights; "bf16" rounds both operands of each
            product with a weight matrix to bfloat16, and adds up and keeps the state in float32.
            `torch.autocast("cpu", dtype=torch.bfloat16)` means "bf16" for float32 weights.
    """

    input_dropout: float
    recurrent_dropout: float
    weight_dropout: float
    zoneout: float | tuple[float, float]
    init: Init
    t_max: float | None
    initial_state: InitialState
    kernel: str
    precision: Precision


RATES = ("dropout", "input_dropout", "recurrent_dropout", "weight_dropout")


def zoneout_rates(zoneout: object, cell: CellSpec) -> tuple[float, ...]:
    """One rate for each part of the state; none at all where nothing is to be kept.

    Raises:
        ConfigurationError: no rates, or not as many as the state has parts.
    """
    given = tuple(zoneout) if isinstance(zoneout, tuple | list) else (zoneout,)
    if given == (0,) or given == (0,) * len(cell.state_names):
        return ()
    if len(given) != len(cell.state_names) or not all(map(is_rate, given)):
        pair = len(cell.state_names) > 1
        raise ConfigurationError(
            "The layer cannot be built with this option.",
            where=f"zoneout = {zoneout!r}",
            expected="a pair of rates from 0 to 1, of h and of c" if pair else "a rate from 0 to 1",
        )
    return tuple(float(rate) for rate in given)


def check_options(layer: Recurrent) -> None:
    """Refuse the first option of a layer that is out of its range.

    Raises:
        ConfigurationError: which option, and what it could have been.
    """
    for wrong, where, expected in _faults(layer):
        if wrong:
            raise ConfigurationError(
                f"{type(layer).__name__} cannot be built with this option.",
                where=where,
                expected=expected,
            )


def _faults(layer: Recurrent) -> Iterator[tuple[bool, str, str]]:
    for key in ("input_size", "hidden_size", "num_layers"):
        value = getattr(layer, key)
        yield not _is_whole(value), f"{key} = {value!r}", "a whole number, 1 or more"
    for key in RATES:
        value = getattr(layer, key)
        yield not is_rate(value), f"{key} = {value!r}", "a rate from 0 to 1"
    size = layer.proj_size
    yield (
        size != 0 and layer.cell.kind != "lstm",
        f"proj_size = {size!r}",
        "0, or an LSTM, whose h can be projected",
    )
    yield (
        not _is_whole(size, least=0) or size >= layer.hidden_size,
        f"proj_size = {size!r}",
        "0 for no projection, or less than hidden_size",
    )
    for key, choices in (
        ("initial_state", get_args(InitialState)),
        ("precision", get_args(Precision)),
    ):
        value = getattr(layer, key)
        yield value not in choices, f"{key} = {value!r}", " or ".join(map(repr, choices))


def _is_whole(value: object, least: int = 1) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def is_rate(value: object) -> bool:
    """Whether a value is a number from 0 to 1."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and 0 <= value <= 1  # type: ignore[operator]
