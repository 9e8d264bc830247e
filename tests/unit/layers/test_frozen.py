"""A frozen layer gives, for whole sequences and step by step, what the layer gives."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import elman
from elman import Frozen
from elman.errors import ConfigurationError, KernelUnavailable, ShapeError
from elman.kernels import dispatch
from elman.kernels.contract import SequenceCall
from elman.kernels.engine import engine_status

LAYERS: dict[str, Any] = {
    "rnn": lambda: elman.RNN(3, 5, 2),
    "relu": lambda: elman.RNN(3, 5, nonlinearity="relu"),
    "lstm": lambda: elman.LSTM(3, 5),
    "lstm, three layers": lambda: elman.LSTM(3, 20, 3),
    "projection": lambda: elman.LSTM(3, 5, 2, proj_size=2),
    "gru": lambda: elman.GRU(3, 5, 2, bias=False),
    "reset before": lambda: elman.GRU(3, 17, reset_after=False),
    "zoneout": lambda: elman.LSTM(3, 5, zoneout=(0.2, 0.1)),
    "joint norm": lambda: elman.GRU(3, 5, norm="joint"),
    "learned": lambda: elman.GRU(3, 5, initial_state="learned"),
    "reference": lambda: elman.GRU(3, 5, 2, kernel="reference"),
    "Dreamer": lambda: elman.GRU(3, 5, norm="dreamer"),
    "float64": lambda: elman.LSTM(3, 5, 2, dtype=torch.float64),
}

WHOLE = LAYERS | {
    "bf16": lambda: elman.LSTM(3, 5, precision="bf16"),
    "both directions": lambda: elman.GRU(3, 5, 2, bidirectional=True),
}


def parts_of(state: Any) -> list[torch.Tensor]:
    return [state] if isinstance(state, torch.Tensor) else list(state)


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("batch_size", [1, 4])
def test_steps_equal_the_sequence(name: str, batch_size: int) -> None:
    torch.manual_seed(0)
    layer = LAYERS[name]().eval()
    batch = torch.randn(6, batch_size, 3, dtype=layer.weight_ih_l0.dtype)
    whole, last = layer(batch)
    frozen, state = Frozen(layer, batch_size), None
    for x, expected in zip(batch, whole, strict=True):
        output, state = frozen.step(x, state)
        torch.testing.assert_close(output, expected)
    for mine, theirs in zip(parts_of(state), parts_of(last), strict=True):
        torch.testing.assert_close(mine, theirs)
        assert not mine.requires_grad


@pytest.mark.parametrize("name", [*LAYERS, "bf16", "both directions"])
def test_whole_sequences_equal_the_layers_bit_for_bit(name: str) -> None:
    torch.manual_seed(0)
    layer = WHOLE[name]().eval()
    frozen = Frozen(layer)
    batch = torch.randn(6, 3, 3, dtype=layer.weight_ih_l0.dtype)
    starts = torch.rand(6, 3) < 0.3
    for options in ({}, {"lengths": [6, 0, 4]}, {"resets": starts}):
        with torch.no_grad():
            expected, last = layer(batch, **options)
        output, state = frozen(batch, **options)
        assert torch.equal(output, expected)
        assert not output.requires_grad
        for mine, theirs in zip(parts_of(state), parts_of(last), strict=True):
            assert torch.equal(mine, theirs)


@pytest.mark.parametrize("name", [*LAYERS, "bf16"])
@pytest.mark.parametrize("batch_first", [False, True])
def test_a_given_state_and_any_strides_change_no_bit(name: str, batch_first: bool) -> None:
    torch.manual_seed(0)
    layer = WHOLE[name]().eval()
    layer.batch_first = batch_first
    frozen, dtype = Frozen(layer), layer.weight_ih_l0.dtype
    batch = torch.randn(4, 7, 6, dtype=dtype)[:, :, ::2]
    rows = 4 if batch_first else 7
    shapes = [(layer.num_layers, width, rows) for width in layer.state_widths]
    start = [torch.randn(shape, dtype=dtype).transpose(1, 2) for shape in shapes]
    hx = tuple(start) if len(start) > 1 else start[0]
    with torch.no_grad():
        expected, last = layer(batch, hx)
    output, state = frozen(batch, hx)
    assert torch.equal(output, expected)
    for mine, theirs in zip(parts_of(state), parts_of(last), strict=True):
        assert torch.equal(mine, theirs)


def test_any_number_of_lengths_and_rows_in_turn() -> None:
    layer = elman.LSTM(3, 5).eval()
    frozen = Frozen(layer)
    for steps in [*range(1, 40), 1, 7]:
        batch = torch.randn(steps, 1 + steps % 3, 3)
        with torch.no_grad():
            assert torch.equal(frozen(batch)[0], layer(batch)[0])


def test_whoever_watches_a_layer_sees_its_frozen_copy_too() -> None:
    frozen, seen = Frozen(elman.LSTM(3, 5, 2)), list[SequenceCall]()
    batch = torch.randn(4, 2, 3)
    with dispatch.watch(lambda call, result: seen.append(call)):
        frozen(batch)
    assert len(seen) == 2
    heard: list[str] = []
    frozen.layer.register_forward_hook(lambda *_: heard.append("forward"))
    frozen(batch)
    assert heard == ["forward"]


def test_inputs_that_do_not_fit_are_refused_as_by_the_layer() -> None:
    frozen, good = Frozen(elman.GRU(3, 5)), torch.zeros(1, 2, 5)
    for x in (
        torch.randn(4, 2, 4),
        torch.randn(4, 2, 3).double(),
        torch.randn(4),
        torch.ones(2, 2),
    ):
        with pytest.raises(ShapeError):
            frozen(x)
    for state in ((good, good), good[:, :1], good.double(), torch.zeros(2, 2, 5)):
        with pytest.raises(ShapeError):
            frozen(torch.randn(4, 2, 3), state)


def test_autocast_reads_the_weights_anew_in_its_own_precision() -> None:
    layer, batch = elman.GRU(3, 5).eval(), torch.randn(4, 2, 3)
    frozen = Frozen(layer)
    with torch.autocast("cpu", dtype=torch.bfloat16), torch.no_grad():
        assert torch.equal(frozen(batch)[0], layer(batch)[0])


@pytest.mark.skipif(not engine_status().built, reason=engine_status().reason)
def test_whole_sequences_read_the_weights_that_were_packed() -> None:
    frozen, batch = Frozen(elman.LSTM(3, 5, 2, bidirectional=True)), torch.randn(4, 2, 3)
    before, _ = frozen(batch)
    for weight in frozen.layer.parameters():
        weight.data.zero_()
    assert torch.equal(frozen(batch)[0], before)


@pytest.mark.skipif(not engine_status().built, reason=engine_status().reason)
def test_it_says_which_kernel_computes() -> None:
    assert Frozen(elman.LSTM(3, 5)).kernel == "cpu"
    assert Frozen(elman.GRU(3, 5, norm="dreamer")).kernel == "reference"


def test_later_changes_of_the_layer_are_not_seen_and_the_layer_is_left_alone() -> None:
    layer = elman.LSTM(3, 5).train()
    x = torch.randn(1, 3)
    frozen = Frozen(layer)
    before, _ = frozen.step(x)
    sequence, _ = frozen(x[None])
    assert layer.training
    assert all(weight.requires_grad for weight in layer.parameters())
    for weight in layer.parameters():
        weight.data.add_(1.0)
    after, _ = frozen.step(x)
    assert torch.equal(before, after)
    assert torch.equal(sequence, frozen(x[None])[0])


def test_inputs_and_states_are_read_as_they_lie_in_memory() -> None:
    layer = elman.LSTM(3, 5, 2)
    frozen = Frozen(layer, 2)
    wide = torch.randn(2, 6)
    h, c = (torch.randn(2, 5, 2).transpose(1, 2) for _ in range(2))
    output, _ = frozen.step(wide[:, ::2], (h, c))
    expected, _ = layer(wide[None, :, ::2], (h, c))
    torch.testing.assert_close(output, expected[0])


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="bidirectional"):
        Frozen(elman.LSTM(3, 5, bidirectional=True)).step(torch.randn(1, 3))
    with pytest.raises(KernelUnavailable, match="Dreamer"):
        Frozen(elman.GRU(3, 5, norm="dreamer", kernel="cpu"))
    frozen = Frozen(elman.LSTM(3, 5))
    for x in (torch.randn(3), torch.randn(2, 3), torch.randn(1, 4), torch.randn(1, 3).double()):
        with pytest.raises(ShapeError, match="batch_size, input_size"):
            frozen.step(x)
    good = torch.zeros(1, 1, 5)
    for state in (good, (good,), (good, torch.zeros(1, 5)), (good, good.double())):
        with pytest.raises(ShapeError):
            frozen.step(torch.randn(1, 3), state)
