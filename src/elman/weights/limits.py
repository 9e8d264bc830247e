"""What other libraries can hold of a layer, and the refusal of the rest.

Each library has a table with an entry for every option of the layers and every tensor of
`CellWeights`: a `Limit`, or `FREE` where anything goes, because it is carried over or because it
says nothing of what the converted layer computes. A test holds the tables to be complete.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from torch.nn.utils.parametrize import type_before_parametrizations

from elman.errors import ConfigurationError, UsageError
from elman.layers.gru import GRU
from elman.layers.lstm import LSTM
from elman.layers.recurrent import Recurrent
from elman.layers.rnn import RNN
from elman.layers.weights import weight_shapes


class Limit(NamedTuple):
    """What a library can hold of one option.

    Attributes:
        holds: whether it holds the option of this layer.
        why: why it would not, as a clause.
        expected: what the option would have to be.
        next_step: what to do about it.
    """

    holds: Callable[[Recurrent], bool]
    why: str
    expected: str
    next_step: str


FREE: Limit | None = None
"""Of an option that is carried over, or that says nothing of what is computed."""

KEEP = "keep this layer in Elman"


def check(layer: Recurrent, library: str, limits: Mapping[str, Limit | None]) -> None:
    """Refuse a layer that a library cannot hold exactly.

    Args:
        layer: to be converted.
        library: its name.
        limits: for every option and tensor.

    Raises:
        ConfigurationError: the first option that the library cannot hold.
        UsageError: something else than an RNN, LSTM or GRU of Elman.
    """
    if type_before_parametrizations(layer) not in (RNN, LSTM, GRU):
        raise UsageError(
            f"What is to be converted to {library} is of type {type(layer).__name__}.",
            where=f"weights to {library}",
            expected="an elman.RNN, elman.LSTM or elman.GRU, and no class derived from them, which"
            " may compute something else",
            next_step="convert each of stack.layers of a Stack, and the layer of a Frozen",
        )
    for key, limit in limits.items():
        if limit is not None and not limit.holds(layer):
            raise ConfigurationError(
                f"{library} cannot hold this {type(layer).__name__}: {limit.why}.",
                where=f"{key} = {value_of(layer, key)!r}",
                expected=limit.expected,
                next_step=limit.next_step,
            )


def value_of(layer: Recurrent, key: str) -> object:
    """An option of a layer or of its cell; of a tensor, the parameters that hold it."""
    for owner in (layer.cell, layer):
        if hasattr(owner, key):
            return getattr(owner, key)
    return [one[key][0] for one in weight_shapes(layer) if key in one]


def only(key: str, value: object, why: str, next_step: str = KEEP) -> Limit:
    """The limit of an option, or of the parameters that hold a tensor, to one value."""
    expected = f"{key} = {value!r}"
    return Limit(lambda layer: value_of(layer, key) == value, why, expected, next_step)


def dropouts(library: str) -> dict[str, Limit]:
    """The limits of the dropouts in a library that has none of them as they are meant here."""
    own = {
        name: only(
            name, 0, f"{library} has no {name} as it is meant here",
            f"layer.{name} = 0.0 leaves it out, on purpose",
        ) for name in ("input_dropout", "recurrent_dropout", "weight_dropout")
    }  # fmt: skip
    between = Limit(
        lambda layer: layer.dropout == 0 or layer.num_layers == 1,
        f"{library} has no dropout between layers",
        "dropout = 0.0",
        "layer.dropout = 0.0 leaves it out, on purpose",
    )
    return {"dropout": between, **own}


def in_evaluation(limit: Limit) -> Limit:
    """The same limit for a library that only predicts: free in a layer in evaluation."""
    return Limit(
        lambda layer: not layer.training or limit.holds(layer),
        f"{limit.why}, and the layer is in training",
        f"{limit.expected}, or a layer in evaluation, where it does nothing",
        "layer.eval()",
    )


def common(library: str) -> dict[str, Limit | None]:
    """The limits that `torch.nn`, Keras and ONNX share; each adds its own and changes some."""
    no_norm = f"{library} has no layer normalisation in its recurrent layers"
    norms = ("norm_ih", "norm_hh", "norm_c", "norm_c_bias", "norm_sum", "norm_sum_bias")
    return {
        # carried over
        **dict.fromkeys(("kind", "input_size", "hidden_size", "num_layers", "bidirectional"), FREE),
        **dict.fromkeys(("bias", "dtype", "ih", "hh", "bias_ih", "bias_hh"), FREE),
        # how weights began, where they are, and which kernel computes with them
        **dict.fromkeys(("init", "t_max", "forget_bias", "device", "kernel"), FREE),
        "norm": only("norm", "none", no_norm),
        **{name: only(name, [], no_norm) for name in norms},
        "zoneout": only("zoneout", (), f"{library} has no zoneout, which acts in evaluation too"),
        "initial_state": only(
            "initial_state", "zeros", f"{library} begins with zeros where no state is given",
            "layer.initial_state = 'zeros', and a learned state (h_0_l0 and so on) given by hand",
        ),
        "precision": only(
            "precision", "full", f"{library} does not round the operands of products alone",
            "layer.precision = 'full', to compute without the rounding",
        ),
    }  # fmt: skip
