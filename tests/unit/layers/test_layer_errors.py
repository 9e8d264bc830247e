"""What the layers refuse, and that they say where and what would have been right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.utils.rnn import pack_sequence

import elman
from elman.errors import ConfigurationError, ElmanError, ShapeError
from elman.sequences import Ragged

LAYERS = [elman.RNN, elman.LSTM, elman.GRU]
every_layer = pytest.mark.parametrize("kind", LAYERS, ids=lambda kind: kind.__name__)


def assert_complete(error: ElmanError, *expected: str) -> None:
    assert isinstance(error, ValueError)
    assert error.what
    assert error.where
    for words in expected:
        assert words in error.expected


@every_layer
@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("input_size", 0, "1 or more"),
        ("input_size", "3", "whole number"),
        ("hidden_size", 0, "1 or more"),
        ("hidden_size", 4.0, "whole number"),
        ("num_layers", 0, "1 or more"),
        ("num_layers", True, "whole number"),
        ("num_layers", None, "whole number"),
        ("dropout", 1.5, "from 0 to 1"),
        ("dropout", -0.1, "from 0 to 1"),
        ("dropout", float("nan"), "from 0 to 1"),
        ("dropout", "0.5", "from 0 to 1"),
        ("dropout", True, "from 0 to 1"),
        ("initial_state", "ones", "'zeros' or 'random' or 'learned'"),
        *[
            (option, value, "from 0 to 1")
            for option in ("input_dropout", "recurrent_dropout", "weight_dropout")
            for value in (1.5, -0.1, float("nan"), "0.5", True, None)
        ],
    ],
)
def test_options_out_of_range(kind: Any, option: str, value: Any, expected: str) -> None:
    options = {"input_size": 3, "hidden_size": 4, "num_layers": 2, option: value}
    with pytest.raises(ConfigurationError) as caught:
        kind(**options)
    assert_complete(caught.value, expected)
    assert option in caught.value.where
    assert repr(value) in caught.value.where


@pytest.mark.parametrize("value", [4, 5, -1, 1.5])
def test_projections_out_of_range(value: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        elman.LSTM(3, 4, proj_size=value)
    assert_complete(caught.value, "less than hidden_size")
    assert f"proj_size = {value}" in caught.value.where


@pytest.mark.parametrize("kind", [elman.RNN, elman.GRU])
def test_a_projection_of_another_cell_than_an_lstm(kind: Any) -> None:
    with pytest.raises(ConfigurationError) as caught:
        kind(3, 4, proj_size=2)
    assert_complete(caught.value, "an LSTM")
    assert "proj_size = 2" in caught.value.where


@every_layer
def test_an_option_that_no_layer_has(kind: Any) -> None:
    with pytest.raises(TypeError, match="recurent_dropout"):
        kind(3, 4, recurent_dropout=0.5)


@pytest.mark.parametrize(
    ("kind", "options", "what"),
    [
        (elman.RNN, {"norm": "dreamer"}, "that of a GRU"),
        (elman.GRU, {"norm": "joint", "reset_after": False}, "in two parts"),
        (elman.LSTM, {"norm": "joint", "coupled": True}, "no forget gate of its own"),
        (elman.LSTM, {"clip": -1}, "within -1"),
        (elman.GRU, {"gate_nonlinearity": "swish"}, "'swish' is not a function"),
    ],
    ids=str,
)
def test_cells_that_make_no_sense(kind: Any, options: dict[str, Any], what: str) -> None:
    with pytest.raises(ConfigurationError, match=what) as caught:
        kind(3, 4, **options)
    assert_complete(caught.value)


def test_unknown_nonlinearity() -> None:
    with pytest.raises(ConfigurationError) as caught:
        elman.RNN(3, 4, nonlinearity="swish")  # type: ignore[arg-type]
    assert_complete(caught.value, "tanh or sigmoid or relu")
    assert caught.value.where == "nonlinearity"


@every_layer
@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (torch.randn(5), "3]"),
        (torch.randn(2, 5, 3, 1), "3]"),
        (torch.tensor(1.0), "3]"),
        (torch.randn(2, 5, 4), "[3] (input_size)"),
        (torch.randn(5, 4), "[3] (input_size)"),
        (Ragged(torch.randn(5), [5]), "[3] (input_size)"),
        (Ragged(torch.randn(5, 2, 3), [5]), "[3] (input_size)"),
        (pack_sequence([torch.randn(5, 2)]), "[3] (input_size)"),
        (torch.randn(2, 5, 3, dtype=torch.float64), "one dtype"),
        (torch.ones(2, 5, 3, dtype=torch.int64), "one dtype"),
        (torch.ones(2, 5, 3, device="meta"), "one device"),
        (np.ones((2, 5, 3)), "a tensor"),
        ([[[1.0]]], "a tensor"),
        (None, "a tensor"),
    ],
    ids=lambda value: getattr(value, "__class__", type(value)).__name__,
)
def test_inputs_that_do_not_fit(kind: Any, batch_first: bool, given: Any, expected: str) -> None:
    with pytest.raises(ShapeError) as caught:
        kind(3, 4, batch_first=batch_first)(given)
    assert_complete(caught.value, expected)
    assert caught.value.where.startswith(f"{kind.__name__}.forward")


@every_layer
@pytest.mark.parametrize(
    "lengths",
    [[5], [5, 5, 5], [6, 1], [-1, 2], [2.0, 3.0], [[1], [2]], 5, ["5", "2"]],
    ids=repr,
)
def test_lengths_that_do_not_fit(kind: Any, lengths: Any) -> None:
    with pytest.raises(ShapeError) as caught:
        kind(3, 4)(torch.randn(5, 2, 3), lengths=lengths)
    assert_complete(caught.value)
    assert "lengths" in caught.value.where


@every_layer
@pytest.mark.parametrize(
    "given",
    [
        torch.randn(5, 3),
        Ragged(torch.randn(5, 3), [5]),
        pack_sequence([torch.randn(5, 3)]),
    ],
    ids=["unbatched", "ragged", "packed"],
)
def test_lengths_where_there_is_no_padding(kind: Any, given: Any) -> None:
    with pytest.raises(ShapeError, match="padded batch only") as caught:
        kind(3, 4)(given, lengths=[5])
    assert_complete(caught.value, "three dimensions")
    assert type(given).__name__ in caught.value.where


SHAPES = {
    "too few layers": ((1, 2, 4), "[4, 2, 4]"),
    "another batch": ((4, 3, 4), "[4, 2, 4]"),
    "another width": ((4, 2, 5), "[4, 2, 4]"),
    "no batch": ((4, 4), "[4, 2, 4]"),
    "batch first": ((2, 4, 4), "[4, 2, 4]"),
}


@every_layer
@pytest.mark.parametrize("wrong", SHAPES)
def test_states_of_a_wrong_shape(kind: Any, wrong: str) -> None:
    shape, expected = SHAPES[wrong]
    layer = kind(3, 4, num_layers=2, bidirectional=True)
    part = torch.zeros(shape)
    with pytest.raises(ShapeError) as caught:
        layer(torch.randn(5, 2, 3), (part, part) if kind is elman.LSTM else part)
    assert_complete(caught.value, expected)
    assert "h_0" in caught.value.what
    assert "hx" in caught.value.where


@every_layer
def test_a_batched_state_with_an_unbatched_input(kind: Any) -> None:
    part = torch.zeros(1, 1, 4)
    with pytest.raises(ShapeError) as caught:
        kind(3, 4)(torch.randn(5, 3), (part, part) if kind is elman.LSTM else part)
    assert_complete(caught.value, "[1, 4]")


@every_layer
@pytest.mark.parametrize("steps", [5, 0])
def test_states_of_another_dtype_or_device(kind: Any, steps: int) -> None:
    good = torch.zeros(1, 2, 4)
    for bad in [good.double(), good.to("meta")]:
        with pytest.raises(ShapeError) as caught:
            kind(3, 4)(torch.randn(steps, 2, 3), (good, bad) if kind is elman.LSTM else bad)
        assert_complete(caught.value, "one dtype on one device")
        assert ("c_0" if kind is elman.LSTM else "h_0") in caught.value.what


@pytest.mark.parametrize("unbatched", [False, True])
def test_a_wrong_number_of_parts_of_the_state(unbatched: bool) -> None:
    part = torch.zeros(1, 4) if unbatched else torch.zeros(1, 2, 4)
    x = torch.randn(5, 3) if unbatched else torch.randn(5, 2, 3)
    two = torch.zeros(2, *part.shape)  # a tensor that could be unpacked into two
    wrong: list[Any] = [part, two, (part,), (part, part, part), (), (part, None), ([0.0], [0.0])]
    for state in wrong:
        with pytest.raises(ShapeError) as caught:
            elman.LSTM(3, 4)(x, state)
        assert_complete(caught.value, "h_0, c_0")
        assert "hx" in caught.value.where
    others: list[Any] = [(part, part), (part,), [part], 0.0]
    for kind in [elman.RNN, elman.GRU]:
        for state in others:
            with pytest.raises(ShapeError) as caught:
                kind(3, 4)(x, state)
            assert_complete(caught.value, "h_0")


def test_projected_states_have_two_widths() -> None:
    layer = elman.LSTM(3, 4, proj_size=2)
    with pytest.raises(ShapeError, match="h_0") as caught:
        layer(torch.randn(5, 2, 3), (torch.zeros(1, 2, 4), torch.zeros(1, 2, 4)))
    assert_complete(caught.value, "[1, 2, 2]")
    with pytest.raises(ShapeError, match="c_0") as caught:
        layer(torch.randn(5, 2, 3), (torch.zeros(1, 2, 2), torch.zeros(1, 2, 2)))
    assert_complete(caught.value, "[1, 2, 4]")


@every_layer
def test_dropout_without_a_second_layer_is_said_at_the_caller_s_line(kind: Any) -> None:
    with pytest.warns(UserWarning, match="one layer only") as caught:
        kind(3, 4, dropout=0.5)
    assert [warning.filename for warning in caught] == [__file__]
