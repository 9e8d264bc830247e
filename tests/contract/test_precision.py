"""Products in bfloat16: how near they are, and what `torch.autocast` makes of a layer."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import mse_loss

import elman
from elman.errors import ConfigurationError, KernelUnavailable, ShapeError
from elman.kernels import dispatch
from elman.kernels.contract import SequenceCall
from elman.kernels.engine import engine_status
from tests.layer_kinds import every_layer, make_layer, parts
from tests.tolerances import BF16

needs_the_core = pytest.mark.skipif(not engine_status().built, reason=engine_status().reason)


def results(layer: Any, x: Tensor, weights: Tensor, cast: bool = False) -> list[Tensor]:
    """Output and final state, then the gradients of the input and of every weight."""
    x = x.detach().requires_grad_()
    with autocast() if cast else nullcontext():
        output, state = layer(x)
    found = torch.autograd.grad((output * weights).sum(), [x, *layer.parameters()])
    return [output.detach(), *(part.detach() for part in parts(state)), *found]


def autocast(dtype: torch.dtype = torch.bfloat16) -> torch.autocast:
    return torch.autocast("cpu", dtype=dtype)


@needs_the_core
@pytest.mark.parametrize("name", ["rnn_tanh", "lstm", "gru_reset_after", "gru_reset_before"])
def test_a_hundred_steps_in_bfloat16_are_near_to_float32(name: str) -> None:
    torch.manual_seed(0)
    layer = make_layer(name, 64, 128, kernel="cpu")
    x, weights = torch.randn(100, 16, 64), torch.randn(100, 16, 128)
    exact = results(layer, x, weights)
    layer.precision = "bf16"
    rounded = results(layer, x, weights)
    outputs = 1 + len(layer.cell.state_names)
    for number, (one, true) in enumerate(zip(rounded, exact, strict=True)):
        scale = 1.0 if number < outputs else float(true.abs().max())
        difference = float((one - true).abs().max())
        assert 0 < difference <= BF16 * scale, f"result {number}"


# --- the option


def test_a_layer_says_its_precision_and_refuses_another() -> None:
    assert "precision='bf16'" in repr(elman.LSTM(2, 3, precision="bf16"))
    assert "precision" not in repr(elman.LSTM(2, 3))
    wrong: Any = "fp16"
    with pytest.raises(ConfigurationError, match="precision = 'fp16'") as caught:
        elman.GRU(2, 3, precision=wrong)
    assert caught.value.expected == "'full' or 'bf16'"


@needs_the_core
def test_the_core_rounds_float32_only() -> None:
    layer = elman.RNN(2, 3, precision="bf16", kernel="cpu", dtype=torch.float64)
    with pytest.raises(KernelUnavailable, match="bfloat16 need float32"):
        layer(torch.randn(4, 1, 2, dtype=torch.float64))


# --- autocast


@every_layer
def test_autocast_means_bf16(name: str) -> None:
    layer = make_layer(name, 3, 4, num_layers=2, bidirectional=True)
    x, weights = torch.randn(5, 2, 3), torch.randn(5, 2, 2 * layer.output_size)
    full, cast = results(layer, x, weights), results(layer, x, weights, cast=True)
    layer.precision = "bf16"
    for one, true in zip(cast, results(layer, x, weights), strict=True):
        assert torch.equal(one, true)
    assert not torch.equal(cast[0], full[0])
    assert {one.dtype for one in cast} == {torch.float32}


@needs_the_core
def test_a_penalty_on_the_gradient_is_the_same_inside_and_outside() -> None:
    layer, x = elman.GRU(3, 4, kernel="cpu"), torch.randn(5, 2, 3, requires_grad=True)

    def penalty(output: Tensor) -> list[Tensor]:
        (first,) = torch.autograd.grad(output.square().sum(), x, create_graph=True)
        return list(torch.autograd.grad(first.square().sum(), [*layer.parameters()]))

    with autocast():
        output = layer(x)[0]
        inside = penalty(layer(x)[0])
    for one, other in zip(inside, penalty(output), strict=True):
        assert torch.equal(one, other)


@every_layer
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_autocast_takes_what_other_layers_made_in_16_bits(name: str, dtype: torch.dtype) -> None:
    layer = make_layer(name, 3, 4)
    below, above = torch.nn.Linear(3, 3), torch.nn.Linear(layer.output_size, 1)
    with autocast(dtype):
        x = below(torch.randn(5, 2, 3))
        assert x.dtype == dtype
        output, state = layer(x)
        _, again = layer(x, state if isinstance(state, Tensor) else tuple(state))
        loss = mse_loss(above(output).float(), torch.zeros(5, 2, 1))
    loss.backward()
    wide, _ = layer(x.float())
    assert torch.allclose(output, wide, atol=BF16)
    assert [part.dtype for part in parts(again)] == [torch.float32] * len(parts(state))
    assert bool(below.weight.grad is not None and below.weight.grad.ne(0).any())


def test_autocast_takes_a_state_in_16_bits_and_every_kind_of_input() -> None:
    layer = elman.LSTM(3, 4, initial_state="random", zoneout=(0.1, 0.1), recurrent_dropout=0.1)
    x = torch.randn(5, 2, 3).bfloat16()
    state = (torch.zeros(1, 2, 4).bfloat16(), torch.zeros(1, 2, 4).bfloat16())
    with autocast():
        found = [
            layer(x)[0],
            layer(x, state)[0],
            layer(x, state, resets=torch.rand(5, 2) < 0.5)[0],
            layer(x, lengths=[5, 3])[0],
            layer(x[:, 0])[0],
            layer(elman.Ragged.from_padded(x, [5, 3]))[0].values,
        ]
    assert {one.dtype for one in found} == {torch.float32}


def test_what_autocast_leaves_alone() -> None:
    """As with torch's own layers: float64, weights in 16 bits, and other devices."""
    x = torch.randn(5, 2, 3)
    double, half = elman.GRU(3, 4).double(), elman.GRU(3, 4).bfloat16()
    seen: list[SequenceCall] = []
    with dispatch.watch(lambda call, result: seen.append(call)), autocast():
        assert double(x.double())[0].dtype == torch.float64
        assert half(x.bfloat16())[0].dtype == torch.bfloat16
        assert elman.GRU(3, 4, device="meta")(x.to("meta"))[0].device.type == "meta"
        with torch.autocast("cpu", enabled=False):
            assert elman.GRU(3, 4)(x)[0].dtype == torch.float32
    assert [call.precision for call in seen] == ["full"] * 4


def test_without_autocast_16_bits_are_refused() -> None:
    layer = elman.GRU(3, 4)
    with pytest.raises(ShapeError, match="bfloat16"):
        layer(torch.randn(5, 2, 3).bfloat16())
    with autocast(), pytest.raises(ShapeError, match="float64"):
        layer(torch.randn(5, 2, 3).double())


def test_explain_answers_for_the_call_that_autocast_makes() -> None:
    calls: list[SequenceCall] = []
    with dispatch.watch(lambda call, result: calls.append(call)):
        elman.GRU(3, 4)(torch.randn(5, 2, 3))
    (call,) = calls
    with autocast():
        assert dispatch.explain(call)[-1].why_not is None
        assert dispatch.run(call).output.dtype == torch.float32
    assert call.precision == "full"
