"""What is refused on the way from and to Keras, and that the refusal says what would do."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import elman
from elman.errors import ConfigurationError, ElmanError, ShapeError, UsageError
from elman.weights import KerasLayer, from_keras, to_keras
from tests.unit.weights.keras_samples import UNITS, arrays_of, bidirectional


def refused(kind: type[ElmanError], layers: Any) -> ElmanError:
    """The refusal, which says what came, where, and what would have been right."""
    with pytest.raises(kind) as caught:
        from_keras(layers)
    assert caught.value.what
    assert caught.value.expected
    return caught.value


GRU = arrays_of("GRU", bias=(2, 6))


@pytest.mark.parametrize(
    ("name", "arrays", "what", "expected"),
    [
        ("GRU", GRU[:2], "There are 2 arrays.", "3: kernel, recurrent_kernel, bias"),
        ("GRU", [*GRU, *GRU], "There are 6 arrays.", "3: kernel, recurrent_kernel, bias"),
        ("GRU", [], "There are 0 arrays.", "3: kernel, recurrent_kernel, bias"),
        ("GRU", None, "The arrays are of type NoneType.", "a list of numpy arrays"),
        ("GRU", GRU[0], "The arrays are of type ndarray.", "a list of numpy arrays"),
        ("GRU", [GRU[0].tolist(), *GRU[1:]], "kernel is of type list.", "a numpy.ndarray"),
        ("GRU", [*GRU[:2], None], "bias is of type NoneType.", "a numpy.ndarray"),
        (
            "GRU",
            [GRU[0].T, *GRU[1:]],
            "kernel has shape [6, 3].",
            "[any, 6] (input size, 3 x units)",
        ),
        (
            "GRU",
            [GRU[0], GRU[1][:, :4], GRU[2]],
            "recurrent_kernel has shape [2, 4].",
            "[2, 6] (units, 3 x units)",
        ),
        ("GRU", [GRU[0], GRU[2][0], GRU[2]], "recurrent_kernel has shape [6].", "[any, any]"),
        ("GRU", [*GRU[:2], GRU[2][0]], "bias has shape [6].", "[2, 6] (two as reset_after is True"),
        ("GRU", [*GRU[:2], GRU[2].T], "bias has shape [6, 2].", "[2, 6]"),
        ("LSTM", GRU, "recurrent_kernel has shape [2, 6].", "[2, 8] (units, 4 x units)"),
        ("SimpleRNN", GRU, "recurrent_kernel has shape [2, 6].", "[2, 2] (units, units)"),
        ("GRU", [GRU[0].astype("int32"), *GRU[1:]], "kernel is of dtype int32.", "float16 or"),
        ("GRU", [GRU[0].astype("complex64"), *GRU[1:]], "of dtype complex64.", "or float64"),
        ("GRU", [GRU[0].astype(object), *GRU[1:]], "of dtype object.", "float32"),
        (
            "GRU",
            [GRU[0], GRU[1].astype("float64"), GRU[2]],
            "recurrent_kernel is torch.float64.",
            "torch.float32, as kernel is",
        ),
    ],
)
def test_arrays_that_do_not_fit(name: str, arrays: Any, what: str, expected: str) -> None:
    error = refused(ShapeError, KerasLayer(name, {}, arrays))
    assert what in error.what
    assert expected in error.expected
    assert f"layer 0 ({name})" in error.where


def test_one_bias_where_the_reset_gate_needs_two_and_two_where_there_is_one() -> None:
    before = {"reset_after": False}
    error = refused(ShapeError, KerasLayer("GRU", before, GRU))
    assert (error.what, error.expected) == ("bias has shape [2, 6].", "[6] (3 x units)")


@pytest.mark.parametrize(
    ("config", "where", "expected"),
    [
        ({"units": 3}, "layer 0 (GRU)", "[3, 9] (units, 3 x units)"),
        ({"dtype": "float64"}, "config['dtype']", "the dtype in which Keras computes"),
        ({"dtype": "mixed_float16"}, "config['dtype']", "the dtype in which Keras computes"),
    ],
)
def test_options_that_the_arrays_contradict(config: Any, where: str, expected: str) -> None:
    error = refused(ShapeError, KerasLayer("GRU", config, GRU))
    assert where in error.where
    assert expected in error.expected


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"units": "2"}, "whole number"),
        ({"units": 0}, "1 or more"),
        ({"activation": "gelu"}, "'tanh' or 'sigmoid'"),
        ({"activation": {"class_name": "LeakyReLU"}}, "'tanh' or 'sigmoid'"),
        ({"recurrent_activation": None}, "'tanh' or 'sigmoid'"),
        ({"use_bias": 1}, "True or False"),
        ({"reset_after": "yes"}, "True or False"),
        ({"dtype": 32}, "a name"),
        ({"dropout": 0.2}, "0"),
        ({"recurrent_dropout": 0.2}, "0"),
        ({"stateful": True}, "False"),
        ({"go_backwards": True}, "False"),
    ],
)
def test_options_that_elman_has_not(config: dict[str, Any], expected: str) -> None:
    error = refused(ConfigurationError, KerasLayer("GRU", config, GRU))
    ((key, value),) = config.items()
    assert f"config['{key}'] = {value!r}" in error.where
    assert "layer 0 (GRU)" in error.where
    assert expected in error.expected
    assert error.next_step


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("GRU", "unit"),
        ("GRU", "time_major"),
        ("GRU", "implementation"),
        ("GRU", "unroll_twice"),
        ("LSTM", "reset_after"),
        ("SimpleRNN", "recurrent_activation"),
    ],
)
def test_unknown_options(name: str, key: str) -> None:
    error = refused(ConfigurationError, KerasLayer(name, {key: 7}, GRU))
    assert error.what == f"{key!r} is not an option of this layer in Keras 3."
    assert error.where == f"layer 0 ({name}), config[{key!r}] = 7"
    assert "units, activation, use_bias" in error.expected
    assert "Keras 2" in error.next_step


@pytest.mark.parametrize("name", ["ConvLSTM1D", "RNN", "gru", "", None, ["GRU"]])
def test_unknown_classes(name: Any) -> None:
    error = refused(ConfigurationError, KerasLayer(name, {}, GRU))
    assert repr(name) in error.what
    assert "'SimpleRNN' or 'LSTM' or 'GRU' or 'Bidirectional'" in error.expected


def test_options_that_are_none() -> None:
    error = refused(ConfigurationError, KerasLayer("GRU", None, GRU))  # type: ignore[arg-type]
    assert "NoneType" in error.what


BOTH = bidirectional("GRU", {"units": UNITS})


@pytest.mark.parametrize(
    ("config", "where", "expected"),
    [
        (BOTH | {"merge_mode": "sum"}, "config['merge_mode'] = 'sum'", "'concat'"),
        (BOTH | {"merge_mode": None}, "config['merge_mode'] = None", "'concat'"),
        (BOTH | {"layers": 1}, "config['layers'] = 1", "backward_layer"),
        ({}, "config['layer']", "class_name and config"),
        ({"layer": {"class_name": "GRU"}}, "config['layer']", "class_name and config"),
        (BOTH | {"backward_layer": "GRU"}, "config['backward_layer']", "class_name and config"),
        ({"layer": {"config": {}}}, "layer", "'SimpleRNN' or 'LSTM' or 'GRU'"),
        (
            bidirectional("GRU", {"units": UNITS}, go_backwards=False),
            "backward_layer, go_backwards = False",
            "True",
        ),
        (
            bidirectional("GRU", {"units": UNITS}, activation="relu"),
            "backward_layer",
            "the same options",
        ),
        (
            bidirectional("GRU", {"units": UNITS}, dropout=0.5),
            "backward_layer, config['dropout'] = 0.5",
            "0",
        ),
    ],
)
def test_directions_that_do_not_make_one_layer(config: Any, where: str, expected: str) -> None:
    error = refused(ConfigurationError, KerasLayer("Bidirectional", config, [*GRU, *GRU]))
    assert error.where.startswith("layer 0 (Bidirectional)")
    assert where in error.where
    assert expected in error.expected


def test_a_bidirectional_with_the_arrays_of_one_direction() -> None:
    error = refused(ShapeError, KerasLayer("Bidirectional", BOTH, GRU))
    assert error.what == "There are 3 arrays."
    assert "6: kernel, recurrent_kernel, bias forward, and again backward" in error.expected


def test_directions_of_different_sizes_or_dtypes() -> None:
    wide, double = arrays_of("GRU", inputs=4, bias=(2, 6)), [one.astype("float64") for one in GRU]
    for backward, what in ((wide, "[6, 4] in torch.float32"), (double, "[6, 3] in torch.float64")):
        error = refused(ShapeError, KerasLayer("Bidirectional", BOTH, [*GRU, *backward]))
        assert what in error.what
        assert "[6, 3] in torch.float32" in error.expected


@pytest.mark.parametrize("layers", [["GRU"], [GRU], [None], GRU])
def test_something_else_than_a_layer_of_keras(layers: Any) -> None:
    error = refused(UsageError, layers)
    assert "KerasLayer" in error.expected
    assert "get_config()" in error.next_step


def test_no_layer_at_all() -> None:
    refused(ConfigurationError, [])


def test_layers_that_differ_belong_in_a_stack() -> None:
    below = KerasLayer("GRU", {}, GRU)
    above = KerasLayer("GRU", {"activation": "relu"}, arrays_of("GRU", inputs=UNITS, bias=(2, 6)))
    error = refused(ConfigurationError, [below, above])
    assert error.where.startswith("layer 1 (GRU), cell = CellSpec(")
    assert "as layer 0 (GRU) has it" in error.expected
    assert "elman.Stack" in error.next_step


def test_a_layer_that_does_not_read_what_the_one_below_gives() -> None:
    error = refused(ShapeError, [KerasLayer("GRU", {}, GRU)] * 2)
    assert error.what == "The layer reads steps of width 3."
    assert "width 2" in error.expected


@pytest.mark.parametrize("layer", [elman.GRU(3, 2, dtype=torch.bfloat16)])
def test_weights_that_numpy_does_not_have(layer: Any) -> None:
    with pytest.raises(ShapeError) as caught:
        to_keras(layer)
    assert "torch.bfloat16 on cpu" in caught.value.what
    assert "layer.float()" in caught.value.next_step


def test_weights_that_hold_no_numbers() -> None:
    with pytest.raises(ShapeError, match="on meta"):
        to_keras(elman.GRU(3, 2, device="meta"))


def test_functions_that_keras_has_no_name_for() -> None:
    with pytest.raises(ConfigurationError) as caught:
        to_keras(elman.RNN(3, 2, nonlinearity="leaky_relu"))  # Keras's has another number
    assert "Keras has no name for this function" in caught.value.what
    assert "Activation(name='leaky_relu', alpha=0.2" in caught.value.expected
    to_keras(elman.RNN(3, 2, nonlinearity=elman.Activation("leaky_relu", 0.2)))
