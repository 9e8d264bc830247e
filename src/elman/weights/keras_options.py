"""What the options of Keras's recurrent layers say of a cell, and the other way round."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from elman.cells.activations import Activation, Function
from elman.cells.spec import CellSpec, Kind
from elman.errors import ConfigurationError
from elman.layers.recurrent import Recurrent
from elman.weights.limits import FREE, KEEP, Limit, common, dropouts, only

Config = Mapping[str, Any]
_KEEP = "keep this layer in Keras"
_GIVEN = "give the options as get_config() gives them"

_KINDS: dict[str, Kind] = {"SimpleRNN": "rnn", "LSTM": "lstm", "GRU": "gru"}
_CLASSES = {kind: name for name, kind in _KINDS.items()}
_FUNCTIONS: dict[str, Function] = {
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "relu": "relu",
    "leaky_relu": Activation("leaky_relu", 0.2),
    "hard_sigmoid": Activation("hard_sigmoid", 1 / 6),
    "elu": "elu",
    "softsign": "softsign",
    "softplus": "softplus",
    "linear": "identity",
}

_CARRIED: dict[Kind, tuple[str, ...]] = {
    "rnn": ("units", "activation", "use_bias", "dtype"),
    "lstm": ("units", "activation", "use_bias", "dtype", "recurrent_activation"),
    "gru": ("units", "activation", "use_bias", "dtype", "recurrent_activation", "reset_after"),
}
# Refused, unless they have the value that stands for nothing.
_BEYOND: dict[str, tuple[object, str]] = {
    "dropout": (0, "config['dropout'] = 0.0; input_dropout of the layer is Elman's own"),
    "recurrent_dropout": (0, "config['recurrent_dropout'] = 0.0; the layer's is Elman's own"),
    "stateful": (False, "config['stateful'] = False; hand the state from call to call"),
    "go_backwards": (False, "config['go_backwards'] = False; turn each sequence round"),
}
# They choose what is returned, or act in training alone.
_FREE = tuple(
    "name trainable seed unroll return_sequences return_state zero_output_for_mask use_cudnn"
    " unit_forget_bias kernel_initializer recurrent_initializer bias_initializer"
    " kernel_regularizer recurrent_regularizer bias_regularizer activity_regularizer"
    " kernel_constraint recurrent_constraint bias_constraint".split()
)
_AROUND = ("layer", "backward_layer", "merge_mode", "dtype", "name", "trainable")


def _named_function(key: str) -> Limit:
    return Limit(
        lambda layer: getattr(layer.cell, key) in _FUNCTIONS.values(),
        "Keras has no name for this function",
        " or ".join(map(repr, _FUNCTIONS.values())),
        KEEP,
    )


LIMITS: dict[str, Limit | None] = (
    common("Keras")
    | dropouts("Keras")
    | {
        **dict.fromkeys(("reset_after", "batch_first"), FREE),
        "nonlinearity": _named_function("nonlinearity"),
        "gate_nonlinearity": _named_function("gate_nonlinearity"),
        "state_nonlinearity": Limit(
            lambda layer: (
                layer.cell.kind != "lstm"
                or layer.cell.state_nonlinearity == layer.cell.nonlinearity
            ),
            "Keras has one function for the candidate and the cell state of an LSTM",
            "state_nonlinearity equal to nonlinearity",
            KEEP,
        ),
        "peephole": only("peephole", False, "Keras has no peepholes"),
        "coupled": only("coupled", False, "Keras has no coupled gates"),
        "clip": only("clip", None, "Keras has no clip"),
        "proj_size": only("proj_size", 0, "Keras has no projection"),
        "hr": only("hr", [], "Keras has no projection"),
    }
)
"""What Keras can hold of a layer."""


class Described(NamedTuple):
    """What the options say of one direction.

    Attributes:
        cell: what each step computes.
        bias: whether there is a bias.
        units: H, or None where it is not said.
        dtype: in which Keras computes, or None where it is not said.
    """

    cell: CellSpec
    bias: bool
    units: int | None
    dtype: str | None


def describe(layer: Recurrent, dtype: str) -> tuple[str, dict[str, Any]]:
    """The class of Keras for each single layer of a layer, and its options.

    Args:
        layer: that `LIMITS` have no objection to.
        dtype: of its weights.
    """
    cell, names = layer.cell, {function: name for name, function in _FUNCTIONS.items()}
    options = {
        "units": layer.hidden_size,
        "activation": names[cell.nonlinearity],
        "recurrent_activation": names[cell.gate_nonlinearity],
        "use_bias": layer.bias,
        "reset_after": cell.reset_after,
        "dtype": dtype,
    }
    config = {key: options[key] for key in _CARRIED[cell.kind]}
    config |= {"return_sequences": True, "zero_output_for_mask": True}  # as Elman's layers do
    name = _CLASSES[cell.kind]
    if not layer.bidirectional:
        return name, config
    inner = {"module": "keras.layers", "class_name": name, "config": config}
    around = {"layer": inner | {"registered_name": None}, "merge_mode": "concat", "dtype": dtype}
    return "Bidirectional", around


def understand(name: str, config: Config, where: str) -> list[Described]:
    """What each direction of a layer of Keras computes, forward first.

    Args:
        name: of its class.
        config: its options.
        where: which layer it is.

    Raises:
        ConfigurationError: a class or an option that is unknown, or that Elman does not have.
    """
    if name != "Bidirectional":
        return [_direction(name, config, where)]
    _check_keys(config, _AROUND, where)
    merge_mode = config.get("merge_mode", "concat")
    if merge_mode != "concat":
        raise _beyond(f"{where}, config['merge_mode'] = {merge_mode!r}", "'concat'", _KEEP)
    forward = _direction(*_inner(config, "layer", where), f"{where}, layer")
    if "backward_layer" not in config:
        return [forward, forward]
    name, own = _inner(config, "backward_layer", where)
    if not own.get("go_backwards", True):
        raise _beyond(f"{where}, backward_layer, go_backwards = False", "True", _KEEP)
    own = {key: value for key, value in own.items() if key != "go_backwards"}
    backward = _direction(name, own, f"{where}, backward_layer")
    if backward != forward:
        raise _beyond(
            f"{where}, backward_layer",
            "the same options as those of the layer that reads forward",
            "convert each by itself",
        )
    return [forward, backward]


def _inner(config: Config, key: str, where: str) -> tuple[str, Config]:
    """Class and options of a layer inside a Bidirectional."""
    inner = config.get(key)
    if not isinstance(inner, Mapping) or not isinstance(inner.get("config"), Mapping):
        raise ConfigurationError(
            "A Bidirectional has no layer inside.",
            where=f"{where}, config[{key!r}]",
            expected="a mapping with class_name and config, as get_config() gives it",
        )
    return inner.get("class_name", ""), inner["config"]


def _direction(name: str, config: Config, where: str) -> Described:
    if name not in list(_KINDS):
        raise ConfigurationError(
            f"{name!r} is no layer of Keras that can be converted.",
            where=where,
            expected=" or ".join([*map(repr, _KINDS), "'Bidirectional' around one of them"]),
        )
    kind = _KINDS[name]
    _check_keys(config, (*_CARRIED[kind], *_BEYOND, *_FREE), where)
    for key, (nothing, next_step) in _BEYOND.items():
        if config.get(key, nothing) != nothing:
            raise _beyond(f"{where}, config[{key!r}] = {config[key]!r}", repr(nothing), next_step)
    roles: dict[str, Any] = {"nonlinearity": _function(config, "activation", "tanh", where)}
    if kind == "lstm":
        roles["state_nonlinearity"] = roles["nonlinearity"]
    if kind != "rnn":
        roles["gate_nonlinearity"] = _function(config, "recurrent_activation", "sigmoid", where)
    cell = CellSpec(kind, reset_after=_truth(config, "reset_after", where), **roles)
    units = config.get("units")
    if units is not None and (not isinstance(units, int) or units < 1):
        raise _beyond(f"{where}, config['units'] = {units!r}", "a whole number, 1 or more", _GIVEN)
    return Described(cell, _truth(config, "use_bias", where), units, _dtype(config, where))


def _check_keys(config: object, known: tuple[str, ...], where: str) -> None:
    if not isinstance(config, Mapping):
        raise ConfigurationError(
            f"The options are of type {type(config).__name__}.",
            where=f"{where}, config",
            expected="a mapping, as get_config() gives it",
        )
    for key in config:
        if key not in known:
            raise ConfigurationError(
                f"{key!r} is not an option of this layer in Keras 3.",
                where=f"{where}, config[{key!r}] = {config[key]!r}",
                expected=", ".join(known),
                next_step="Keras 2 means other things by some of them: load the model in Keras 3",
            )


def _function(config: Config, key: str, usual: str, where: str) -> Function:
    name = config.get(key, usual)
    if not isinstance(name, str) or name not in _FUNCTIONS:
        raise _beyond(
            f"{where}, config[{key!r}] = {name!r}", " or ".join(map(repr, _FUNCTIONS)), _KEEP
        )
    return _FUNCTIONS[name]


def _truth(config: Config, key: str, where: str) -> bool:
    value = config.get(key, True)
    if not isinstance(value, bool):
        raise _beyond(f"{where}, config[{key!r}] = {value!r}", "True or False", _GIVEN)
    return value


def _dtype(config: Config, where: str) -> str | None:
    """The name of the dtype, which Keras writes as a name or as a policy."""
    dtype = config.get("dtype")
    if isinstance(dtype, Mapping) and isinstance(dtype.get("config"), Mapping):
        dtype = dtype["config"].get("name")
    if dtype is not None and not isinstance(dtype, str):
        raise _beyond(f"{where}, config['dtype'] = {dtype!r}", "a name", _GIVEN)
    return dtype


def _beyond(where: str, expected: str, next_step: str) -> ConfigurationError:
    return ConfigurationError(
        "Elman has no layer that computes what this layer of Keras computes.",
        where=where,
        expected=expected,
        next_step=next_step,
    )
