"""Arrays of Keras to layers and back: bit for bit, layouts one gate at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import elman
from elman.weights import KerasLayer, from_keras, to_keras
from tests.unit.weights.converted import randomised
from tests.unit.weights.keras_samples import INPUTS, UNITS, arrays_of, bias_shape, bidirectional

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "rnn": ("SimpleRNN", {"activation": "relu"}),
    "rnn without biases": ("SimpleRNN", {"use_bias": False}),
    "lstm": ("LSTM", {}),
    "lstm functions": ("LSTM", {"activation": "softsign", "recurrent_activation": "hard_sigmoid"}),
    "lstm without biases": ("LSTM", {"use_bias": False}),
    "gru": ("GRU", {}),
    "gru reset before": ("GRU", {"reset_after": False, "activation": "leaky_relu"}),
    "gru without biases": ("GRU", {"use_bias": False}),
    "gru reset before without biases": ("GRU", {"use_bias": False, "reset_after": False}),
}
every_case = pytest.mark.parametrize("case", CASES)


@every_case
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("depth", [1, 2])
def test_keras_to_elman_to_keras_is_the_same_bit_for_bit(
    case: str, dtype: str, both: bool, depth: int
) -> None:
    name, config = CASES[case]
    config = config | {"units": UNITS, "dtype": dtype}
    layers = []
    for number in range(depth):
        inputs = UNITS * (1 + both) if number else INPUTS
        arrays = [
            array
            for _ in range(1 + both)
            for array in arrays_of(name, inputs=inputs, bias=bias_shape(name, config), dtype=dtype)
        ]
        if both:
            layers.append(KerasLayer("Bidirectional", bidirectional(name, config), arrays))
        else:
            layers.append(KerasLayer(name, config, arrays))
    ours = from_keras(layers)
    assert (ours.num_layers, ours.bidirectional, ours.batch_first) == (depth, both, True)
    assert (ours.input_size, ours.hidden_size) == (INPUTS, UNITS)
    for given, back in zip(layers, to_keras(ours), strict=True):
        assert back.class_name == given.class_name
        made = back.config["layer"]["config"] if both else back.config
        assert made.items() >= config.items()
        for one, other in zip(given.arrays, back.arrays, strict=True):
            assert other.dtype == one.dtype
            assert other.flags.c_contiguous
            assert np.array_equal(one, other)


@pytest.mark.parametrize("options", [{}, {"bidirectional": True, "num_layers": 2}], ids=str)
def test_elman_to_keras_to_elman_keeps_a_reset_after_gru_bit_for_bit(options: Any) -> None:
    layer = randomised(elman.GRU(INPUTS, UNITS, **options))
    back = from_keras(to_keras(layer))
    for one, other in zip(layer.parameters(), back.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize(
    "layer", [elman.RNN(3, 2), elman.LSTM(3, 2), elman.GRU(3, 2, reset_after=False)]
)
def test_two_biases_become_one_and_come_back_as_one_and_0(layer: Any) -> None:
    randomised(layer)
    back: Any = from_keras(to_keras(layer))
    assert torch.equal(back.bias_ih_l0, layer.bias_ih_l0 + layer.bias_hh_l0)
    assert not back.bias_hh_l0.any()
    assert torch.equal(back.weight_ih_l0, layer.weight_ih_l0)
    assert torch.equal(back.weight_hh_l0, layer.weight_hh_l0)


def test_the_gates_stand_where_keras_has_them() -> None:
    """Each gate's weights are one number, so that a layout can be read off."""
    marks = {"i": 1.0, "f": 2.0, "g": 3.0, "o": 4.0, "r": 5.0, "z": 6.0, "n": 7.0}
    layers: list[tuple[Any, str, str]] = [
        (elman.LSTM(1, 1), "ifgo", "ifgo"),
        (elman.GRU(1, 1), "rzn", "zrn"),
    ]
    for layer, ours, theirs in layers:
        with torch.no_grad():
            for weight in layer.parameters():
                weight.copy_(torch.tensor([marks[gate] for gate in ours]).view_as(weight))
        kernel, recurrent, bias = to_keras(layer)[0].arrays
        expected = [marks[gate] for gate in theirs]
        assert kernel.tolist() == recurrent.tolist() == [expected]
        both = [expected, expected]
        assert bias.tolist() == ([2 * one for one in expected] if ours == "ifgo" else both)


def test_arrays_are_copies() -> None:
    arrays = arrays_of("GRU", bias=(2, 6))
    layer: Any = from_keras(KerasLayer("GRU", {}, arrays))
    before = layer.weight_hh_l0.clone()
    for array in (*arrays, *to_keras(layer)[0].arrays):
        array += 1
    assert torch.equal(layer.weight_hh_l0, before)


def test_other_layouts_in_memory_are_read_as_they_are_meant() -> None:
    kernel, recurrent, bias = arrays_of("LSTM", bias=(8,))
    plain = from_keras(KerasLayer("LSTM", {}, [kernel, recurrent, bias]))
    twisted = [np.asfortranarray(kernel), recurrent.astype(">f4"), bias[::-1].copy()[::-1]]
    twisted[0].flags.writeable = False
    other = from_keras(KerasLayer("LSTM", {}, twisted))
    for one, two in zip(plain.parameters(), other.parameters(), strict=True):
        assert torch.equal(one, two)


def test_nothing_is_drawn() -> None:
    before = torch.get_rng_state()
    from_keras(KerasLayer("GRU", {}, arrays_of("GRU", bias=(2, 6))))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_policy_of_keras_is_read() -> None:
    policy = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}}
    from_keras(KerasLayer("GRU", {"dtype": policy}, arrays_of("GRU", bias=(2, 6))))
