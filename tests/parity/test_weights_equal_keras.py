"""Converted layers against Keras, with its own weights and with those that it is given."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable
from typing import Any

import pytest
import torch
from torch import Tensor

import elman
from elman.weights import KerasLayer, from_keras, to_keras
from tests.layer_kinds import parts
from tests.tolerances import OUTPUT

INPUTS, HIDDEN, STEPS, BATCH = 3, 5, 7, 4


@pytest.fixture(scope="module")
def keras(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Keras on torch, its settings in a folder of the tests."""
    settings = {"KERAS_BACKEND": "torch", "KERAS_HOME": str(tmp_path_factory.mktemp("keras"))}
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        module = importlib.import_module("keras")
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
    assert module.backend.backend() == "torch"
    return module


CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "rnn": ("SimpleRNN", {}),
    "rnn relu": ("SimpleRNN", {"activation": "relu"}),
    "rnn without biases": ("SimpleRNN", {"use_bias": False}),
    "lstm": ("LSTM", {"unit_forget_bias": False}),
    "lstm functions": (
        "LSTM",
        {"activation": "softsign", "recurrent_activation": "hard_sigmoid",
         "unit_forget_bias": False},
    ),
    "lstm without biases": ("LSTM", {"use_bias": False}),
    "gru": ("GRU", {}),
    "gru reset before": ("GRU", {"reset_after": False}),
    "gru without biases": ("GRU", {"use_bias": False}),
    "gru reset before without biases": ("GRU", {"use_bias": False, "reset_after": False}),
}  # fmt: skip
FUNCTIONS = [
    "tanh", "sigmoid", "relu", "leaky_relu", "hard_sigmoid", "elu", "softsign", "softplus",
    "linear",
]  # fmt: skip
every_case = pytest.mark.parametrize("name", CASES)
both = pytest.mark.parametrize("bidirectional", [False, True])


def in_dtypes(names: Iterable[str]) -> pytest.MarkDecorator:
    """Every case in float32, and in float64 where Keras itself computes in that.

    Its own products on torch are in float32 whatever they are given; for the LSTM and the
    reset-after GRU it calls torch's.
    """
    double = [name for name in names if "rnn" not in name and "before" not in name]
    cases = [(name, "float32") for name in names] + [(name, "float64") for name in double]
    return pytest.mark.parametrize(("name", "dtype"), cases)


def make(keras: Any, kind: str, bidirectional: bool, inputs: int = INPUTS, **options: Any) -> Any:
    """A layer of Keras with weights that all differ."""
    layer = getattr(keras.layers, kind)(
        HIDDEN, return_sequences=True, return_state=True, bias_initializer="random_normal",
        **options,
    )  # fmt: skip
    if bidirectional:
        layer = keras.layers.Bidirectional(layer, dtype=options.get("dtype"))
    layer.build((None, STEPS, inputs))
    return layer


def described(layer: Any) -> KerasLayer:
    """As docs/weights.md says; `get_weights` itself warns where Keras is on torch and NumPy 2."""
    arrays = [weight.value.detach().numpy() for weight in layer.weights]
    return KerasLayer(type(layer).__name__, layer.get_config(), arrays)


def assert_same(layers: list[Any], ours: Any, dtype: str) -> None:
    """Layers of Keras on top of each other beside a layer, outputs and final states."""
    own = torch.Generator().manual_seed(1)
    x = torch.randn(BATCH, STEPS, INPUTS, generator=own, dtype=getattr(torch, dtype))
    found, state = ours(x)
    output, states = x, []
    for layer in layers:
        output, *final = layer(output)
        states.append(final)
    count = len(states[0]) // ours.num_directions
    expected: list[Tensor] = [
        torch.stack([one[d * count + part] for one in states for d in range(ours.num_directions)])
        for part in range(count)
    ]
    for mine, other in zip([found, *parts(state)], [output, *expected], strict=True):
        assert mine.shape == other.shape
        assert mine.dtype == other.dtype
        largest = max(1.0, float(other.detach().abs().max()))  # functions without bounds go far
        assert float((mine - other).detach().abs().max()) <= OUTPUT[mine.dtype] * largest


@in_dtypes(CASES)
@both
def test_keras_s_own_weights(keras: Any, name: str, bidirectional: bool, dtype: str) -> None:
    kind, options = CASES[name]
    keras.utils.set_random_seed(0)
    theirs = make(keras, kind, bidirectional, dtype=dtype, **options)
    assert_same([theirs], from_keras(described(theirs)), dtype)


@every_case
@both
def test_layers_of_keras_on_top_of_each_other(keras: Any, name: str, bidirectional: bool) -> None:
    kind, options = CASES[name]
    keras.utils.set_random_seed(0)
    widths = [INPUTS, HIDDEN * (1 + bidirectional)]
    theirs = [make(keras, kind, bidirectional, width, **options) for width in widths]
    ours = from_keras([described(layer) for layer in theirs])
    assert ours.num_layers == 2
    assert_same(theirs, ours, "float32")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function(keras: Any, function: str) -> None:
    keras.utils.set_random_seed(0)
    theirs = make(keras, "GRU", False, activation=function)
    assert_same([theirs], from_keras(described(theirs)), "float32")


def given_to(keras: Any, made: list[KerasLayer]) -> list[Any]:
    """Layers of Keras as they were described, with the weights that they were given."""
    layers, width = [], INPUTS
    for one in made:
        layer = getattr(keras.layers, one.class_name).from_config(one.config)
        for part in getattr(layer, "forward_layer", None), getattr(layer, "backward_layer", None):
            if part is not None:
                part.return_state = True
        layer.return_state = True
        layer.build((None, STEPS, width))
        layer.set_weights(one.arrays)
        layers.append(layer)
        width = HIDDEN * (1 + (one.class_name == "Bidirectional"))
    return layers


OURS: dict[str, tuple[Any, dict[str, Any]]] = {
    "rnn": (elman.RNN, {}),
    "rnn relu": (elman.RNN, {"nonlinearity": "relu"}),
    "lstm": (elman.LSTM, {}),
    "lstm without biases": (elman.LSTM, {"bias": False}),
    "lstm functions": (
        elman.LSTM,
        {"nonlinearity": "softsign", "state_nonlinearity": "softsign",
         "gate_nonlinearity": elman.Activation("hard_sigmoid", 1 / 6)},
    ),
    "gru": (elman.GRU, {}),
    "gru reset before": (elman.GRU, {"reset_after": False, "nonlinearity": "elu"}),
    "gru without biases": (elman.GRU, {"bias": False}),
}  # fmt: skip


@in_dtypes(OURS)
@pytest.mark.parametrize(
    "options",
    [{}, {"bidirectional": True}, {"num_layers": 2, "bidirectional": True}],
    ids=str,
)
def test_keras_with_our_weights(keras: Any, name: str, options: Any, dtype: str) -> None:
    kind, own = OURS[name]
    torch.manual_seed(0)
    ours = kind(INPUTS, HIDDEN, batch_first=True, dtype=getattr(torch, dtype), **own, **options)
    assert_same(given_to(keras, to_keras(ours)), ours, dtype)


def test_what_keras_calls_its_options_is_what_is_known(keras: Any) -> None:
    """A new option of Keras is refused until somebody has said what it means."""
    for kind in ("SimpleRNN", "LSTM", "GRU"):
        for bidirectional in (False, True):
            from_keras(described(make(keras, kind, bidirectional)))
