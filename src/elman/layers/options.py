"""The options that layers share beyond those of `torch.nn`, their defaults, and what is refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Literal, TypedDict, get_args

from elman.cells.custom import CustomCell
from elman.cells.spec import CellSpec
from elman.errors import ConfigurationError
from elman.kernels.contract import Precision
from elman.layers.initialisation import Init

if TYPE_CHECKING:
    from elman.layers.cell_layer import CellLayer
    from elman.layers.recurrent import Recurrent

InitialState = Literal["zeros", "random", "learned"]


class SharedOptions(TypedDict, total=False):
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
    zoneout: float | tuple[float, ...]
    initial_state: InitialState
    kernel: str
    precision: Precision


class LayerOptions(SharedOptions, total=False):
    """What RNN, LSTM and GRU can do beyond `torch.nn`, by keyword: `SharedOptions`, and these.

    Attributes:
        init: how the weights begin: "torch", "keras", "identity" or "chrono"; see
            `elman.layers.initialisation`.
        t_max: for `init="chrono"`, the longest time over which something is to be remembered, in
            steps.
    """

    init: Init
    t_max: float | None


# Options in the order in which layers show them, with their defaults.

SHAPES: dict[str, object] = {
    "num_layers": 1,
    "bias": True,
    "batch_first": False,
    "dropout": 0.0,
    "bidirectional": False,
}
DROPOUTS: dict[str, object] = {
    "input_dropout": 0.0,
    "recurrent_dropout": 0.0,
    "weight_dropout": 0.0,
    "zoneout": (),
}
BEGINNINGS: dict[str, object] = {"init": "torch", "t_max": None, "forget_bias": None}
RUNS: dict[str, object] = {"initial_state": "zeros", "kernel": "auto", "precision": "full"}


def shown(owner: object, usual: Mapping[str, object]) -> list[str]:
    """The options of an owner that differ from their defaults, as one types them."""
    given = ((name, getattr(owner, name), default) for name, default in usual.items())
    return [f"{name}={value!r}" for name, value, default in given if value != default]


RATES = ("dropout", "input_dropout", "recurrent_dropout", "weight_dropout")


def zoneout_rates(zoneout: object, cell: CellSpec | CustomCell) -> tuple[float, ...]:
    """One rate for each part of the state; none at all where nothing is to be kept.

    Raises:
        ConfigurationError: no rates, or not as many as the state has parts.
    """
    given = tuple(zoneout) if isinstance(zoneout, tuple | list) else (zoneout,)
    if given == (0,) or given == (0,) * len(cell.state_names):
        return ()
    if len(given) != len(cell.state_names) or not all(map(is_rate, given)):
        names, count = cell.state_names, len(cell.state_names)
        several = f"{'a pair of' if count == 2 else count} rates from 0 to 1, of "
        raise ConfigurationError(
            "The layer cannot be built with this option.",
            where=f"zoneout = {zoneout!r}",
            expected=several + " and of ".join(names) if count > 1 else "a rate from 0 to 1",
        )
    return tuple(float(rate) for rate in given)


def check_options(layer: CellLayer) -> None:
    """Refuse the first option of a layer that is out of its range.

    Raises:
        ConfigurationError: which option, and what it could have been.
    """
    _refuse(layer, _faults(layer))


def check_projection(layer: Recurrent) -> None:
    """Refuse a projection where there can be none.

    Raises:
        ConfigurationError: what the layer can have.
    """
    size, where = layer.proj_size, f"proj_size = {layer.proj_size!r}"
    _refuse(
        layer,
        [
            (
                size != 0 and layer.cell.kind != "lstm",
                where,
                "0, or an LSTM, whose h can be projected",
            ),
            (
                not _is_whole(size, least=0) or size >= layer.hidden_size,
                where,
                "0 for no projection, or less than hidden_size",
            ),
        ],
    )


def _refuse(layer: CellLayer, faults: Iterable[tuple[bool, str, str]]) -> None:
    for wrong, where, expected in faults:
        if wrong:
            raise ConfigurationError(
                f"{type(layer).__name__} cannot be built with this option.",
                where=where,
                expected=expected,
            )


def _faults(layer: CellLayer) -> Iterator[tuple[bool, str, str]]:
    for key in ("input_size", "hidden_size", "num_layers"):
        value = getattr(layer, key)
        yield not _is_whole(value), f"{key} = {value!r}", "a whole number, 1 or more"
    for key in RATES:
        value = getattr(layer, key)
        yield not is_rate(value), f"{key} = {value!r}", "a rate from 0 to 1"
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
