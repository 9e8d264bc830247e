"""What the attributes of ONNX's recurrent nodes say of a cell, and the other way round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from elman.cells.activations import Activation, ActivationName, activation
from elman.cells.spec import CellSpec, Kind
from elman.errors import ConfigurationError
from elman.layers.recurrent import Recurrent
from elman.weights.limits import FREE, Limit, common, dropouts, in_evaluation, only

Attributes = Mapping[str, Any]

KINDS: dict[str, Kind] = {"RNN": "rnn", "LSTM": "lstm", "GRU": "gru"}

_FUNCTIONS: dict[str, ActivationName] = {
    "Tanh": "tanh",
    "Sigmoid": "sigmoid",
    "Relu": "relu",
    "LeakyRelu": "leaky_relu",
    "ThresholdedRelu": "thresholded_relu",
    "ScaledTanh": "scaled_tanh",
    "HardSigmoid": "hard_sigmoid",
    "Elu": "elu",
    "Softsign": "softsign",
    "Softplus": "softplus",
    "Affine": "affine",
}
_NAMES: dict[ActivationName, str] = {name: theirs for theirs, name in _FUNCTIONS.items()}
# The functions of a node in ONNX's order, f, g, h, by what they are called here.
_ROLES: dict[Kind, tuple[str, ...]] = {
    "rnn": ("nonlinearity",),
    "gru": ("gate_nonlinearity", "nonlinearity"),
    "lstm": ("gate_nonlinearity", "nonlinearity", "state_nonlinearity"),
}
_OF_ALL = (
    "hidden_size", "direction", "activations", "activation_alpha", "activation_beta", "clip",
    "layout",
)  # fmt: skip
_KNOWN: dict[Kind, tuple[str, ...]] = {
    "rnn": _OF_ALL,
    "gru": (*_OF_ALL, "linear_before_reset"),
    "lstm": (*_OF_ALL, "input_forget"),
}
_DIRECTIONS = {"forward": 1, "bidirectional": 2}


LIMITS: dict[str, Limit | None] = {
    **common("ONNX"),
    **{key: in_evaluation(limit) for key, limit in dropouts("ONNX").items()},
    **dict.fromkeys(("nonlinearity", "gate_nonlinearity", "state_nonlinearity"), FREE),
    **dict.fromkeys(("reset_after", "peephole", "coupled", "clip", "batch_first"), FREE),
    "proj_size": only("proj_size", 0, "the LSTM of ONNX has no projection"),
    "hr": only("hr", [], "the LSTM of ONNX has no projection"),
}
"""What ONNX can hold of a layer. Its nodes predict, and dropouts do nothing in evaluation."""


class Described(NamedTuple):
    """What the attributes say of a node.

    Attributes:
        cell: what each step computes; whether it has peepholes is not theirs to say.
        directions: D, 1 or 2.
        hidden_size: H, or None where it is not said.
        batch_first: whether the node reads [B, T, I] (layout 1).
    """

    cell: CellSpec
    directions: int
    hidden_size: int | None
    batch_first: bool


def describe(layer: Recurrent) -> dict[str, Any]:
    """The attributes of each node of a layer, of layout 0.

    Args:
        layer: that `LIMITS` have no objection to.
    """
    cell = layer.cell
    functions = [_of_onnx(activation(getattr(cell, role))) for role in _ROLES[cell.kind]]
    functions *= layer.num_directions
    found: dict[str, Any] = {
        "hidden_size": layer.hidden_size,
        "direction": "bidirectional" if layer.bidirectional else "forward",
        "activations": [_NAMES[function.name] for function in functions],
    }
    for key in ("alpha", "beta"):
        numbers = [getattr(function, key) for function in functions]
        if any(number is not None for number in numbers):
            found[f"activation_{key}"] = [number for number in numbers if number is not None]
    if cell.clip is not None:
        found["clip"] = cell.clip
    if cell.kind == "gru":
        found["linear_before_reset"] = int(cell.reset_after)
    if cell.coupled:
        found["input_forget"] = 1
    return found


def _of_onnx(function: Activation) -> Activation:
    """The same function as ONNX has it: the identity is 1 a + 0 there."""
    return Activation("affine", 1, 0) if function.name == "identity" else function


def understand(kind: Kind, attributes: Attributes, where: str, *, peephole: bool) -> Described:
    """What a node computes.

    Args:
        kind: of its cell.
        attributes: of the node; those that are missing are ONNX's defaults.
        where: which node it is.
        peephole: whether it has peepholes.

    Raises:
        ConfigurationError: an attribute or a value that is unknown, or that Elman does not have.
    """
    if not isinstance(attributes, Mapping):
        raise ConfigurationError(
            f"The attributes are of type {type(attributes).__name__}.",
            where=where,
            expected="a mapping from names to values",
        )
    for key in attributes:
        if key not in _KNOWN[kind]:
            raise ConfigurationError(
                f"{key!r} is not an attribute of this node.",
                where=f"{where}, {key} = {attributes[key]!r}",
                expected=", ".join(_KNOWN[kind]),
            )
    direction = attributes.get("direction", "forward")
    if direction not in list(_DIRECTIONS):
        raise _wrong(where, "direction", direction, " or ".join(map(repr, _DIRECTIONS)), _TURN)
    flags = {
        key: _flag(attributes, key, where)
        for key in ("linear_before_reset", "input_forget", "layout")
    }
    cell = CellSpec(
        kind,
        reset_after=flags["linear_before_reset"] or kind != "gru",
        coupled=flags["input_forget"],
        peephole=peephole,
        clip=attributes.get("clip"),
        **_functions(kind, attributes, _DIRECTIONS[direction], where),
    )
    size = attributes.get("hidden_size")
    if size is not None and (not isinstance(size, int) or size < 1):
        raise _wrong(where, "hidden_size", size, "a whole number, 1 or more")
    return Described(cell, _DIRECTIONS[direction], size, flags["layout"])


_TURN = "turn each sequence round, and let the node read forward"


def _functions(kind: Kind, attributes: Attributes, directions: int, where: str) -> dict[str, Any]:
    """The function of each role, the same one in both directions."""
    roles = _ROLES[kind]
    usual = [_NAMES[activation(getattr(CellSpec(kind), role)).name] for role in roles] * directions
    names = attributes.get("activations", usual)
    if not isinstance(names, Sequence) or isinstance(names, str) or len(names) != len(usual):
        raise _wrong(where, "activations", names, f"{len(usual)} names, as {usual!r}")
    numbers = {key: _Numbers(attributes, f"activation_{key}", where) for key in ("alpha", "beta")}
    found = []
    for name in names:
        if name not in list(_FUNCTIONS):
            raise _wrong(where, "activations", name, " or ".join(_FUNCTIONS))
        plain = activation(_FUNCTIONS[name])
        own = {
            key: given.next_one()
            for key, given in numbers.items()
            if getattr(plain, key) is not None
        }
        found.append(Activation(plain.name, **own))
    for given in numbers.values():
        given.check_used()
    if found[: len(roles)] != found[-len(roles) :]:
        raise _wrong(
            where, "activations", list(names), "the same functions, with the same numbers, in both"
            " directions", "keep this node in ONNX",
        )  # fmt: skip
    return dict(zip(roles, found, strict=False))


class _Numbers:
    """The alphas or the betas of a node, which its functions use up one after the other."""

    def __init__(self, attributes: Attributes, key: str, where: str) -> None:
        given = attributes.get(key, [])
        if not isinstance(given, Sequence) or isinstance(given, str):
            raise _wrong(where, key, given, "a list of numbers")
        self._left = list(given)
        self._refusal = _wrong(
            where, key, given, "one for each function that has such a number, or fewer"
        )

    def next_one(self) -> float | None:
        """The next number; None, for the usual one, when all are used up."""
        return self._left.pop(0) if self._left else None

    def check_used(self) -> None:
        """Refuse numbers that no function has taken."""
        if self._left:
            raise self._refusal


def _flag(attributes: Attributes, key: str, where: str) -> bool:
    value = attributes.get(key, 0)
    if not isinstance(value, int) or value not in (0, 1):
        raise _wrong(where, key, value, "0 or 1")
    return bool(value)


def _wrong(
    where: str, key: str, value: object, expected: str, next_step: str = ""
) -> ConfigurationError:
    return ConfigurationError(
        "Elman has no layer that computes what this node computes.",
        where=f"{where}, {key} = {value!r}",
        expected=expected,
        next_step=next_step,
    )
